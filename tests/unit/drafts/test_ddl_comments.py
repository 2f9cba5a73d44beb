"""Comments in the statements that made tables of SQLite, wherever people write them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.support.draft_judge import judge_draft
from tests.unit.drafts.test_typed_truth import SUN, read_origin

from epnkit.drafts.inspect.ddl_comments import read_ddl_comments
from epnkit.drafts.inspect.declared import add_declared
from epnkit.drafts.inspect.origin import Choices, parse_origin
from epnkit.drafts.inspect.sample import Sample

BESIDE = """CREATE TABLE spots (
    id INTEGER PRIMARY KEY, -- number of the group
    t TEXT DEFAULT '--',    -- time of observation,
                            -- in UT
    l NUMERIC(5, 2) /* Carrington longitude [deg] */, b REAL -- latitude [deg]
)"""

ABOVE = """CREATE TABLE "spots" (
    -- number of the group
    "id" INTEGER PRIMARY KEY,
    /* time of observation,
     * in UT */
    t TEXT,
    -- Carrington longitude [deg]
    l REAL,
    -- latitude [deg]
    b REAL
)"""

BELOW = """CREATE TABLE spots (
    id INTEGER PRIMARY KEY,
    -- number of the group
    t TEXT,
    -- time of observation, in UT
    l REAL,
    -- Carrington longitude [deg]
    b REAL
    -- latitude [deg]
)"""

IN_ONE_LINE = (
    "CREATE TABLE spots (id INTEGER PRIMARY KEY /* number of the group */,"
    " t TEXT /* time of observation, in UT */, l REAL /* Carrington longitude [deg] */,"
    " b REAL /* latitude [deg] */)"
)

COMMAS_FIRST = """CREATE TABLE spots (
      id INTEGER -- number of the group
    , t TEXT     -- time of observation, in UT
    , l REAL     -- Carrington longitude [deg]
    , b REAL     -- latitude [deg]
    , PRIMARY KEY (id)
)"""

SAID = {
    "id": "number of the group",
    "t": "time of observation, in UT",
    "l": "Carrington longitude [deg]",
    "b": "latitude [deg]",
}

STYLES = [BESIDE, ABOVE, BELOW, IN_ONE_LINE, COMMAS_FIRST]


@pytest.mark.parametrize("statement", STYLES)
def test_a_comment_is_on_its_column(statement: str) -> None:
    assert read_ddl_comments(statement).columns == SAID


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE s -- Groups of sunspots\n(id INTEGER, b REAL)",
        "CREATE TABLE s ( -- Groups of sunspots\n  id INTEGER, b REAL)",
        "CREATE TABLE s (\n  -- Groups of sunspots\n  id INTEGER, -- its number\n  b REAL)",
        "CREATE TABLE s (id INTEGER, b REAL) /* Groups of sunspots */",
    ],
)
def test_other_comments_are_on_the_table(statement: str) -> None:
    assert read_ddl_comments(statement).table == "Groups of sunspots"


def write(path: Path, statement: str) -> Path:
    with closing(sqlite3.connect(path)) as link, link:
        link.execute(statement)
        rows = [(40 + n, f"1999-01-{n + 1:02}T06:00:00", 120.0 + n, n - 15.0) for n in range(20)]
        link.executemany("INSERT INTO spots VALUES (?, ?, ?, ?)", rows)
    return path


def read(path: Path) -> Sample:
    return add_declared(read_origin(path), parse_origin(str(path), "drafted", Choices()))


@pytest.mark.parametrize("statement", STYLES)
def test_terse_names_are_read_by_their_comments(statement: str, tmp_path: Path) -> None:
    sample = read(write(tmp_path / "spots.sqlite", statement))
    assert sample.declared.about == "spots"
    expected = {"time_min": 2451179.75, "c1min": 120.0, "c2max": -15.0, **SUN}
    judged = judge_draft(sample, "drafted", expected)
    assert judged.wrong == []


def test_what_a_comment_says_comes_before_what_a_letter_may_mean(tmp_path: Path) -> None:
    statement = BESIDE.replace("Carrington longitude", "length").replace("latitude", "width")
    judged = judge_draft(
        read(write(tmp_path / "spots.sqlite", statement)), "drafted", {"c1min": None}
    )
    assert judged.wrong == []
