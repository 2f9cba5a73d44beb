"""First loads, straight into the parts of a table, and what follows: as in a plain table.

Records of one granule come several times, in any parts of the table and in any batches, and so do
records that PostgreSQL or the rules refuse.  Then all is loaded again, with other records, and the
embargoes end.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.loading.test_any_history import COMMON
from tests.support.plain_table import COLUMNS, START, create_table

from epnkit.dachs.cluster import Cluster
from epnkit.datalink.embargo import Embargo
from epnkit.errors import EpnkitError
from epnkit.loading.load import Load
from epnkit.loading.prepare.preparation import Preparation
from epnkit.loading.request import Request
from epnkit.loading.state import kept_records, ledger
from epnkit.loading.table.rebuild import Rebuild
from epnkit.loading.table.target import Target
from epnkit.mapping.declare import Mapping
from epnkit.service import Partition, Service
from epnkit.sources.base import ALL, BATCH_SIZE, Source, Window

PLAIN = Service(
    name="thing",
    frame="none",
    key=("id",),
    refuse_share=1.0,
    mapping=Mapping(COMMON | {"granule_uid": pl.format("thing_{}", "thing")}),
)

#: An id, the granule that it makes, its release, the day, and a name; the database refuses the
#: name "refused".
RECORDS = st.lists(
    st.tuples(
        st.integers(1, 12),
        st.integers(1, 6),
        st.sampled_from(["2001-01-01", "2999-01-01", None]),
        st.sampled_from([*range(0, 900, 75), None]),
        st.sampled_from(["one", "two", "refused"]),
    ),
    min_size=1,
    max_size=40,
)

FIELDS = {
    "id": pl.Int64,
    "thing": pl.Int64,
    "until": pl.String,
    "seen": pl.String,
    "name": pl.String,
}

#: What is compared: granules, their entries, refused records, and the counts of the run.
COMPARED = (
    "SELECT {columns} FROM thing.epn_core ORDER BY granule_uid",
    "SELECT granule_uid, epnkit_key, epnkit_links FROM epnkit.granules_thing ORDER BY 1",
    "SELECT record_key, granule_uid, rule, field,"
    " (record::jsonb - ARRAY['creation_date', 'modification_date', 'release_date'])::text, reason"
    " FROM epnkit.quarantine ORDER BY 1, 5, 6",
    "SELECT kind, state, read, loaded, changed, unchanged, repeated, quarantined, deleted"
    " FROM epnkit.runs ORDER BY run",
    "SELECT record_key, until FROM epnkit.embargoes ORDER BY 1",
    "SELECT keys FROM epnkit.records ORDER BY number",
)

OTHER = {"creation_date", "modification_date", "release_date"}


@dataclass
class Batches:
    """A source of given records."""

    records: list[tuple[Any, ...]]
    size: int
    label = "records"

    def schema(self) -> dict[str, str]:
        return dict.fromkeys(FIELDS, "")

    def count(self, window: Window = ALL) -> int:
        return len(self.records)

    def batches(self, window: Window = ALL, size: int = BATCH_SIZE) -> Iterator[pl.DataFrame]:
        for start in range(0, len(self.records), self.size):
            some = self.records[start : start + self.size]
            yield pl.DataFrame(
                [(*ids, _day(day), name) for *ids, day, name in some], FIELDS, orient="row"
            )


def _day(day: int | None) -> str | None:
    return None if day is None else (START + timedelta(days=day)).isoformat()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="epnkit-") as directory:
        made = Cluster(Path(directory) / "p", durable=False)
        made.start()
        yield made
        made.stop()


def create(cluster: Cluster, service: Service) -> None:
    """Create the empty table of a service, of which nothing is known yet."""
    with closing(cluster.connect(autocommit=False)) as link:
        table = Target(link, "thing", "epn_core", ())
        table.execute("DROP SCHEMA IF EXISTS epnkit CASCADE; DROP SCHEMA IF EXISTS thing CASCADE")
        table.execute("CREATE SCHEMA thing")
        table.execute("CREATE DOMAIN thing.name AS text CHECK (VALUE <> 'refused')")
        table.execute(create_table("thing").replace(" PRIMARY KEY", " NOT NULL"))
        table.execute("ALTER TABLE {table} ALTER instrument_name TYPE thing.name")
        if service.partition is not None:
            Rebuild(table, service.partition).execute()
        link.commit()


def load(cluster: Cluster, service: Service, request: Request, source: Source | None) -> Any:
    """Load, first into a new table, as DaCHS does; give what came of it."""
    with closing(cluster.connect(autocommit=False)) as data:
        run = ledger.start_run(cluster.connect(), "thing", request.kind)
        target = Target(data, "thing", "epn_core", tuple(COLUMNS))
        source = source or kept_records.open_due_records(target, service)
        new = request == Request()
        try:
            Load(Preparation(service), source, target, run, request, new_table=new).execute()
            data.commit()
        except EpnkitError as error:
            data.rollback()
            run.fail(str(error))
    columns = ", ".join(column for column in COLUMNS if column not in OTHER)
    with closing(cluster.connect()) as link, link.cursor() as cursor:
        found = []
        for query in COMPARED:
            cursor.execute(query.format(columns=columns))
            found.append(cursor.fetchall())
        return found


def live(cluster: Cluster, service: Service, first: Batches, second: Batches) -> Iterator[Any]:
    """Load twice and end the embargoes; give what came of each."""
    create(cluster, service)
    yield load(cluster, service, Request(), first)
    yield load(cluster, service, Request(full=True), second)
    if service.embargo is not None:
        with closing(cluster.connect()) as link, link.cursor() as cursor:
            cursor.execute("UPDATE epnkit.embargoes SET until = '2002-01-01'")
        yield load(cluster, service, Request(release=True), None)


@pytest.mark.parametrize(
    ("every", "embargo"),
    [
        ("1 year", None),
        ("6 months", Embargo(until=pl.col("until"))),
        pytest.param(
            "100 days", Embargo(until=pl.col("until"), shown=False), marks=pytest.mark.all
        ),
    ],
)
@settings(max_examples=20, deadline=None)
@given(first=RECORDS, second=RECORDS, size=st.integers(1, 15))
def test_parts_hold_what_a_plain_table_holds(
    cluster: Cluster, every: str, embargo: Embargo | None, first: Any, second: Any, size: int
) -> None:
    sources = Batches(first, size), Batches(second, size)
    plain = replace(PLAIN, embargo=embargo)
    parts = replace(plain, partition=Partition(by="time_min", every=every))
    expected = list(live(cluster, plain, *sources))
    assert list(live(cluster, parts, *sources)) == expected
