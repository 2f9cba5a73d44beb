"""Which part a value belongs to: polars, PostgreSQL's days and PostgreSQL's bounds agree."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from psycopg2 import sql
from tests.property.loading.test_any_history import service

from epnkit.dachs.cluster import Cluster
from epnkit.errors import ConfigurationError
from epnkit.loading.table.rebuild import Rebuild
from epnkit.loading.table.target import Target
from epnkit.times.periods import EARLY, EPOCH, EPOCH_JD, LATE, NONE, Partition, Periods

EVERY = ["1 day", "7 days", "9999 days", "1 month", "5 months", "1 year", "7 years", "9999 years"]

DATES = st.dates() | st.sampled_from([date.min, date.max, EPOCH, date(1999, 12, 31)])

#: Midnights of the calendar as Julian dates, and their neighbours.
EDGES = DATES.map(lambda day: (day - EPOCH).days + EPOCH_JD).flatmap(
    lambda edge: st.sampled_from([edge, math.nextafter(edge, 0), math.nextafter(edge, 1e9)])
)
JULIAN = EDGES | st.floats() | st.none()

TIMES = DATES.map(lambda day: datetime(day.year, day.month, day.day)).flatmap(
    lambda edge: st.sampled_from([edge, edge + timedelta(microseconds=edge < datetime.max)])
)


@pytest.mark.parametrize("every", EVERY)
@given(day=DATES)
def test_a_day_lies_within_the_bounds_of_its_period(every: str, day: date) -> None:
    periods = Periods(Partition("time_min", every))
    number = periods.number((day - EPOCH).days)
    low, high = periods.bounds(number)
    assert low is None or low <= day
    assert high is None or day < high
    assert (low is None) is (periods.label(number) == EARLY)
    assert (high is None) is (periods.label(number) == LATE)
    assert periods.parse_label(periods.label(number)) == number
    if high is not None:
        assert periods.bounds(number + 1)[0] == high


def test_labels_are_those_of_the_first_day() -> None:
    labels = {
        every: Periods(Partition("time_min", every)).label(
            Periods(Partition("time_min", every)).number((date(2003, 8, 17) - EPOCH).days)
        )
        for every in ("1 year", "6 months", "1 month", "1 day", "10 days")
    }
    assert labels == {
        "1 year": "2003",
        "6 months": "200307",
        "1 month": "200308",
        "1 day": "20030817",
        "10 days": "20030813",
    }


@pytest.mark.parametrize("every", ["", "year", "0 years", "1 week", "1 year or so", "-1 day"])
def test_what_is_no_period_is_refused(every: str) -> None:
    with pytest.raises(ConfigurationError, match="no period"):
        Partition("time_min", every)


def test_a_table_is_partitioned_by_a_column_only() -> None:
    assert replace(service, partition=Partition("creation_date")).partition is not None
    with pytest.raises(ConfigurationError, match="by c1min, which is no column"):
        replace(service, partition=Partition("c1min"))


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="epnkit-") as directory:
        made = Cluster(Path(directory) / "p", durable=False)
        made.start()
        yield made
        made.stop()


def read_labels(cluster: Cluster, by: str, every: str, values: list[Any]) -> None:
    """Compare where values go by polars, by PostgreSQL's days, and where PostgreSQL puts them."""
    kind = pl.Float64 if by == "time_min" else pl.Datetime("us")
    granules = pl.DataFrame({by: pl.Series(values, dtype=kind)})
    with closing(cluster.connect(autocommit=False)) as link:
        table = Target(link, "public", "epn_core", ())
        table.execute(
            "CREATE TABLE {table} (granule_uid text, time_min float8, seen timestamp);"
            " CREATE TEMP TABLE given (LIKE {table})"
        )
        Rebuild(table, Partition(by, every)).execute()
        parts = Target(link, "public", "epn_core", ()).partitions
        assert parts is not None
        for number, value in enumerate(values):
            statement = "INSERT INTO given (granule_uid, {by}) VALUES (%s, %s)"
            table.execute(statement, (str(number), value), by=sql.Identifier(by))
        here = parts.label_granules(granules).to_list()
        assert {*parts.find_labels(sql.Identifier("given"))} == {*here}
        parts.attach_missing(sql.Identifier("given"))
        assert {*parts.list_attached()} == {*here}
        table.execute("INSERT INTO {table} SELECT * FROM given")
        rows = table.query(
            "SELECT tableoid::regclass::text FROM {table} ORDER BY granule_uid::integer"
        )
        assert [name.removeprefix("epn_core_part_") for (name,) in rows] == here
        nothing = [label == NONE for label in here]
        assert nothing == [value is None for value in values]
        link.rollback()


@pytest.mark.parametrize("every", ["1 day", "5 months", "7 years"])
@settings(max_examples=20, deadline=None)
@given(values=st.lists(JULIAN, min_size=1, max_size=8))
@example(values=[math.nan, math.inf, -math.inf, None, 0.0, -0.0, 1e300, 5373484.5])
def test_julian_dates_go_where_their_day_is(
    cluster: Cluster, every: str, values: list[float | None]
) -> None:
    read_labels(cluster, "time_min", every, values)


@pytest.mark.parametrize("every", ["1 day", "5 months", "7 years"])
@settings(max_examples=20, deadline=None)
@given(values=st.lists(TIMES | st.none(), min_size=1, max_size=8))
def test_times_go_where_their_day_is(
    cluster: Cluster, every: str, values: list[datetime | None]
) -> None:
    read_labels(cluster, "seen", every, values)


def test_no_reader_waits_for_a_part_that_comes(cluster: Cluster) -> None:
    with (
        closing(cluster.connect(autocommit=False)) as link,
        closing(cluster.connect(autocommit=False)) as reader,
        reader.cursor() as cursor,
    ):
        table = Target(link, "public", "epn_core", ())
        table.execute(
            "CREATE TABLE {table} (granule_uid text, time_min float8);"
            " INSERT INTO {table} VALUES ('old', 2452640.5), ('timeless', NULL)"
        )
        Rebuild(table, Partition("time_min", "1 year")).execute()
        link.commit()
        # One reads before the part comes, and holds the table; it reads again while it comes.
        cursor.execute("SET lock_timeout = '10s'")
        count = "SELECT count(*), max(granule_uid) FROM epn_core"
        cursor.execute(count)
        assert cursor.fetchone() == (2, "timeless")
        table = Target(link, "public", "epn_core", ())
        table.execute("CREATE TEMP TABLE given AS SELECT 'new' uid, 2453005.5 AS time_min")
        assert table.partitions is not None
        table.partitions.attach_missing(sql.Identifier("given"))
        table.execute("INSERT INTO {table} SELECT * FROM given")
        for condition in ("true", "time_min > 2453000", "time_min IS NULL"):
            cursor.execute(f"{count} WHERE {condition}")
            assert cursor.fetchone() != (3, "timeless")
        link.commit()
        cursor.execute(count)
        assert cursor.fetchone() == (3, "timeless")
        reader.rollback()
        table.execute("DROP TABLE {table}")
        link.commit()
