"""Scale: SDO's records from a SQL source to served tables of 10⁵, 10⁶ and 10⁷ rows.

Usage: python -m benchmarks.scale [--rows 100000 1000000] [--steps fill,load1,load2] [--directory D]
    [--every "1 month"]

The records have the form and the density of MEDOC's (57,960 a day), and come out of a PostgreSQL of
their own through ODBC, for the service ``medoc_sdo``.  Loads are whole ``dachs imp`` into a new
table, with its indices; updates, comparisons and the like are whole commands.  An update reads the
last slot of 12 minutes again, and not the 30 days that the service asks for.  With ``--every`` the
table is divided into parts of so long.

What a step printed is kept in the directory, so that a run can be taken up: without ``--steps``
those are done that are missing.  A step that fails is reported, and the others go on.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import os
import platform
import random
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import psycopg2
import pyvo
from psycopg2 import sql
from scripts.servers.databases import DATABASE, PASSWORD, USER, start_postgresql
from tests.support.dask_cluster import run_scheduler, run_workers, write_credentials
from tests.support.shared_loads import kill_twice

from benchmarks import memory
from epnkit.dachs.ports import free_port
from epnkit.dachs.private import PrivateDachs
from epnkit.deploy import inputs
from epnkit.loading.prepare.columns import TRACKING_COLUMNS
from epnkit.loading.prepare.counts import Counts
from epnkit.loading.prepare.packing import PackedBatch, record_keys
from epnkit.loading.prepare.preparation import Preparation, PreparedBatch
from epnkit.loading.prepare.reading import READING
from epnkit.loading.prepare.stages import STAGES, BatchState
from epnkit.loading.request import Request
from epnkit.loading.table.copying import copy_granules
from epnkit.loading.table.target import Target
from epnkit.replicas.sdo_records import PER_SLOT, SdoRecords
from epnkit.service import read_service
from epnkit.sources import open_source

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "resources" / "medoc_sdo"
NAME = "medoc_sdo"

#: Where the records begin, as a Julian date: 2011-01-01.
_BEGIN = 2455562.5

#: How often a query is asked, and an update is done.
_ASKED, _UPDATES = 200, 3

#: A worker is killed when a load at this rate (rows a second) would end, and again as long after.
_KILL_RATE = 40_000

#: How many ready rows are copied at most.
_READY = 100_000

#: The results of a step: what was measured, and the figure as it is printed.
Figures = dict[str, str]


@dataclass
class Bench:
    """A DaCHS with the service, and the database that it reads.

    Parameters
    ----------
    directory : pathlib.Path
        All files of both.
    rows : int
        How many records there are at first.
    every : str, optional
        The period of each part of the table; without it, it is not divided.
    """

    directory: Path
    rows: int
    every: str | None = None
    dachs: PrivateDachs = field(init=False)
    source: Any = field(init=False)
    port: int = field(init=False)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run both databases."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.dachs, self.port = PrivateDachs(self.directory / "d"), free_port()
        with ExitStack() as stack:
            server = start_postgresql(self.port, self.directory / "source")
            stack.callback(server.stop)
            self.dachs.start()
            stack.callback(self.dachs.stop)
            self.source = psycopg2.connect(
                host="127.0.0.1", port=self.port, dbname=DATABASE, user=USER, password=PASSWORD
            )
            self.source.autocommit = True
            stack.callback(self.source.close)
            self._install()
            yield

    def _install(self) -> None:
        folder = self.dachs.inputs / NAME
        inputs.install(self.dachs, FOLDER)
        (folder / "source.toml").write_text((FOLDER / "sql.toml").read_text())
        for name, old, new in (
            ("q.rd", "../grammars/union", "../grammars/sql"),
            ("service.py", "lag=timedelta(days=30)", "lag=timedelta(minutes=12)"),
        ):
            path = folder / name
            path.write_text(path.read_text().replace(old, new))
        if self.every is not None:
            self._divide(folder / "service.py")
        credential = self.dachs.root / "credentials" / NAME
        credential.write_text(
            f"Driver=PostgreSQL Unicode;Server=127.0.0.1;Port={self.port};"
            f"Database={DATABASE};UID={USER};PWD={PASSWORD}"
        )
        credential.chmod(0o600)
        self.dachs.account.create_owned(self.dachs.inputs, credential.parent)

    def _divide(self, path: Path) -> None:
        """Declare parts of the table in the service."""
        divided = f'partition=Partition(by="time_min", every={self.every!r}),\n    links=links,'
        text = path.read_text().replace("import Cursor,", "import Cursor, Partition,")
        assert "    links=links," in text
        path.write_text(text.replace("links=links,", divided))

    def change(self, statement: str) -> None:
        """Change the source."""
        with self.source.cursor() as cursor:
            cursor.execute(statement)

    def query(self, text: str) -> tuple[Any, ...]:
        """Fetch one row of DaCHS's database."""
        with closing(self.dachs.cluster.connect()) as link, link.cursor() as cursor:
            cursor.execute(text)
            return cursor.fetchone() or ()

    def write(self, statement: str) -> None:
        """Change DaCHS's database."""
        with closing(self.dachs.cluster.connect()) as link, link.cursor() as cursor:
            cursor.execute(statement)
            link.commit()

    def load(self, request: Request | None = None) -> float:
        """Run a whole ``dachs imp``; return its seconds."""
        start = time.monotonic()
        environment = (request or Request()).to_environment()
        self.dachs.run("imp", f"{NAME}/q", environment=environment)
        return time.monotonic() - start

    def run(self, *words: str) -> float:
        """Run a command of epnkit; return its seconds."""
        start = time.monotonic()
        subprocess.run(
            [Path(sys.executable).parent / "epnkit", *words, "--dachs", self.dachs.root],
            env={**os.environ, "EPNKIT_CREDENTIALS": str(self.dachs.root / "credentials")},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return time.monotonic() - start


@dataclass
class Peaks:
    """The highest memory of a loader, and of a process that maps for it, in MiB."""

    loader: int = 0
    worker: int = 0


@contextmanager
def watch_memory(root: Path) -> Iterator[Peaks]:
    """Watch the processes that run with a DaCHS's settings."""
    peaks, over = Peaks(), threading.Event()

    def watch() -> None:
        while not over.wait(1):
            for process in Path("/proc").glob("[0-9]*"):
                _look_at(process, root, peaks)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peaks
    finally:
        over.set()
        thread.join()


def _look_at(process: Path, root: Path, peaks: Peaks) -> None:
    try:
        if f"GAVOSETTINGS={root}" not in (process / "environ").read_text(errors="replace"):
            return
        words = (process / "cmdline").read_bytes().split(b"\0")
        if b"imp" in words:
            peaks.loader = max(peaks.loader, memory.peak(process.name) // 1024)
        elif b"epnkit.loading.parallel.process" in words:
            peaks.worker = max(peaks.worker, memory.peak(process.name) // 1024)
    except (OSError, ValueError):
        return  # it has just ended


def fill(here: Bench) -> Figures:
    """Make the records."""
    start = time.monotonic()
    made = SdoRecords(here.rows).fill(
        psycopg2.connect(
            host="127.0.0.1", port=here.port, dbname=DATABASE, user=USER, password=PASSWORD
        )
    )
    assert made == here.rows
    return {"records made": f"{time.monotonic() - start:.0f} s"}


def read_idle_seconds() -> float:
    """Read for how long the processors of the machine have had nothing to do (proc(5))."""
    idle, waiting = Path("/proc/stat").read_text().split()[4:6]
    return (int(idle) + int(waiting)) / os.sysconf("SC_CLK_TCK")


def measure_load(here: Bench, request: Request, name: str) -> Figures:
    """Load everything into a new table."""
    here.dachs.run("drop", f"{NAME}/q", check=False)
    before, idle_before = os.times(), read_idle_seconds()
    with watch_memory(here.dachs.root) as peaks:
        seconds = here.load(request)
    after, idle = os.times(), read_idle_seconds() - idle_before
    cores = os.cpu_count() or 1
    busy = cores * seconds - idle
    spent = sum(after[2:4]) - sum(before[2:4])  # of children, and theirs
    (loaded, stages) = here.query(
        "SELECT loaded, seconds FROM epnkit.runs ORDER BY run DESC LIMIT 1"
    )
    assert loaded == here.rows
    memory_used = f"{peaks.loader} MiB"
    if peaks.worker:
        memory_used += f", of a worker {peaks.worker} MiB"
    return {
        f"load, {name}": f"{seconds:.1f} s, {here.rows / seconds:,.0f} rows/s",
        f"stages, {name}": ", ".join(f"{stage} {took:.1f} s" for stage, took in stages.items()),
        f"processor time of loader and processes, {name}": f"{spent:.1f} s",
        f"processor time of the machine, {name}": f"{busy / here.rows * 1e6:.0f} µs a record,"
        f" {busy / (cores * seconds):.0%} of {cores} cores",
        f"peak memory of the loader, {name}": memory_used,
    }


#: What a load fills: the table, and the tracking table.
_FILLED = (f"{NAME}.epn_core", f"epnkit.granules_{NAME}")


def copy_ready(here: Bench) -> Figures:
    """Copy lines of text that are ready into equal tables without indices."""
    rows, seconds = min(here.rows, _READY), {}
    with closing(here.dachs.cluster.connect()) as link, link.cursor() as cursor:
        for table in _FILLED:
            lines = io.BytesIO()
            cursor.copy_expert(f"COPY (SELECT * FROM {table} LIMIT {rows}) TO STDOUT CSV", lines)
            lines.seek(0)
            cursor.execute(f"CREATE TEMP TABLE ready (LIKE {table})")
            start = time.monotonic()
            cursor.copy_expert("COPY ready FROM STDIN CSV", lines)
            seconds[table] = time.monotonic() - start
            cursor.execute("DROP TABLE ready")
    each = sum(seconds.values()) / rows * 1e6
    parts = ", ".join(f"{table} {took / rows * 1e6:.1f}" for table, took in seconds.items())
    figure = f"{each:.1f} µs a row ({parts}), {1e6 / each:,.0f} rows/s"
    return {"copy of ready lines of text, no index": figure}


#: The stages of a batch, by what they do; the others take next to nothing.
_STAGES = {
    "mapped": ("apply_mapping", "fill_defaults"),
    "checked by the rules": ("check_rules",),
    "hashed, with links and keys": ("add_tracking_columns", "add_content_hash"),
}

#: How often a batch is prepared and copied; the best time counts.
_PREPARED = 7


def measure_costs(here: Bench) -> Figures:
    """Measure Python's processor time for one batch by stages, and the time of copying it."""
    os.environ["EPNKIT_CREDENTIALS"] = str(here.dachs.root / "credentials")
    folder = here.dachs.inputs / NAME
    service = read_service(folder)
    source = open_source(folder / "source.toml", service.order)
    best: dict[str, float] = defaultdict(lambda: math.inf)

    def clock(name: str, action: Callable[[], Any], now: Callable[[], float]) -> Any:
        start = now()
        made = action()
        best[name] = min(best[name], now() - start)
        return made

    preparation = Preparation(service, "http://localhost/medoc_sdo/q/dl/dlmeta?ID=")
    # All at once: a source reads the next batch while one is used.
    reading = "read by ODBC, in blocks"
    read = clock(reading, lambda: list(islice(source.batches(), _PREPARED)), time.process_time)
    best[reading] /= len(read)
    for records in read:
        state = BatchState(records, Counts(read=len(records)))
        for stage in (*READING, *STAGES):
            clock(stage.__name__, partial(stage, state, preparation), time.process_time)
        packed = PackedBatch.of(record_keys(records, service.key), records)
        batch = PreparedBatch(state.granules, state.refusals, state.counts, packed)
        content = clock("packed for the loader", batch.to_bytes, time.process_time)
        clock("unpacked", partial(PreparedBatch.from_bytes, content), time.process_time)
        granules = state.granules.drop(*TRACKING_COLUMNS)
        copied = "written and copied, by the clock"
        clock(copied, partial(_copy_into_empty, here, granules), time.monotonic)
    each = {name: sum(best[stage] for stage in stages) for name, stages in _STAGES.items()}
    whole = (reading, "packed for the loader", "unpacked", copied)
    costs = each | {name: best[name] for name in whole}
    return {
        f"a record, {name}": f"{took / len(records) * 1e6:.1f} µs" for name, took in costs.items()
    }


def _copy_into_empty(here: Bench, granules: pl.DataFrame) -> None:
    """Copy granules into a table without an index, as a load does."""
    with closing(here.dachs.cluster.connect(autocommit=False)) as link, link.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE copied (LIKE {NAME}.epn_core)")
        copy_granules(Target(link, NAME, "epn_core", ()), sql.Identifier("copied"), granules)


def load_by_dask(here: Bench, name: str = "2 Dask workers") -> Figures:
    """Load by two workers of a Dask cluster on this machine."""
    credentials = here.directory / "workers"
    if credentials.is_dir():
        for path in credentials.iterdir():
            path.unlink()
        credentials.rmdir()
    environment = write_credentials(here.dachs, credentials)
    with run_scheduler() as (address, _), run_workers(address, environment, 2):
        return measure_load(here, Request(dask=address), name)


def load_with_kills(here: Bench) -> Figures:
    """Load by two workers of a Dask cluster, one of which is killed after a while, and one again.

    What such a load leaves is compared row by row in ``tests/fault/test_shared_loads.py``.
    """
    pause = here.rows / _KILL_RATE
    with ThreadPoolExecutor(1) as thread:
        killing = thread.submit(kill_twice, here.dachs, pause)
        figures = load_by_dask(here, "2 Dask workers, two of them killed")
        assert len(killing.result()) == 2
    return figures


def measure_sizes(here: Bench) -> Figures:
    """Ask how large everything is."""
    # The table has no size of its own if it is divided, and no tree if it is not.
    parts = f"FROM pg_partition_tree('{NAME}.epn_core')"
    size = f"(SELECT {{0}}('{NAME}.epn_core') + COALESCE(sum({{0}}(relid)), 0)::bigint {parts})"
    sizes = {
        "table": size.format("pg_table_size"),
        "its indices": size.format("pg_indexes_size"),
        "tracking table with indices": f"pg_total_relation_size('epnkit.granules_{NAME}')",
        "kept records": "pg_total_relation_size('epnkit.records')",
    }
    found = here.query(f"SELECT {', '.join(sizes.values())}, count(*) FROM {NAME}.epn_core")
    rows = found[-1]
    return {
        name: f"{size / 1e6:,.0f} MB, {size / rows:,.0f} bytes a row"
        for name, size in zip(sizes, found[:-1], strict=True)
    }


_ADD = """
    INSERT INTO sdo_records
    SELECT newest.recnum + n, sunum + n, series_name, newest.date + n * interval '1 second',
        wavelnth, ias_location, exptime, t_rec_index, ias_path, harpnum
    FROM (SELECT max(recnum) AS recnum, max(date__obs) AS date FROM sdo_records) newest,
        generate_series(1, 1000) AS n,
        (SELECT * FROM sdo_records WHERE series_name = 'aia.lev1' LIMIT 1) AS like_it
"""

#: In the middle of the records, where no update looks.
_TEN_DIFFERENCES = """
    DELETE FROM sdo_records WHERE recnum IN ({0} + 10, {0} + 20, {0} + 31);
    UPDATE sdo_records SET ias_path = ias_path || 'x' WHERE recnum IN ({0} + 42, {0} + 5, {0} + 6);
    INSERT INTO sdo_records SELECT -recnum, sunum, series_name, date__obs, wavelnth, ias_location,
        exptime, t_rec_index, ias_path, harpnum FROM sdo_records
        WHERE recnum BETWEEN {0} + 1 AND {0} + 4;
"""


def measure_updates(here: Bench) -> Figures:
    """Load a thousand new records, some times: the first also waits for what a load left."""
    seconds = []
    for _ in range(_UPDATES):
        here.change(_ADD)
        seconds.append(here.load())
    (loaded,) = here.query("SELECT loaded FROM epnkit.runs ORDER BY run DESC LIMIT 1")
    assert loaded == 1000
    every = ", ".join(f"{each:.1f}" for each in seconds)
    return {"update of 1,000 rows": f"{min(seconds):.1f} s, the best of {every}"}


def measure_reread(here: Bench) -> Figures:
    """Read everything again, as if the cursor's lag covered all of it; nothing has changed."""
    here.write("DELETE FROM epnkit.cursors")
    seconds = here.load()
    read, unchanged = here.query(
        "SELECT read, unchanged FROM epnkit.runs ORDER BY run DESC LIMIT 1"
    )
    assert read == unchanged >= here.rows
    return {"all read again, unchanged": f"{seconds:.1f} s, {read / seconds:,.0f} rows/s"}


def measure_reconcile(here: Bench) -> Figures:
    """Find and repair ten differences."""
    here.change(_TEN_DIFFERENCES.format(100_000_000 + here.rows // 2))
    seconds = here.run("reconcile", NAME)
    read, deleted = here.query(
        "SELECT read, deleted FROM epnkit.runs WHERE kind = 'reconcile' ORDER BY run DESC LIMIT 1"
    )
    assert (read, deleted) == (7, 3)
    return {"reconcile of ten differences": f"{seconds:.1f} s"}


def measure_status(here: Bench) -> Figures:
    """Compare table and tracking table."""
    return {"status": f"{here.run('status', NAME):.1f} s"}


def measure_report(here: Bench) -> Figures:
    """Write the report."""
    page = here.directory / "report.html"
    return {"report": f"{here.run('report', NAME, '-o', str(page)):.1f} s"}


#: What clients ask: each takes a day, a month, a channel and a place.
_QUERIES = {
    "a day of a channel, an image an hour": (
        "SELECT granule_uid, time_min, access_url FROM medoc_sdo.epn_core"
        " WHERE time_min >= {day} AND time_min < {day} + 1 AND granule_gid = '{channel}'"
        " AND time_min * 24 - FLOOR(time_min * 24) < 12 / 3600.0"
    ),
    "a count of a month": (
        "SELECT COUNT(*) AS n FROM medoc_sdo.epn_core"
        " WHERE time_min >= {month} AND time_min < {month} + 30"
    ),
    "a place, in two hours of a channel": (
        "SELECT granule_uid, time_min FROM medoc_sdo.epn_core"
        " WHERE time_min >= {day} AND time_min < {day} + 2 / 24.0 AND granule_gid = '{channel}'"
        " AND 1 = INTERSECTS(coverage, CIRCLE({lon}, {lat}, 1))"
    ),
}


def measure_queries(here: Bench) -> Figures:
    """Ask TAP what clients ask."""
    chance, days = random.Random(17), max(1, here.rows // (120 * PER_SLOT))
    figures = {}
    with here.dachs.run_server() as url:
        service = pyvo.dal.TAPService(f"{url}/tap")
        for name, text in _QUERIES.items():
            seconds = []
            for _ in range(_ASKED):
                day = _BEGIN + chance.randrange(days)
                query = text.format(
                    day=day,
                    month=_BEGIN + 30 * chance.randrange(max(1, days // 30)),
                    channel=f"AIA {chance.choice([94, 131, 171, 193, 211, 304, 335])} Angstrom",
                    lon=chance.randrange(360),
                    lat=chance.randrange(-60, 60),
                )
                start = time.monotonic()
                service.run_sync(query)
                seconds.append(time.monotonic() - start)
            middle, high = np.percentile(seconds, [50, 95]) * 1000
            figures[f"query: {name}"] = f"p50 {middle:.0f} ms, p95 {high:.0f} ms"
    return figures


STEPS: dict[str, Callable[[Bench], Figures]] = {
    "fill": fill,
    "load1": lambda here: measure_load(here, Request(), "1 process"),
    "load2": lambda here: measure_load(here, Request(jobs=2), "2 processes"),
    "dask": load_by_dask,
    "killed": load_with_kills,
    "ready": copy_ready,
    "costs": measure_costs,
    "sizes": measure_sizes,
    "queries": measure_queries,
    "update": measure_updates,
    "reread": measure_reread,
    "reconcile": measure_reconcile,
    "status": measure_status,
    "report": measure_report,
}


def main() -> None:
    """Measure each size, and print one table of all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--steps", help="which, and again even if they are done; commas between")
    parser.add_argument("--every", help="the period of each part of the table: 1 month")
    parser.add_argument("--directory", type=Path, default=ROOT / "var" / "scale")
    asked = parser.parse_args()
    chosen = asked.steps.split(",") if asked.steps else None
    if unknown := {*(chosen or ())} - {*STEPS}:
        parser.error(f"there is no step {', '.join(sorted(unknown))}: {', '.join(STEPS)}")
    columns = {}
    for rows in asked.rows:
        columns[f"{rows:,}"] = measure(
            Bench(asked.directory / str(rows), rows, asked.every), chosen
        )
    print_table(columns)


def measure(here: Bench, chosen: list[str] | None) -> Figures:
    """Do the steps of one size; return all of its figures, earlier ones too."""
    path = here.directory / "figures.json"
    done: dict[str, Figures] = json.loads(path.read_text()) if path.is_file() else {}
    missing = [step for step in STEPS if step not in done] if chosen is None else chosen
    if missing:
        with here.running():
            for step in missing:
                figures = _try_step(here, step)
                if figures is not None:
                    done[step] = figures
                    path.write_text(json.dumps(done, indent=2))
    return {name: text for step in STEPS for name, text in done.get(step, {}).items()}


def _try_step(here: Bench, step: str) -> Figures | None:
    try:
        figures = STEPS[step](here)
    except Exception as error:  # noqa: BLE001 - the other steps go on
        print(f"{here.rows:,}: {step} failed: {type(error).__name__}: {error}", flush=True)
        return None
    for name, text in figures.items():
        print(f"{here.rows:,}: {name}: {text}", flush=True)
    return figures


def print_table(columns: dict[str, Figures]) -> None:
    """Print the figures of all sizes in Markdown."""
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"\nRecords of SDO from SQL; {machine}; {datetime.now(UTC):%Y-%m-%d}\n")
    names = dict.fromkeys(name for figures in columns.values() for name in figures)
    print("|".join(["", "rows", *columns, ""]))
    print("|".join(["", *["---"] * (len(columns) + 1), ""]))
    for name in names:
        print("|".join(["", name, *(each.get(name, "") for each in columns.values()), ""]))


if __name__ == "__main__":
    main()
