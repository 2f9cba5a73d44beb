"""Searches as ADQL: what each term becomes, and what a table cannot be asked."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epnkit.client.adql import write_query
from epnkit.client.terms import Box, Cone, Polygon, SearchTerms
from epnkit.epncore.columns import COLUMNS

EVERY = tuple(COLUMNS)


def query(terms: SearchTerms, known: tuple[str, ...] = EVERY) -> str:
    return write_query("a.epn_core", known, terms, columns=["granule_uid"], limit=1000).text


def test_columns_that_a_table_lacks_are_left_out() -> None:
    terms = SearchTerms(time=(1.0, 2.0), level=2, target="Sun")
    found = write_query(
        "a.epn_core", ["granule_uid", "target_name"], terms, limit=9, order="time_min"
    )
    assert found.columns == ("granule_uid", "target_name")
    assert found.left_out == ("time", "level")
    assert "time" not in found.text


def test_own_columns_come_if_they_are_asked_for() -> None:
    known = ["granule_uid", '"my column"', '"order"']
    found = write_query("a.epn_core", known, SearchTerms(), columns=["*"], limit=10**9)
    assert found.text == "SELECT * FROM a.epn_core"
    assert found.columns == ("granule_uid", "my column", "order")


def test_columns_are_named_only_if_many_values_would_come_for_nothing() -> None:
    known = [*EVERY, '"my column"']
    for limit, selected in ((10**6, ", ".join(EVERY)), (10**3, "*")):
        found = write_query("a.epn_core", known, SearchTerms(), limit=limit)
        assert found.text == f"SELECT {selected} FROM a.epn_core"
        assert found.columns == EVERY
    few = write_query("a.epn_core", known, SearchTerms(), columns=["my column"], limit=10**3)
    assert few.text == 'SELECT "my column" FROM a.epn_core'


def test_intervals_overlap() -> None:
    assert query(SearchTerms(time=(1.5, 2.5))) == (
        "SELECT granule_uid FROM a.epn_core WHERE time_max >= 1.5 AND time_min <= 2.5"
    )


def test_places_are_asked_by_footprint_or_else_by_limits() -> None:
    with_region = query(SearchTerms(place=Cone(10.0, 0.0, 1.0)))
    assert "1 = INTERSECTS(s_region, CIRCLE('', 10.0, 0.0, 1.0))" in with_region
    assert "spatial_frame_type = 'body'" in with_region
    without = query(
        SearchTerms(place=Polygon(((10.0, 0.0), (20.0, 0.0), (15.0, 9.0)))),
        ("c1min", "c1max", "c2min", "c2max", "spatial_frame_type"),
    )
    assert "s_region" not in without


def insert_limits(rows: Sequence[tuple[float, float, float, float]]) -> sqlite3.Connection:
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE t (c1min, c1max, c2min, c2max, spatial_frame_type)")
    database.executemany("INSERT INTO t VALUES (?, ?, ?, ?, 'body')", rows)
    return database


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        (Box(350, 10, -5, 5), [(0, 5, 0, 1), (355, 358, 0, 1), (340, 20, 0, 1)]),
        (Box(100, 110, -5, 5), [(105, 106, 0, 1), (90, 130, 0, 1)]),
        (Box(0, 360, -90, 90), None),
    ],
)
def test_limits_cross_the_meridian(
    box: Box, expected: list[tuple[float, float, float, float]] | None
) -> None:
    rows = [
        (0, 5, 0, 1),
        (355, 358, 0, 1),
        (340, 20, 0, 1),
        (105, 106, 0, 1),
        (90, 130, 0, 1),
        (200, 210, 0, 1),
        (105, 106, 20, 30),
    ]
    names = "c1min", "c1max", "c2min", "c2max", "spatial_frame_type"
    text = query(SearchTerms(place=box), names).partition(" WHERE ")[2]
    with closing(insert_limits(rows)) as database:
        select = f"SELECT c1min, c1max, c2min, c2max FROM t WHERE {text}"
        found = database.execute(select).fetchall()
    assert sorted(found) == sorted(rows if expected is None else expected)


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_no_name_ends_its_literal(name: str) -> None:
    text = query(SearchTerms(target=name, instrument=name)).partition(" WHERE ")[2]
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE t (target_name, instrument_name, x)")
        database.execute("INSERT INTO t VALUES (?, ?, 1)", (name.strip(), f"a#{name.strip()}"))
        if text and name.isascii() and not {*name} & {*"#%_"}:
            assert database.execute(f"SELECT x FROM t WHERE {text}").fetchall() == [(1,)]
        elif text:
            database.execute(f"SELECT x FROM t WHERE {text}")
