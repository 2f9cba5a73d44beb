"""Whatever happens at the source and to the loader: in the end the table is what the source is."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import polars as pl
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.support.plain_table import COLUMNS, START, create_table

from epnkit.dachs.cluster import Cluster
from epnkit.errors import EpnkitError, LoadError
from epnkit.loading.load import Load
from epnkit.loading.prepare.preparation import Preparation
from epnkit.loading.reconcile import Comparison
from epnkit.loading.request import Request
from epnkit.loading.state import kept_records as records
from epnkit.loading.state import ledger
from epnkit.loading.table.rebuild import Rebuild
from epnkit.loading.table.target import Target
from epnkit.mapping.declare import Mapping, compute
from epnkit.mapping.times import julian_date
from epnkit.service import Cursor, Partition, Service
from epnkit.sources import open_source
from epnkit.sources.base import Reconcilable, Source

COMMON: dict[str | tuple[str, ...], Any] = {
    "granule_uid": pl.format("thing_{}", "id"),
    "granule_gid": "thing",
    "obs_id": pl.format("thing_{}", "id"),
    "dataproduct_type": "ci",
    "target_name": "Sun",
    "target_class": "star",
    "time_min": compute(julian_date, "seen"),
    "time_max": compute(julian_date, "seen"),
    "processing_level": 5,
    "measurement_type": "phys.area",
    "instrument_name": pl.col("name"),
}

#: What another mapping makes otherwise: names in capitals, and granules of bad records too.
LOUD: dict[str | tuple[str, ...], Any] = {
    "instrument_name": pl.col("name").str.to_uppercase(),
    "time_min": 2452640.5,
    "time_max": 2452640.5,
}

service = Service(
    name="thing",
    frame="none",
    key=("id",),
    cursor=Cursor("changed", lag=timedelta(days=1)),
    # A source of a few records may be bad altogether, and still the rest must be right.
    refuse_share=1.0,
    mapping=Mapping(COMMON),
)


class Crash(Exception):  # noqa: N818 - it is no error, it is the end
    """The loader's process ends in the middle of its work."""


class Crashing(Load):
    """A load that ends after so many batches were copied."""

    batches = 0

    def _save_outcome(self, *arguments: Any, **settings: Any) -> None:
        super()._save_outcome(*arguments, **settings)
        raise Crash


@pytest.fixture(scope="module", autouse=True)
def database() -> Iterator[None]:
    with tempfile.TemporaryDirectory(prefix="epnkit-") as directory:
        cluster = Cluster(Path(directory) / "p", durable=False)
        cluster.start()
        History.cluster = cluster
        yield
        cluster.stop()


class History(RuleBasedStateMachine):
    """Records come, late or not, change and go; the loader runs, fails, and compares."""

    cluster: ClassVar[Cluster]
    #: How the table is partitioned.
    partition: ClassVar[Partition | None] = None

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory(prefix="epnkit-")
        folder = Path(self.directory.name)
        self.catalogue = folder / "thing.sqlite"
        (folder / "thing").write_text(f"sqlite:///{self.catalogue}\n")
        (folder / "thing").chmod(0o600)
        (folder / "source.toml").write_text(
            'kind = "sql"\nconnection = "thing"\n'
            'query = "SELECT id, changed, seen, name FROM thing"\n'
        )
        self.patch = pytest.MonkeyPatch()
        self.patch.setenv("EPNKIT_CREDENTIALS", str(folder))
        self.patch.delenv("CREDENTIALS_DIRECTORY", raising=False)
        self.service = replace(service, folder=folder)
        # What is outlived is taken out soon.
        self.patch.setattr(records, "MANY_SUPERSEDED", 5)
        self.day, self.next, self.current = 0, 0, False
        #: Whether the mapping is LOUD now.
        self.loud = False
        #: How far the loader's clock is ahead.
        self.clock = timedelta()

    @initialize()
    def empty_tables(self) -> None:
        self.write("CREATE TABLE thing (id INTEGER, changed TEXT, seen TEXT, name TEXT)")
        with closing(self.cluster.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA IF EXISTS thing CASCADE; CREATE SCHEMA thing")
            cursor.execute(create_table("thing"))
            cursor.execute("DROP SCHEMA IF EXISTS epnkit CASCADE")
        if self.partition is not None:
            with closing(self.cluster.connect(autocommit=False)) as connection:
                table = Target(connection, "thing", "epn_core", tuple(COLUMNS))
                Rebuild(table, self.partition).execute()
                connection.commit()

    def write(self, statement: str, *values: object) -> None:
        with closing(sqlite3.connect(self.catalogue)) as catalogue:
            catalogue.execute(statement, values)
            catalogue.commit()
        self.current = False

    def put(self, changed: str | None, name: str = "one") -> None:
        self.next += 1
        seen = (START + timedelta(hours=self.next)).isoformat()
        self.write("INSERT INTO thing VALUES (?, ?, ?, ?)", self.next, changed, seen, name)

    def today(self) -> str:
        return (START + timedelta(days=self.day)).isoformat()

    @rule(count=st.integers(1, 7))
    def insert(self, count: int) -> None:
        """Insert several with one value of the cursor, more than a page holds."""
        self.day += 1
        for _ in range(count):
            self.put(self.today())

    @rule(days=st.integers(1, 10))
    def insert_late(self, days: int) -> None:
        self.put((START + timedelta(days=self.day - days)).isoformat())

    @rule()
    def insert_without_cursor(self) -> None:
        self.put(None)

    @rule()
    def insert_bad(self) -> None:
        self.put_bad()

    def put_bad(self) -> None:
        self.day += 1
        self.next += 1
        self.write(
            "INSERT INTO thing VALUES (?, ?, ?, ?)", self.next, self.today(), "no date", "bad"
        )

    @rule(pick=st.integers(1, 40), stamped=st.booleans())
    def update(self, pick: int, stamped: bool) -> None:
        """Change a record, with or without saying so in its cursor."""
        self.day += stamped
        changed = self.today() if stamped else None
        self.write(
            "UPDATE thing SET name = name || 'x', changed = coalesce(?, changed) WHERE id = ?",
            changed,
            pick,
        )

    @rule(pick=st.integers(1, 40))
    def delete(self, pick: int) -> None:
        self.write("DELETE FROM thing WHERE id = ?", pick)

    @rule()
    def load(self) -> None:
        self.run(Load, Request())

    @rule()
    def crash(self) -> None:
        with suppress(Crash):
            self.run(Crashing, Request())

    @rule()
    def load_full(self) -> None:
        self.current = self.run(Load, Request(full=True))

    @precondition(lambda self: self.has_book())
    @rule(crash=st.booleans())
    def remap(self, crash: bool) -> None:
        self.change_mapping(crash=crash)

    def change_mapping(self, *, crash: bool) -> None:
        """Change the mapping: every granule becomes what it makes of the record last read."""
        before, waiting = self.table(), self.read_waiting()
        self.loud = not self.loud
        self.service = replace(self.service, mapping=Mapping(COMMON | (LOUD if self.loud else {})))
        if not (before or waiting):
            return
        with suppress(Crash):
            self.run(Crashing if crash else Load, Request(remap=True))
        if crash:
            assert self.table() == before
            self.run(Load, Request(remap=True))
        assert self.table() == self.map_names(waiting | before)

    def map_names(self, records: dict[int, str]) -> dict[int, str]:
        """Give what the mapping makes of records, given by name; bad ones pass when it is loud."""
        said = str.upper if self.loud else str.lower
        good = {k: n for k, n in records.items() if self.loud or not n.lower().startswith("bad")}
        return {key: said(name) for key, name in good.items()}

    def read_waiting(self) -> dict[int, str]:
        """Give the names of the records in quarantine."""
        with closing(self.cluster.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT record_key, record::json ->> 'name' FROM epnkit.quarantine"
                " WHERE resolved IS NULL"
            )
            return {int(key): name for key, name in cursor.fetchall()}

    @precondition(lambda self: self.next > 0)
    @rule()
    def reconcile_keys(self) -> None:
        """Compare keys alone, as this source allows: what changed silently stays as it was."""
        source = open_source(self.service.source_file, self.service.order)
        assert isinstance(source, Reconcilable)
        loaded = self.run(Load, Request())
        with closing(self.cluster.connect()) as connection:
            comparison = Comparison(connection, "thing", source, range_size=3)
            if not loaded and not self.has_book():
                with pytest.raises(LoadError, match="nothing has been loaded yet"):
                    comparison.run()
                return
            found = comparison.run()
        request = Request(keys=tuple(found.to_read), gone=tuple(found.gone), reconcile=True)
        self.run(Load, request)
        assert set(self.table()) == set(self.map_names(self.source()))

    def run(self, kind: type[Load], request: Request) -> bool:
        """Load in a transaction, as DaCHS does; tell whether it came to its end."""
        data = self.cluster.connect(autocommit=False)
        entry = ledger.start_run(self.cluster.connect(), "thing", request.kind)
        target = Target(data, "thing", "epn_core", tuple(COLUMNS))
        preparation = Preparation(self.service, now=datetime.now() + self.clock)
        source: Source = open_source(self.service.source_file, self.service.order)
        try:
            if request.remap:
                source = records.open_kept_records(target, self.service)
            kind(preparation, source, target, entry, request).execute()
            data.commit()
        except EpnkitError as error:
            data.rollback()
            entry.fail(str(error))
            if "gives no record" not in str(error):
                raise
            return False
        finally:
            data.close()
        return True

    def source(self) -> dict[int, str]:
        with closing(sqlite3.connect(self.catalogue)) as catalogue:
            return dict(catalogue.execute("SELECT id, name FROM thing").fetchall())

    def table(self) -> dict[int, str]:
        with closing(self.cluster.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT granule_uid, instrument_name FROM thing.epn_core")
            return {int(uid.removeprefix("thing_")): name for uid, name in cursor.fetchall()}

    @invariant()
    def the_table_is_the_source_after_a_full_load(self) -> None:
        if self.current:
            assert self.table() == self.map_names(self.source())

    def has_book(self) -> bool:
        """Tell whether anything was ever loaded."""
        with closing(self.cluster.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('epnkit.granules_thing') IS NOT NULL")
            return bool((cursor.fetchone() or (False,))[0])

    @invariant()
    def book_and_ledger_agree_with_the_table(self) -> None:
        if not self.has_book():
            return
        with closing(self.cluster.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM thing.epn_core t FULL JOIN epnkit.granules_thing b"
                " USING (granule_uid) WHERE t.granule_gid IS NULL OR b.epnkit_key IS NULL"
            )
            assert cursor.fetchone() == (0,)
            cursor.execute(
                "SELECT coalesce(sum(loaded - deleted), 0) FROM epnkit.runs WHERE state = 'done'"
            )
            assert cursor.fetchone() == (len(self.table()),)

            assert not self.not_kept()

    def not_kept(self) -> list[tuple[Any, ...]]:
        """Give the keys in book and quarantine whose record is not kept."""
        with closing(self.cluster.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT epnkit_key FROM epnkit.granules_thing"
                " UNION SELECT record_key FROM epnkit.quarantine WHERE resolved IS NULL"
                " EXCEPT SELECT unnest(keys) FROM epnkit.records"
            )
            return cursor.fetchall()

    def teardown(self) -> None:
        self.patch.undo()
        self.directory.cleanup()


class PartitionedHistory(History):
    """The same in a table with a part for each day, into which granules come and move."""

    partition = Partition(by="time_min", every="1 day")

    @invariant()
    def each_uid_is_there_once(self) -> None:
        with closing(self.cluster.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT count(*), count(DISTINCT granule_uid) FROM thing.epn_core")
            count, distinct = cursor.fetchone() or (0, 0)
            assert count == distinct


@pytest.fixture(params=[History, PartitionedHistory])
def history(request: pytest.FixtureRequest) -> Iterator[History]:
    """Give one whose steps a test chooses itself, with empty tables."""
    made: History = request.param()
    made.empty_tables()
    yield made
    made.teardown()


TestAnyHistory = History.TestCase
TestAnyPartitionedHistory = pytest.mark.all(PartitionedHistory.TestCase)
TestAnyHistory.settings = TestAnyPartitionedHistory.settings = settings(
    max_examples=25,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
