"""The condition that ``makeQuery`` adds is one that the database at the other end reads."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from epnkit.errors import ConfigurationError
from epnkit.loading.incremental_query import incremental_query


class Answering:
    """A connection whose table has one highest value."""

    def __init__(self, highest: object) -> None:
        self.highest = highest

    def cursor(self) -> Answering:
        return self

    def __enter__(self) -> Answering:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def execute(self, statement: object) -> None:
        pass

    def fetchone(self) -> tuple[object]:
        return (self.highest,)


def build_whole_query(query: str, highest: object, **settings: Any) -> str:
    """Cut a query for a table with one highest value."""
    table = SimpleNamespace(tableName="plates.main", connection=Answering(highest))
    data = SimpleNamespace(getPrimaryTable=lambda: table)
    return incremental_query({"data_": data}, query, "seen", "time_min", **settings)


def condition(highest: object, **settings: Any) -> str:
    return build_whole_query("SELECT 1", highest, **settings).partition(" WHERE ")[2]


@pytest.mark.parametrize(
    ("highest", "lag", "low"),
    [
        (12, 5, "7"),
        (Decimal("12.50"), 0.25, "12.25"),
        (Decimal(12), 0, "12"),
        (0.3, 0.1, "0.2"),
        (9007199254740993, 1, "9007199254740992"),
    ],
)
def test_numbers_go_back_exactly(highest: object, lag: float, low: str) -> None:
    assert condition(highest, form="number", lag=lag) == f"seen >= {low}"


def test_times_are_written_as_they_are_asked_for() -> None:
    moment = datetime(2003, 1, 10, 6, 0, 0, 999)
    assert condition(moment, form="time", lag=5) == "seen >= '2003-01-05 06:00:00'"
    escape = condition(moment, form="time", lag=5, written="timestamp")
    assert escape == "seen >= {ts '2003-01-05 06:00:00'}"
    assert condition(Decimal("2452649.5"), lag=1) == condition(2452649.5, lag=1)
    assert condition(2452649.5, lag=1) == "seen >= '2003-01-08 23:59:59'"


@pytest.mark.parametrize(
    "highest", ["2003-01-10T12:00:00+02:00", datetime.fromisoformat("2003-01-10T12:00:00+02:00")]
)
def test_a_time_with_a_zone_is_read_in_utc(highest: object) -> None:
    assert condition(highest, form="time") == "seen >= '2003-01-10 10:00:00'"


@pytest.mark.parametrize(
    ("highest", "form"),
    [
        (float("nan"), "julian_date"),
        (float("inf"), "julian_date"),
        (float("nan"), "number"),
        (Decimal("NaN"), "number"),
        ("a text", "number"),
        ("a text", "time"),
        (datetime(2003, 1, 10), "julian_date"),
    ],
)
def test_a_highest_value_that_is_none_is_told(highest: object, form: str) -> None:
    with pytest.raises(ConfigurationError, match="the highest time_min"):
        condition(highest, form=form)


@pytest.mark.parametrize("query", ["SELECT 1 AS seen;\n", "SELECT 1 AS seen -- the plates"])
def test_a_query_may_end_in_a_semicolon_or_a_comment(query: str) -> None:
    with closing(sqlite3.connect(":memory:")) as link:
        assert link.execute(build_whole_query(query, 1, form="number")).fetchall() == [(1,)]


@pytest.mark.parametrize("names", [("main.seen", "time_min"), ("seen", "plates.time_min")])
def test_a_column_has_no_table_before_its_name(names: tuple[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="is not a column name"):
        incremental_query({"data_": None}, "SELECT 1", *names)


@pytest.mark.parametrize("wrong", [{"form": "julian"}, {"written": "date"}])
def test_an_unknown_word_is_told_on_the_first_import_too(wrong: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="is not one of"):
        condition(None, **wrong)
