"""Keys as texts: no two have one, and each database writes the same."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.property.sources.databases import Database

from epnkit.loading.prepare.packing import record_keys
from epnkit.sources.sql.keys import sort_key
from epnkit.sources.sql.source import SqlSource
from epnkit.sources.values.keys import read_key, write_key

pytest_plugins = ["tests.support.servers"]

#: Values of a key: any, but mostly of the characters that have a meaning.
TEXTS = st.none() | st.text("\0|\\xN0A a", max_size=6) | st.text(max_size=6)
Key = tuple[str | None, str | None]
KEYS = st.tuples(TEXTS, TEXTS)

#: What has been, or could be, taken for another key.
KNOWN: list[Key] = [
    ("a\0b", "c"),
    ("a\\0b", "c"),
    ("a|b", "c"),
    ("a", "b|c"),
    ("", None),
    (None, ""),
    (None, None),
    ("", ""),
    ("\\N", "\\N"),
    ("\\x61", "a"),
    ("a", "\\x61"),
    ("a ", "a"),
    ("a", " a"),
    ("A", "a"),
    ("12\n", "7"),
    ("12", None),
    ("|", "|"),
    ("é", "e\u0301"),
    ("ß", "ss"),
    ("\\X", "\\n"),
    ("1e5", "-3"),
]


@settings(max_examples=500)
@given(KEYS, KEYS)
@example(("a\0b", "c"), ("a\\0b", "c"))
@example(("a|b", "c"), ("a", "b|c"))
@example(("", None), (None, ""))
def test_a_key_gives_its_values_back(one: Key, other: Key) -> None:
    texts = write_key(one), write_key(other)
    assert (texts[0] == texts[1]) == (one == other)
    for key, text in zip((one, other), texts, strict=True):
        assert "\0" not in text
        assert tuple(read_key(text, 2)) == key


@given(st.lists(KEYS, min_size=1, max_size=20))
def test_frames_and_single_keys_are_written_alike(keys: list[Key]) -> None:
    frame = pl.DataFrame(keys, schema={"a": pl.String, "b": pl.String}, orient="row")
    assert record_keys(frame, ("a", "b")).to_list() == list(map(write_key, keys))
    alone = [write_key([a]) for a, _ in keys]
    assert record_keys(frame, ("a",)).to_list() == alone


ORDINARY = st.text(st.characters(exclude_characters="\0|\\", codec="utf-8"))


@given(ORDINARY, ORDINARY, st.integers())
def test_ordinary_keys_are_written_as_ever(one: str, other: str, number: int) -> None:
    assert write_key([one, number, other]) == f"{one}|{number}|{other}"
    assert write_key([f"{one}|{other}"]) == f"{one}|{other}"
    assert write_key([f"C:\\{one}"]) == f"C:\\{one}"


@pytest.fixture(scope="module", params=["mariadb", "postgresql", "sqlite"])
def database(request: pytest.FixtureRequest, server_directory: Path) -> Database:
    if request.param == "sqlite":
        return Database("sqlite", str(server_directory / "keys.db"))
    return Database(request.param, request.getfixturevalue(request.param).port)


def fill(database: Database, keys: list[Key]) -> list[Key]:
    """Make a table of keys; give those that the database can hold."""
    types = {"mariadb": "VARCHAR(40) CHARACTER SET utf8mb4", "postgresql": "VARCHAR(40)"}
    kind = types.get(database.name, "TEXT")
    create = f"CREATE TABLE keyed (a {kind}, b {kind}, n INTEGER)"
    if database.name == "sqlite":  # whose ODBC driver cuts texts off at a NUL
        with closing(sqlite3.connect(str(database.where))) as link, link:
            link.execute("DROP TABLE IF EXISTS keyed")
            link.execute(create)
            link.executemany("INSERT INTO keyed VALUES (?, ?, ?)", _name_variables(keys))
        return keys
    if database.name == "postgresql":
        keys = [key for key in keys if not any("\0" in (part or "") for part in key)]
    with closing(database.connect()) as session:
        session.execute("DROP TABLE IF EXISTS keyed")
        session.execute(create)
        marks = "?, ?, ?" if database.name == "postgresql" else "CONVERT(UNHEX(?) USING utf8mb4)"
        if database.name == "mariadb":
            rows: list[tuple[str | int | None, ...]] = [
                (*(None if p is None else p.encode().hex() for p in key), n)
                for *key, n in _name_variables(keys)
            ]
            marks = f"{marks}, {marks}, ?"
        else:
            rows = list(_name_variables(keys))
        for row in rows:
            session.execute(f"INSERT INTO keyed VALUES ({marks})", *row)
    return keys


def _name_variables(keys: list[Key]) -> list[tuple[str | None, str | None, int | None]]:
    numbers: Iterator[int | None] = iter([None, -5, -10, *range(len(keys))])
    return [(*key, next(numbers)) for key in keys]


def require_sums(source: SqlSource, bounds: list[str]) -> int:
    """Compare sums of digests with the digests listed; give how many records are listed."""
    listed = [
        source.keys(*ends)["record_digest"]
        for ends in zip([None, *bounds], [*bounds, None], strict=True)
    ]
    sums = dict(source.digests(bounds).iter_rows())
    assert {*sums} <= {*range(len(listed))}
    assert [sums.get(part, 0) for part in range(len(listed))] == [each.sum() for each in listed]
    return sum(map(len, listed))


@settings(max_examples=12)
@given(st.lists(KEYS.filter(lambda k: "\ud800" not in repr(k)), unique=True, max_size=60))
@example(KNOWN)
def test_every_database_writes_the_same_keys(database: Database, keys: list[Key]) -> None:
    keys = fill(database, keys)
    query = "SELECT a, b, n FROM keyed"
    source = database.open_source("url", query, ("a", "b"))
    if not keys:
        return
    frame = pl.concat(source.batches()).sort("n", nulls_last=False)
    expected = record_keys(frame, ("a", "b"))
    assert sorted(expected) == sorted(map(write_key, keys))
    listed = source.keys(None, None)["record_key"]
    assert sorted(listed) == sorted(expected)
    ordered = sorted(set(expected), key=lambda key: sort_key(key).encode())
    middle = ordered[len(ordered) // 2]
    low, high = (set(source.keys(*ends)["record_key"]) for ends in ((None, middle), (middle, None)))
    assert low == set(ordered[: len(ordered) // 2])
    assert high == set(ordered[len(ordered) // 2 :])
    require_sums(source, [middle])
    fetched = pl.concat(source.fetch(ordered[:3]))
    assert set(record_keys(fetched, ("a", "b"))) == set(ordered[:3])


@pytest.mark.parametrize("bounds", [["3"], ["-10", "3"], ["3", "\\N"], []])
def test_keys_of_numbers_may_be_negative_or_null(database: Database, bounds: list[str]) -> None:
    keys = fill(database, [(str(n), "") for n in range(9)])
    source = database.open_source("url", "SELECT a, b, n FROM keyed", ("n",))
    bounds = sorted(bounds, key=lambda key: sort_key(key).encode())
    assert require_sums(source, bounds) == len(keys)
    (fetched,) = source.fetch(["-5", "\\N", "0", "no number"])
    assert set(fetched["n"].to_list()) == {-5, None, 0}


@pytest.mark.parametrize("way", ["odbc", "url"])
def test_texts_filled_up_with_blanks_are_found(postgresql: object, way: str) -> None:
    database = Database("postgresql", postgresql.port)  # type: ignore[attr-defined]
    database.execute(
        "DROP TABLE IF EXISTS padded",
        "CREATE TABLE padded (a CHAR(5), b INT)",
        "INSERT INTO padded VALUES ('a', 1), ('bcdef', 2)",
    )
    source = database.open_source(way, "SELECT * FROM padded", ("a", "b"))
    expected = record_keys(pl.concat(source.batches()), ("a", "b"))
    assert source.keys(None, None)["record_key"].sort().to_list() == expected.sort().to_list()
    assert pl.concat(source.fetch(expected.to_list())).height == 2
