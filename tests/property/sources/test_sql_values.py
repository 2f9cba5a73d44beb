"""Random values of all types, by every driver: the same value, or null and a reason."""

from __future__ import annotations

import datetime as dt
import json
import math
import random
import sqlite3
import struct
import uuid
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.property.sources.databases import Database

from epnkit.sources.base import UNREADABLE

pytest_plugins = ["tests.support.servers"]

ROWS = 250

#: Stands for a value that cannot be held, and for one of which only is asked that all agree.
ODD, ANY = object(), object()

#: A value: how it is given to the database, and what it is to be.
Given = tuple[Any, Any]
Make = Callable[[random.Random], Given]

_ALPHABET = "aZ09 _|\\'\";:%?{}[]<>&\n\t\u00e9\u00b5\u00b0\u4e2d\U0001f300\u202e\u0301"


def text(size: int, alphabet: str = _ALPHABET, blanks: bool = True) -> Make:
    def make(rng: random.Random) -> Given:
        found = "".join(rng.choice(alphabet) for _ in range(rng.randrange(size + 1)))
        found = found if blanks else found.rstrip()
        return found, found

    return make


def padded(size: int) -> Make:
    def make(rng: random.Random) -> Given:
        found, _ = text(size)(rng)
        return found, found.ljust(size)

    return make


def whole(low: int, high: int) -> Make:
    def make(rng: random.Random) -> Given:
        found = rng.choice([low, high, 0, 1, rng.randint(low, high), rng.randint(-9, 99)])
        found = min(max(found, low), high)
        return found, found if found < 2**63 else ODD

    return make


def real(rng: random.Random) -> Given:
    found = rng.choice([0.0, -0.5, 1e300, -1e-300, 0.1, rng.uniform(-1e6, 1e6), rng.random()])
    return found, found


def single(rng: random.Random) -> Given:
    found = struct.unpack("f", struct.pack("f", rng.choice([0.1, 676.8, rng.uniform(-1e6, 1e6)])))
    return found[0], found[0]


def shortest(rng: random.Random) -> Given:
    """Make a number of single precision, of which PostgreSQL gives the shortest figures."""
    found = np.float32(single(rng)[0])
    return str(found), float(str(found))


def special(rng: random.Random) -> Given:
    found = rng.choice([math.inf, -math.inf, math.nan])
    return found, ANY if math.isnan(found) else found


def decimal(rng: random.Random) -> Given:
    found = Decimal(rng.randint(-(10**15), 10**15)).scaleb(-6)
    return str(found), float(found)


def day(rng: random.Random) -> dt.date:
    return rng.choice(
        [
            dt.date(1, 1, 1),
            dt.date(9999, 12, 31),
            dt.date(1969, 12, 31),
            dt.date(2000, 2, 29),
            dt.date.fromordinal(rng.randint(1, 3_652_059)),
        ]
    )


def time_of_day(rng: random.Random) -> dt.time:
    return dt.time(
        rng.randrange(24), rng.randrange(60), rng.randrange(60), rng.choice([0, 1, 5 * 10**5])
    )


def date(*odd: str) -> Make:
    def make(rng: random.Random) -> Given:
        if odd and rng.random() < 0.1:
            return rng.choice(odd), ODD
        found = day(rng)
        return found.isoformat(), found

    return make


def time(*odd: str) -> Make:
    def make(rng: random.Random) -> Given:
        if odd and rng.random() < 0.1:
            return rng.choice(odd), ODD
        found = time_of_day(rng)
        return found.isoformat(), found

    return make


def timestamp(
    *odd: str, low: int = 1, high: int = 9999, zone: str = "", fractions: bool = True
) -> Make:
    def make(rng: random.Random) -> Given:
        if odd and rng.random() < 0.1:
            return rng.choice(odd), ODD
        date = day(rng)
        date = date if low <= date.year <= high else dt.date(2001, 2, 3)
        found = dt.datetime.combine(date, time_of_day(rng))
        found = found if fractions else found.replace(microsecond=0)
        return found.isoformat(" ") + zone, found

    return make


def octets(rng: random.Random) -> Given:
    found = rng.randbytes(rng.randrange(12))
    return found, found


def flag(rng: random.Random) -> Given:
    found = rng.random() < 0.5
    return found, found


def choice(*values: str) -> Make:
    def make(rng: random.Random) -> Given:
        return rng.choice(values), ANY

    return make


def plain_choice(*values: str) -> Make:
    def make(rng: random.Random) -> Given:
        found = rng.choice(values)
        return found, found

    return make


def identifier(rng: random.Random) -> Given:
    found = uuid.UUID(int=rng.getrandbits(128))
    return str(found).upper(), str(found)


def document(rng: random.Random) -> Given:
    found: dict[str, Any] = {text(5)(rng)[0]: rng.choice([1, None, 1.5, [True, "a|b"], {"é": {}}])}
    return json.dumps(found), ANY


def texts(rng: random.Random) -> Given:
    found = [rng.choice([None, text(6)(rng)[0]]) for _ in range(rng.randrange(4))]
    return found, found


def numbers(rng: random.Random) -> Given:
    found = [rng.choice([None, 1.5, rng.random()]) for _ in range(rng.randrange(4))]
    return found, found


def long_text(rng: random.Random) -> Given:
    """Make a text that is longer than what the blocks of a driver have room for, at times."""
    found = rng.choice(["é", "abc", "\u4e2d"]) * rng.choice([0, 3, 4090, 9000])
    return found, found


def extreme(rng: random.Random) -> Given:
    found = rng.choice([1.7976931348623157e308, -2.2250738585072014e-308, 5e-308, 2.0**53 + 2])
    return found, found


def large_decimal(rng: random.Random) -> Given:
    """Make a decimal of more digits than a float has, or one beyond all floats."""
    return rng.choice(["1e400", "-1e400", "NaN", "Infinity", "0." + "1" * 60, "9" * 60]), ANY


def some_of(make: Make, write: Callable[[Any], str] = str) -> Make:
    """Make an array of values as PostgreSQL writes it, of which only is asked that all agree."""

    def build(rng: random.Random) -> Given:
        parts = [rng.choice(["NULL", write(make(rng)[0])]) for _ in range(rng.randrange(4))]
        return "{" + ",".join(parts) + "}", ANY

    return build


_BAD_DAYS = ("0000-00-00", "1908-05-00", "2008-00-01", "2008-02-30", "0000-01-01")
_BAD_TIMES = ("25:10:00", "-01:00:00", "838:59:59", "-00:00:01.5")
_FAR = ("infinity", "-infinity", "0044-03-15 BC", "12000-01-01", "10000-01-01", "4713-01-01 BC")

TYPES: dict[str, dict[str, Make]] = {
    "mariadb": {
        "TINYINT": whole(-128, 127),
        "SMALLINT UNSIGNED": whole(0, 65535),
        "INT": whole(-(2**31), 2**31 - 1),
        "INT UNSIGNED": whole(0, 2**32 - 1),
        "BIGINT": whole(-(2**63), 2**63 - 1),
        "BIGINT UNSIGNED": whole(0, 2**64 - 1),
        "DECIMAL(24,6)": decimal,
        "FLOAT": single,
        "DOUBLE": real,
        "DATE": date(*_BAD_DAYS),
        "DATETIME(6)": timestamp(*_BAD_DAYS),
        "DATETIME": timestamp("0000-00-00 00:00:00", fractions=False),
        "TIMESTAMP(6) NULL": timestamp("0000-00-00 00:00:00", low=1971, high=2037),
        "TIME(6)": time(*_BAD_TIMES),
        "YEAR": whole(1901, 2155),
        "CHAR(12) CHARACTER SET utf8mb4": text(12, blanks=False),
        "VARCHAR(30) CHARACTER SET utf8mb4": text(30),
        "TEXT CHARACTER SET utf8mb4": text(400),
        "VARCHAR(30) CHARACTER SET latin1": text(30, "aé °µ|\\\\'?"),
        "BLOB": octets,
        "VARBINARY(20)": octets,
        "BIT(1)": flag,
        "ENUM('a','b c','é')": plain_choice("a", "b c", "é"),
        "SET('x','y')": plain_choice("x", "x,y", ""),
        "JSON": document,
        "LONGTEXT CHARACTER SET utf8mb4": long_text,
        "DOUBLE ": extreme,
        "DECIMAL(65,30)": choice("0.1", "-9999999999999999999999999999999999.5", "0"),
        "BIT(9)": choice("5", "0", "511"),
        "INET6": choice("::1", "10.0.0.1"),
        "TINYINT(1)": choice("0", "1", "-1", "7"),
        "SMALLINT ZEROFILL": choice("7", "65535"),
        "CHAR(9) CHARACTER SET ucs2": text(9, "aé中", blanks=False),
    },
    "postgresql": {
        "SMALLINT": whole(-(2**15), 2**15 - 1),
        "INTEGER": whole(-(2**31), 2**31 - 1),
        "BIGINT": whole(-(2**63), 2**63 - 1),
        "NUMERIC": decimal,
        "NUMERIC(24,6)": decimal,
        "REAL": shortest,
        "DOUBLE PRECISION": real,
        "FLOAT8": special,
        "DATE": date(*_FAR),
        "TIMESTAMP": timestamp(*_FAR),
        "TIMESTAMPTZ": timestamp(*_FAR, low=2, high=9998, zone="+00"),
        "TIME": time("24:00:00"),
        "TIMETZ": choice("10:00:00+02", "23:59:59.5-11"),
        "INTERVAL": choice("1 day", "-3 months 00:00:01", "1000 years"),
        "CHAR(12)": padded(12),
        "VARCHAR(30)": text(30),
        "TEXT": text(400),
        "BYTEA": octets,
        "BOOLEAN": flag,
        "UUID": identifier,
        "JSONB": document,
        "JSON": document,
        "TEXT[]": texts,
        "FLOAT8[]": numbers,
        "INET": choice("10.0.0.1/8", "::1"),
        "INT4RANGE": choice("[1,5)", "empty"),
        "MONEY": choice("12.34", "-5"),
        "BIT(3)": choice("101", "000"),
        "TEXT ": long_text,
        "FLOAT8 ": extreme,
        "NUMERIC ": large_decimal,
        "DATE[]": some_of(date(*_FAR), '"{}"'.format),
        "TIMESTAMP[]": some_of(timestamp(*_FAR), '"{}"'.format),
        "NUMERIC[]": some_of(choice("NaN", "0." + "1" * 60, "-1e300")),
        "BOOLEAN[]": some_of(flag),
        "BIGINT[]": some_of(whole(-(2**63), 2**63 - 1)),
        "UUID[]": some_of(identifier),
        "INT[][]": choice("{{1,2},{3,NULL}}", "{}", "{{{1}}}"),
        "POINT": choice("(1.5,-2)", "(NaN,Infinity)"),
        "XML": choice("<a>é</a>", "text"),
        "DATERANGE": choice("[2001-01-01,infinity)", "empty"),
        "BYTEA[]": choice('{"\\\\x00ff"}', "{}"),
        "REGCLASS": choice("pg_type", "pg_class"),
        "OID": whole(0, 2**32 - 1),
    },
}


@pytest.fixture(scope="module", params=["mariadb", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    return Database(request.param, request.getfixturevalue(request.param).port)


def make_rows(name: str, rng: random.Random) -> tuple[list[list[Any]], list[list[Any]]]:
    """Make rows as they are given to the database, and as they are to be read."""
    rows: list[list[Given]] = [
        [(None, None) if rng.random() < 0.1 else make(rng) for make in TYPES[name].values()]
        for _ in range(ROWS)
    ]
    given, expected = ([[value[side] for value in row] for row in rows] for side in (0, 1))
    return given, expected


def fill(database: Database, rows: list[list[Any]]) -> None:
    """Make a table of rows, with a driver of Python's own."""
    import psycopg2
    import pymysql  # type: ignore[import-untyped]
    from scripts.servers.databases import DATABASE, PASSWORD, USER

    account = {"host": "127.0.0.1", "user": USER, "password": PASSWORD, "database": DATABASE}
    types = TYPES[database.name]
    columns = ", ".join(f"c{number} {kind}" for number, kind in enumerate(types))
    connect = {"mariadb": pymysql.connect, "postgresql": psycopg2.connect}[database.name]
    marks = ["%s"] * len(types)
    if database.name == "mariadb":
        account |= {"charset": "utf8mb4", "sql_mode": "ALLOW_INVALID_DATES"}
    else:
        marks = [f"CAST(%s AS {kind})" for kind in types]
    with closing(connect(port=database.where, **account)) as link:
        cursor = link.cursor()
        if database.name == "mariadb":
            cursor.execute("SET time_zone = '+00:00'")
        cursor.execute("DROP TABLE IF EXISTS fuzz")
        cursor.execute(f"CREATE TABLE fuzz (id INTEGER PRIMARY KEY, {columns})")
        insert = f"INSERT INTO fuzz VALUES (%s, {', '.join(marks)})"
        cursor.executemany(insert, [(n, *map(_to_insert, row)) for n, row in enumerate(rows)])
        link.commit()


def _to_insert(value: Any) -> Any:
    """Write an empty array as PostgreSQL does: once DaCHS is imported, psycopg2 makes it NULL."""
    return "{}" if value == [] else value


#: The ways to read: by which driver, with which key, how many records at a time.
WAYS = {
    "ODBC, blocks or pages": ("odbc", ("id",), 100),
    "ODBC, rows": ("odbc", (), 1000),
    "URL, pages": ("url", ("id",), 64),
    "URL, one answer": ("url", (), 1000),
}


def compare(frame: pl.DataFrame, expected: list[list[Any]], name: str) -> int:
    """Compare a frame with what it should hold; give the number of values."""
    problems = frame[UNREADABLE] if UNREADABLE in frame.columns else [None] * frame.height
    for row, values, problem in zip(frame.rows(named=True), expected, problems, strict=True):
        for number, (wanted, kind) in enumerate(zip(values, TYPES[name], strict=True)):
            field, found = f"c{number}", row[f"c{number}"]
            if wanted is ODD:
                assert found is None, (kind, found)
                assert f"; {field}: " in f"; {problem}", (kind, problem)
            else:
                assert f"; {field}: " not in f"; {problem}", (kind, problem, wanted)
                assert wanted is ANY or found == wanted, (kind, found, wanted)
    return len(expected) * len(TYPES[name])


def read_every_way(database: Database, columns: str, expected: list[list[Any]]) -> int:
    """Read the table by every way, and compare; give the number of values."""
    frames: list[pl.DataFrame] = []
    tried = 0
    for way, (driver, key, size) in WAYS.items():
        source = database.open_source(driver, f"SELECT {columns} FROM fuzz", key)
        frame = pl.concat(source.batches(size=size), how="diagonal").sort("id")
        tried += compare(frame, expected, database.name)
        frames.append(frame.with_columns(pl.selectors.float().fill_nan(None)))
        assert frames[0].equals(frames[-1]), (way, differing(frames[0], frames[-1]))
    return tried


def differing(one: pl.DataFrame, other: pl.DataFrame) -> list[Any]:
    """List what is not the same."""
    if one.schema != other.schema:
        return [set(one.schema.items()) ^ set(other.schema.items())]
    return [
        (name, a, b)
        for name in one.columns
        for a, b in zip(one[name], other[name], strict=True)
        if repr(a) != repr(b)
    ][:5]


@pytest.mark.parametrize(
    "seed", [1, 2, *(pytest.param(seed, marks=pytest.mark.all) for seed in range(3, 60))]
)
def test_every_value_is_read_alike_by_every_driver(database: Database, seed: int) -> None:
    given, expected = make_rows(database.name, random.Random(seed))
    fill(database, given)
    print(f"{database.name} {seed}: {read_every_way(database, '*', expected)} values")


#: How values of SQLite are mixed in one column.
_MIXED: list[list[Any]] = [
    [1, -5, 2**31, None],
    [2**62, -(2**63), 7],
    [0.1, 1e300, -2.5, 2456783.797326388, 0.12345678901234566, 5e-324, None],
    [1, 2.5, 1 / 3, None],
    ["a", "é\n|", "", None],
    ["2001-01-01", 5, None],
    ["x", 1.5, 7],
    [b"\xff\x00", b"", None],
    [b"\xff", "text", 3],
    [None],
]


@pytest.mark.parametrize(
    "seed", [1, 2, 3, *(pytest.param(seed, marks=pytest.mark.all) for seed in range(4, 100))]
)
@pytest.mark.parametrize("key", [("id",), ()])
def test_sqlite_gives_the_same_by_every_driver(
    tmp_path: Path, seed: int, key: tuple[str, ...]
) -> None:
    rng = random.Random(seed)
    path = tmp_path / "mixed.db"
    declared = [rng.choice(["", "TEXT", "INTEGER", "REAL", "DATE", "BLOB"]) for _ in _MIXED]
    columns = ", ".join(f"c{number} {kind}" for number, kind in enumerate(declared))
    with closing(sqlite3.connect(path)) as link, link:
        link.execute(f"CREATE TABLE fuzz (id INTEGER PRIMARY KEY, {columns})")
        marks = ", ".join("?" * len(_MIXED))
        for number in range(60):
            row = [rng.choice(values) for values in _MIXED]
            link.execute(f"INSERT INTO fuzz VALUES ({number}, {marks})", row)
    frames = []
    for way in ("odbc", "url"):
        source = Database("sqlite", str(path)).open_source(way, "SELECT * FROM fuzz", key)
        frames.append(pl.concat(source.batches(size=25), how="diagonal").sort("id"))
    assert frames[0].equals(frames[1]), differing(*frames)
