"""Kills, restarts and damaged files at random, from a seed: in the end the table is the source.

``python -m tests.fault.chaos --minutes 10`` keeps two catalogues, rows of a database and files of a
directory, in a PostgreSQL of its own.  It changes them, loads them in another process, and ends
that process, or the whole of PostgreSQL, at any time; meanwhile a reader looks for half states.  A
model says what has to be in table, quarantine and ledger.  The first difference ends it with
status 1; the seed, which is printed, begins the same sequence of changes again.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import psycopg2
from tests.support.plain_table import COLUMNS, START, create_table

from epnkit.dachs.cluster import Cluster
from epnkit.errors import EpnkitError
from epnkit.loading.load import Load
from epnkit.loading.prepare.preparation import Preparation
from epnkit.loading.reconcile import Comparison
from epnkit.loading.request import Request
from epnkit.loading.state import ledger
from epnkit.loading.table.target import Target
from epnkit.mapping.declare import Mapping, compute
from epnkit.mapping.times import julian_date
from epnkit.service import Cursor, Service
from epnkit.sources import open_source
from epnkit.sources.base import Reconcilable

#: How often the process or the database is ended in a load, of all loads.
KILLS, RESTARTS = 0.45, 0.06

#: The status of a load that is refused with one of epnkit's errors.
REFUSED = 3

#: How long a load may take, in seconds.
LONGEST = 120.0


def make_mapping(uid: pl.Expr) -> Mapping:
    """Map both catalogues, which have other identifiers."""
    return Mapping(
        {
            "granule_uid": uid,
            "granule_gid": "thing",
            "obs_id": uid,
            "dataproduct_type": "ci",
            "target_name": "Sun",
            "target_class": "star",
            "time_min": compute(julian_date, "seen"),
            "time_max": compute(julian_date, "seen"),
            "processing_level": 5,
            "measurement_type": "phys.area",
            "instrument_name": pl.col("name"),
        }
    )


def make_services(folder: Path) -> dict[str, Service]:
    """Make the services of both catalogues."""
    rows = Service(
        name="rows",
        frame="none",
        key=("id",),
        cursor=Cursor("changed", lag=timedelta(days=1)),
        refuse_share=1.0,
        mapping=make_mapping(pl.col("id").cast(pl.String)),
        folder=folder / "rows",
    )
    files = Service(
        name="files",
        frame="none",
        key=("path",),
        cursor=Cursor("modified", lag=timedelta(seconds=1)),
        refuse_share=1.0,
        mapping=make_mapping(pl.col("path")),
        folder=folder / "files",
    )
    return {"rows": rows, "files": files}


@dataclass
class Chaos:
    """One campaign.

    Parameters
    ----------
    seed : int
        What is done, and when.
    folder : pathlib.Path
        For both catalogues and the database.
    """

    seed: int
    folder: Path
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.cluster = Cluster(self.folder / "p")
        self.services = make_services(self.folder)
        self.next, self.day = 0, 0
        self.good: dict[str, dict[str, str]] = {name: {} for name in self.services}
        self.bad: dict[str, set[str]] = {name: set() for name in self.services}

    def set_up(self) -> None:
        """Create the catalogues and the tables."""
        for name, service in self.services.items():
            service.folder.mkdir(parents=True)
            source = {
                "rows": 'kind = "sql"\nconnection = "rows"\n'
                'query = "SELECT id, changed, seen, name FROM thing"\n',
                "files": 'kind = "files"\ndirectory = "data"\nformat = "json"\n[types]\n'
                'seen = "text"\nname = "text"\n',
            }[name]
            service.source_file.write_text(source)
        credential = self.folder / "rows.credential" / "rows"
        credential.parent.mkdir()
        credential.write_text(f"sqlite:///{self.catalogue}\n")
        credential.chmod(0o600)
        (self.folder / "files" / "data").mkdir()
        with closing(sqlite3.connect(self.catalogue)) as opened:
            opened.execute("CREATE TABLE thing (id TEXT, changed TEXT, seen TEXT, name TEXT)")
        self.cluster.start()
        for name in self.services:
            self.query(f"CREATE SCHEMA {name}")
            self.query(create_table(name))
        for _ in range(50):
            self.change("rows")
            self.change("files")

    @property
    def catalogue(self) -> Path:
        """The database with the rows."""
        return self.folder / "catalogue.sqlite"

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement of PostgreSQL."""
        with closing(self.cluster.connect()) as opened, opened.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    # What happens to the catalogues.

    def change(self, name: str) -> None:
        """Add, change, spoil or remove a record."""
        self.day += self.rng.random() < 0.3
        known = sorted(self.good[name]) + sorted(self.bad[name])
        what = self.rng.choice(["add", "add", "add", "spoil", "change", "change", "remove"])
        if what == "add" or not known:
            self.next += 1
            key = (
                f"r{self.next:06d}" if name == "rows" else f"{self.next % 7}/f{self.next:06d}.json"
            )
        else:
            key = self.rng.choice(known)
        self.counts[f"records: {what}"] += 1
        self.good[name].pop(key, None)
        self.bad[name].discard(key)
        if what == "remove" and known:
            self.remove(name, key)
        elif what == "spoil":
            self.bad[name].add(key)
            self.put(name, key, None)
        else:
            self.good[name][key] = f"instrument {self.rng.randrange(10**6)}"
            self.put(name, key, self.good[name][key])

    def put(self, name: str, key: str, value: str | None) -> None:
        """Write a record, without a value a bad one."""
        seen = (START + timedelta(hours=self.next)).isoformat()
        if name == "files":
            path = self.folder / "files" / "data" / key
            path.parent.mkdir(exist_ok=True)
            content = json.dumps({"seen": seen, "name": value}).encode()
            path.write_bytes(content if value is not None else self.damage(content))
            return
        changed = (START + timedelta(days=self.day)).isoformat()
        with closing(sqlite3.connect(self.catalogue)) as opened:
            opened.execute("DELETE FROM thing WHERE id = ?", (key,))
            row = (key, changed, seen if value is not None else "no date", value or "bad")
            opened.execute("INSERT INTO thing VALUES (?, ?, ?, ?)", row)
            opened.commit()

    def damage(self, content: bytes) -> bytes:
        """Make of a document one that cannot be read, whatever is thrown."""
        self.counts["damaged files"] += 1
        return self.rng.choice(
            [
                b"",
                content[: self.rng.randrange(len(content))],
                bytes(self.rng.randrange(1, 5000)),
                b"\xff" + self.rng.randbytes(200),
                b"[" * 3000,
                b'[{"seen": 1}, 5',
                content[:-1],
            ]
        )

    def remove(self, name: str, key: str) -> None:
        """Remove a record."""
        if name == "files":
            (self.folder / "files" / "data" / key).unlink()
            return
        with closing(sqlite3.connect(self.catalogue)) as opened:
            opened.execute("DELETE FROM thing WHERE id = ?", (key,))
            opened.commit()

    # Loads, and their ends.

    def start(self, name: str, kind: str) -> subprocess.Popen[bytes]:
        """Start a load in another process."""
        words = [sys.executable, "-m", "tests.fault.chaos", "--load", kind, name, str(self.folder)]
        environment = {**os.environ, "EPNKIT_CREDENTIALS": str(self.folder / "rows.credential")}
        environment.pop("CREDENTIALS_DIRECTORY", None)
        self.counts[f"loads: {kind}"] += 1
        return subprocess.Popen(
            words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )

    def disturb(self, name: str, kind: str) -> None:
        """Load, and end the process or PostgreSQL somewhere in it, or nothing."""
        process = self.start(name, kind)
        dice = self.rng.random()
        delay = self.rng.uniform(0.5, 3.0)
        with suppress(subprocess.TimeoutExpired):
            process.wait(delay if dice < KILLS + RESTARTS else LONGEST)
        if dice < KILLS and process.poll() is None:
            process.send_signal(self.rng.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM]))
            self.counts["kills of a load"] += 1
        elif dice < KILLS + RESTARTS:
            self.end_database()
            self.counts["kills of PostgreSQL"] += 1
        _, errors = process.communicate(timeout=LONGEST)
        if dice >= KILLS + RESTARTS or process.returncode == 0:
            # Refusing to reconcile what was never loaded is no failure.
            assert process.returncode in (0, REFUSED), errors.decode()[-2000:]
            self.counts["loads that ended by themselves"] += 1
            self.counts["loads that were refused"] += process.returncode == REFUSED

    def end_database(self) -> None:
        """Kill PostgreSQL, and start it again."""
        pid = int((self.cluster.directory / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        time.sleep(self.rng.uniform(0.1, 1.0))
        end = time.monotonic() + LONGEST
        while True:
            try:
                self.cluster.start()
                return
            except EpnkitError:  # backends of the old one are still on their way out
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)

    def settle(self, name: str) -> None:
        """Load in full without being disturbed, and compare everything with the model."""
        process = self.start(name, "full")
        _, errors = process.communicate(timeout=LONGEST)
        assert process.returncode == 0, errors.decode()[-2000:]
        self.compare(name)

    def compare(self, name: str) -> None:
        """Compare table, quarantine and ledger with the model."""
        rows = self.query(f"SELECT granule_uid, instrument_name FROM {name}.epn_core")
        assert dict(rows) == self.good[name], "the table is not what the source is"
        waiting = self.query(
            f"SELECT record_key FROM epnkit.quarantine WHERE service = '{name}'"
            " AND resolved IS NULL"
        )
        assert {key for (key,) in waiting} == self.bad[name], "the quarantine differs"
        assert len(waiting) == len(self.bad[name]), "a record waits twice"
        (booked,) = self.query(
            "SELECT coalesce(sum(loaded - deleted), 0) FROM epnkit.runs"
            f" WHERE state = 'done' AND service = '{name}'"
        )
        assert booked == (len(rows),), "the ledger's sums are not the table"
        states = self.query(f"SELECT state FROM epnkit.runs WHERE service = '{name}'")
        assert {state for (state,) in states} <= {"done", "failed", "interrupted"}
        self.counts["comparisons"] += 1

    def round(self) -> None:
        """Change, load and disturb; now and then settle."""
        name = self.rng.choice(sorted(self.services))
        for _ in range(self.rng.randrange(1, 30)):
            self.change(name)
        kind = self.rng.choice(["load", "load", "full", "reconcile"])
        self.disturb(name, kind)
        if self.rng.random() < 0.3:
            self.settle(name)


@contextmanager
def reading(chaos: Chaos) -> Iterator[list[str]]:
    """Read both tables all the time; give the half states that were seen."""
    wrong: list[str] = []
    ended = threading.Event()

    def read() -> None:
        while not ended.is_set():
            for name in chaos.services:
                with suppress(psycopg2.Error):
                    found = read_consistently(chaos, name)
                    chaos.counts["reads"] += found is not None
                    if found:
                        wrong.append(f"{name}: {found} granules are in one table only")
            ended.wait(0.05)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        yield wrong
    finally:
        ended.set()
        reader.join()


def read_consistently(chaos: Chaos, name: str) -> int | None:
    """Count, in one look, the granules that are in the table or its tracking table only."""
    with closing(chaos.cluster.connect()) as opened, opened.cursor() as cursor:
        cursor.execute(f"SELECT to_regclass('epnkit.granules_{name}') IS NULL")
        if cursor.fetchone() == (True,):
            return None
        cursor.execute(
            f"SELECT count(*) FROM {name}.epn_core t FULL JOIN epnkit.granules_{name} b"
            " USING (granule_uid) WHERE t.granule_gid IS NULL OR b.epnkit_key IS NULL"
        )
        row = cursor.fetchone()
        return None if row is None else int(row[0])


def load(kind: str, service: Service, cluster: Cluster) -> None:
    """Load once, as DaCHS does: in a transaction of its own, with another for the ledger."""
    source = open_source(service.source_file, service.order)
    request = Request(full=kind == "full")
    with closing(cluster.connect(autocommit=False)) as data:
        if kind == "reconcile":
            assert isinstance(source, Reconcilable)
            with closing(cluster.connect()) as looking:
                found = Comparison(looking, service.name, source, range_size=20).run()
            keys, gone = tuple(found.to_read), tuple(found.gone)
            request = Request(keys=keys, gone=gone, reconcile=True)
        entry = ledger.start_run(cluster.connect(), service.name, request.kind)
        target = Target(data, service.name, "epn_core", tuple(COLUMNS))
        try:
            Load(Preparation(service), source, target, entry, request).execute()
            data.commit()
        except Exception as error:
            data.rollback()
            entry.fail(str(error))
            raise


def run(minutes: float, seed: int) -> Counter[str]:
    """Run a campaign, and give what was done.

    Raises
    ------
    AssertionError
        With the first difference.
    """
    with tempfile.TemporaryDirectory(prefix="epnkit-chaos-") as directory:
        Path(directory).chmod(0o755)
        chaos = Chaos(seed, Path(directory))
        chaos.set_up()
        end = time.monotonic() + 60 * minutes
        try:
            with reading(chaos) as wrong:
                while time.monotonic() < end:
                    chaos.round()
                    assert not wrong, wrong[0]
                for name in chaos.services:
                    chaos.settle(name)
            assert not wrong, wrong[0]
        finally:
            chaos.cluster.stop()
        return chaos.counts


def main(words: list[str]) -> None:
    """Run a campaign, or one load of it."""
    parser = argparse.ArgumentParser(description=__doc__, prog="chaos")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--load", nargs=3, help=argparse.SUPPRESS)
    chosen = parser.parse_args(words)
    if chosen.load:
        kind, name, folder = chosen.load
        try:
            load(kind, make_services(Path(folder))[name], Cluster(Path(folder) / "p"))
        except EpnkitError as error:
            print(error, file=sys.stderr)
            sys.exit(REFUSED)
        return
    seed = random.SystemRandom().randrange(10**6) if chosen.seed is None else chosen.seed
    print(f"seed {seed}, {chosen.minutes:g} minutes", flush=True)
    for what, count in sorted(run(chosen.minutes, seed).items()):
        print(f"{count:8} {what}")


if __name__ == "__main__":
    main(sys.argv[1:])
