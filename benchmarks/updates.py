"""Updates: a thousand new rows on 10⁴ and on 10⁶, a comparison of 10⁶, readers throughout, memory.

Usage: python -m benchmarks.updates [--rows 10000 100000 1000000]

The catalogue lies in a PostgreSQL of its own, read through ODBC and a proxy that counts bytes; the
table has short polygons with an index.  Full imports, updates and the comparison are whole
processes, as cron would start them.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psycopg2
import pyvo
from scripts.servers.databases import DATABASE, PASSWORD, USER, start_postgresql
from tests.support.proxy import Proxy

from benchmarks import memory
from benchmarks.rd import head
from epnkit.dachs.ports import free_port
from epnkit.dachs.private import PrivateDachs
from epnkit.deploy import inputs
from epnkit.loading.request import Request

ROOT = Path(__file__).resolve().parent.parent

_RD = """\
  <table id="epn_core" onDisk="True" adql="True" primary="granule_uid">
    <mixin spatial_frame_type="body" optional_columns="file_name">//epntap2#table-2_0</mixin>
    <index columns="time_min,time_max"/>
    <index columns="s_region" method="GIST"/>
  </table>
  <data id="import" updating="True">
    {grammar}
    <make table="epn_core"/>
  </data>
</resource>
"""

_OURS = """\
    <sources pattern="source.toml"/>
    <customGrammar module="../grammars/sql"/>
"""

#: What DaCHS itself takes for an import into such a table: nothing of ours, and no row.
_NOTHING = """\
    <sources items="none"/>
    <embeddedGrammar><iterator><code>yield from ()</code></iterator></embeddedGrammar>
"""

_SERVICE = """
import polars as pl

from epnkit.mapping.declare import Mapping, compute
from epnkit.mapping.times import julian_date
from epnkit.service import Cursor, Service

west, south = pl.col("lon"), pl.col("lat")
corners = ((0, 0), (1, 0), (1, 1), (0, 1))
polygon = pl.concat_str(
    [pl.lit("{")]
    + [pl.format("({}d,{}d)" + ("," if n < 3 else ""), west + x, south + y)
       for n, (x, y) in enumerate(corners)]
    + [pl.lit("}")]
)
uid = pl.format("region_{}", "id")
service = Service(
    name="many", frame="body", key=("id",), cursor=Cursor("changed"),
    mapping=Mapping({
        "granule_uid": uid, "granule_gid": "region", "obs_id": uid,
        "dataproduct_type": "ci", "target_name": "Sun", "target_class": "star",
        "time_min": compute(julian_date, "date_obs"), "time_max": compute(julian_date, "date_obs"),
        "c1min": west, "c1max": west + 1, "c2min": south, "c2max": south + 1,
        "s_region": polygon,
        "instrument_host_name": "Meudon", "instrument_name": "Spectroheliograph",
        "measurement_type": "phot.radiance;em.opt", "processing_level": 5,
        "file_name": pl.col("file"),
    }),
)
"""

#: How often an update is measured: the first also waits for what the full import left to write.
_UPDATES = 3

_ORDINARY = Request()

#: Rows from one number to another; the last column stands for a contour that is not mapped.
_FILL = """
    INSERT INTO obs SELECT n, n::double precision, to_char(
        timestamp '1996-01-01' + n * interval '7 minutes', 'YYYY-MM-DD"T"HH24:MI:SS'),
        (n * 37 % 3500) / 10.0 + 0.25, (n * 17 % 1200) / 10.0 - 60, 'im' || n || '.fits',
        repeat(md5(n::text), 8)
    FROM generate_series({0}, {1}) AS n
"""

_TEN_DIFFERENCES = """
    DELETE FROM obs WHERE id IN (10, 5000, 9999);
    UPDATE obs SET lat = lat + 1 WHERE id IN (77, 4321, 8765);
    INSERT INTO obs SELECT -n, 5, '2001-01-01T00:00:00', n, n, 'late' || n, '' FROM
        generate_series(1, 4) AS n;
"""


def main() -> None:
    """Measure each size and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    sizes = parser.parse_args().rows
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"Updates; {machine}; {datetime.now(UTC):%Y-%m-%d}", flush=True)
    os.environ.setdefault("NUMBA_CACHE_DIR", str(ROOT / "var" / "cache" / "numba"))
    for rows in sizes:
        with bench() as here:
            measure(here, rows)


@dataclass
class Bench:
    """A DaCHS with one service, and its catalogue behind a proxy."""

    dachs: PrivateDachs
    source: Any
    proxy: Proxy

    def change(self, statements: str) -> None:
        """Change the catalogue."""
        with self.source.cursor() as cursor:
            cursor.execute(statements)

    def load(self, rd: str = "many/q", request: Request = _ORDINARY) -> float:
        """Run a whole ``dachs imp``; give its seconds."""
        start = time.monotonic()
        self.dachs.run("imp", rd, environment=request.to_environment())
        return time.monotonic() - start

    def update(self, top: int) -> float:
        """Bring a thousand rows behind the top, and load them; give the seconds."""
        self.change(_FILL.format(top + 1, top + 1000))
        return self.load()

    def ask(self, query: str) -> tuple[Any, ...]:
        """Ask DaCHS's database for one row."""
        with self.dachs.cluster.connect() as link, link.cursor() as cursor:
            cursor.execute(query)
            row: tuple[Any, ...] = cursor.fetchone() or ()
            return row


@contextmanager
def bench() -> Iterator[Bench]:
    """Bring up all that is needed, and take it away."""
    directory = Path(tempfile.mkdtemp(prefix="epnkit-"))
    directory.chmod(0o755)
    dachs, server = PrivateDachs(directory / "d", durable=False), None
    try:
        server = start_postgresql(free_port(), directory / "source")
        source = psycopg2.connect(
            host="127.0.0.1", port=server.port, dbname=DATABASE, user=USER, password=PASSWORD
        )
        source.autocommit = True
        dachs.start()
        with Proxy(server.port) as proxy:
            here = Bench(dachs, source, proxy)
            lay(here)
            yield here
        source.close()
    finally:
        dachs.stop()
        if server is not None:
            server.stop()
        shutil.rmtree(directory, ignore_errors=True)


def lay(here: Bench) -> None:
    """Make the catalogue's table and lay the service."""
    here.change(
        "CREATE TABLE obs (id integer PRIMARY KEY, changed double precision, date_obs text,"
        " lon double precision, lat double precision, file text, chain text);"
        "CREATE INDEX obs_changed ON obs (changed, id)"
    )
    dachs = here.dachs
    inputs.install(dachs, ROOT / "resources" / "hfc1ar")
    folder = dachs.inputs / "many"
    folder.mkdir()
    (folder / "q.rd").write_text(head("many") + _RD.format(grammar=_OURS))
    (folder / "nothing.rd").write_text(head("nothing", "many") + _RD.format(grammar=_NOTHING))
    (folder / "service.py").write_text(_SERVICE)
    (folder / "source.toml").write_text(
        'kind = "sql"\nconnection = "many"\nquery = "SELECT * FROM obs"\nkey = ["id"]\n'
    )
    credential = dachs.root / "credentials" / "many"
    credential.write_text(
        f"Driver=PostgreSQL Unicode;Server=127.0.0.1;Port={here.proxy.port};"
        f"Database={DATABASE};UID={USER};PWD={PASSWORD}"
    )
    credential.chmod(0o600)
    dachs.account.create_owned(dachs.inputs, credential.parent)


@dataclass
class Peak:
    """The highest memory of any process of a DaCHS."""

    mebibytes: int = 0


@contextmanager
def peak_of(root: Path) -> Iterator[Peak]:
    """Watch the processes that run with a DaCHS's settings."""
    peak, over = Peak(), threading.Event()

    def watch() -> None:
        while not over.wait(0.2):
            for process in Path("/proc").glob("[0-9]*"):
                peak.mebibytes = max(peak.mebibytes, _mebibytes(process, str(root)))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


def _mebibytes(process: Path, root: str) -> int:
    try:
        if f"GAVOSETTINGS={root}" not in (process / "environ").read_text(errors="replace"):
            return 0
        if b"imp" not in (process / "cmdline").read_bytes().split(b"\0"):
            return 0
        return memory.peak(process.name) // 1024
    except (OSError, ValueError):
        return 0  # it has just ended


@dataclass
class Readers:
    """Asks TAP one question after the other, and notes how long each took."""

    url: str
    seconds: list[float] = field(default_factory=list)
    counts: set[int] = field(default_factory=set)
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Ask until told to stop."""
        service = pyvo.dal.TAPService(f"{self.url}/tap")
        query = (
            "SELECT COUNT(*) AS n FROM many.epn_core"
            " WHERE 1 = INTERSECTS(s_region, CIRCLE(100, 10, 2))"
        )
        while not self.over.is_set():
            start = time.monotonic()
            (row,) = service.run_sync(query)
            self.seconds.append(time.monotonic() - start)
            self.counts.add(int(row["n"]))

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Ask for as long as the context lasts."""
        thread = threading.Thread(target=self.run)
        thread.start()
        try:
            yield
        finally:
            self.over.set()
            thread.join()

    def p99(self) -> str:
        """Give the 99th percentile in words."""
        worst = np.percentile(self.seconds, 99) * 1000
        return f"p99 {worst:.0f} ms of {len(self.seconds)} queries"


def measure(here: Bench, rows: int) -> None:
    """Measure one size."""
    here.change(_FILL.format(1, rows) + "; ANALYZE obs")
    before = here.proxy.bytes
    with peak_of(here.dachs.root) as peak:
        seconds = here.load()
    whole = here.proxy.bytes - before
    print(
        f"{rows:,} rows: full import {seconds:.1f} s, peak {peak.mebibytes} MiB, {stages(here)}",
        flush=True,
    )
    updates = [here.update(rows + 1000 * number) for number in range(_UPDATES)]
    update, top = min(updates), rows + 1000 * _UPDATES
    vacuuming = vacuum(here)
    nothing = here.load()
    own = min(here.load("many/nothing") for _ in range(_UPDATES))
    less = seconds / update
    print(
        f"  1,000 new rows: {update:.2f} s at best of {', '.join(f'{u:.2f}' for u in updates)}"
        f" ({less:.0f} times less), {stages(here, 1)};"
    )
    print(
        f"  nothing new: {nothing:.2f} s; DaCHS alone, of no row: {own:.2f} s;"
        f" VACUUM ANALYZE alone: {vacuuming:.2f} s",
        flush=True,
    )
    compare(here, whole, top)
    read_along(here, top)
    map_otherwise(here)


def stages(here: Bench, back: int = 0) -> str:
    """Tell the time by stage of the last run, or of one before."""
    order = f"ORDER BY run DESC OFFSET {back} LIMIT 1"
    (seconds,) = here.ask(f"SELECT seconds FROM epnkit.runs {order}")
    parts = ", ".join(f"{name} {value:.2f}" for name, value in seconds.items())
    return f"the load itself {sum(seconds.values()):.2f} s ({parts})"


def vacuum(here: Bench) -> float:
    """Time what DaCHS does after each update."""
    link = here.dachs.cluster.connect()
    link.autocommit = True
    start = time.monotonic()
    with link.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE many.epn_core")
    link.close()
    return time.monotonic() - start


def compare(here: Bench, whole: int, top: int) -> None:
    """Find ten differences by ``epnkit reconcile``; say how many bytes it took."""
    here.change(_TEN_DIFFERENCES)
    before, start = here.proxy.bytes, time.monotonic()
    told = (
        subprocess.run(
            [
                Path(sys.executable).parent / "epnkit",
                "reconcile",
                "many",
                "--dachs",
                here.dachs.root,
            ],
            env={**os.environ, "EPNKIT_CREDENTIALS": str(here.dachs.root / "credentials")},
            check=True,
            capture_output=True,
            text=True,
        )
        .stdout.strip()
        .splitlines()[0]
    )
    share = (here.proxy.bytes - before) / whole
    (there,) = here.ask("SELECT count(*) FROM many.epn_core")
    print(
        f"  {told}: {time.monotonic() - start:.1f} s, {share:.1%} of the bytes of all records;"
        f" {there:,} granules for {top + 1:,} records"
    )


def read_along(here: Bench, top: int) -> None:
    """Ask TAP while nothing happens, and while 1,000 rows come and 1,000 change."""
    with here.dachs.run_server() as url:
        idle, busy = Readers(url), Readers(url)
        with idle.asking():
            time.sleep(15)
        here.change(_FILL.format(top + 1, top + 1000))
        here.change(
            f"UPDATE obs SET lat = lat - 1, changed = {top} + 5000 WHERE id > {top - 1000}"
            f" AND id <= {top}"
        )
        with busy.asking():
            here.load()
    print(f"  TAP idle {idle.p99()}; during an update {busy.p99()}, counts {sorted(busy.counts)}")


def map_otherwise(here: Bench) -> None:
    """Change the mapping twice, and apply it while TAP is asked: every granule is rewritten."""
    ways = {"of kept records": Request(remap=True), "of all read again": Request(full=True)}
    for number, (way, request) in enumerate(ways.items()):
        service = here.dachs.inputs / "many" / "service.py"
        service.write_text(re.sub(r'"granule_gid": "\w+"', f'"granule_gid": "a{number}"', _SERVICE))
        before = here.proxy.bytes
        with here.dachs.run_server() as url:
            busy = Readers(url)
            with busy.asking():
                seconds = here.load(request=request)
        (changed,) = here.ask("SELECT changed FROM epnkit.runs ORDER BY run DESC LIMIT 1")
        print(
            f"  another mapping, {way}: {seconds:.1f} s, {changed:,} rows changed,"
            f" {(here.proxy.bytes - before) / 1e6:.1f} MB read; TAP meanwhile {busy.p99()}",
            flush=True,
        )
    kept, table = here.ask(
        "SELECT pg_total_relation_size('epnkit.records'), pg_total_relation_size('many.epn_core')"
    )
    print(f"  kept records {kept / 1e6:.0f} MB beside a table of {table / 1e6:.0f} MB", flush=True)


if __name__ == "__main__":
    main()
