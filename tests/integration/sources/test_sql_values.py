"""One value for one column, by whatever driver; what Python cannot hold stops nothing."""

from __future__ import annotations

import datetime as dt
from contextlib import closing
from typing import Any

import polars as pl
import pyodbc
import pytest
from scripts.servers.databases import DATABASE, PASSWORD, USER
from scripts.servers.processes import Server

from epnkit.errors import SourceError
from epnkit.sources.base import UNREADABLE, Order, Window
from epnkit.sources.config.credentials import Secret
from epnkit.sources.sql.arrow import ends_process_on_lost_connection
from epnkit.sources.sql.columns import NO_OVERRIDES, ColumnOverrides
from epnkit.sources.sql.source import SqlSettings, SqlSource

BY_ID = Order(key=("id",))

pytest_plugins = ["tests.support.servers"]

_ACCOUNT = f"Server=127.0.0.1;Database={DATABASE};UID={USER};PWD={PASSWORD};Port={{}}"
_ADDRESS = f"://{USER}:{PASSWORD}@127.0.0.1:{{}}/{DATABASE}"

#: How each database is connected to: by ODBC, and by a URL.
CONNECTIONS = {
    "mariadb": (f"Driver=MariaDB Unicode;{_ACCOUNT}", f"mysql+pymysql{_ADDRESS}"),
    "postgresql": (f"Driver=PostgreSQL Unicode;{_ACCOUNT}", f"postgresql+psycopg2{_ADDRESS}"),
}

TABLES = {
    "mariadb": [
        "SET sql_mode = 'ALLOW_INVALID_DATES'",
        "CREATE TABLE odd (id INT PRIMARY KEY, d DATE, ts DATETIME(3), t TIME, b BIT(1), f FLOAT,"
        " n DECIMAL(10,3), j JSON, st TIMESTAMP NULL)",
        "INSERT INTO odd VALUES"
        " (1, '1908-05-01', '1908-05-01 10:00:00.125', '01:00:00', b'1', 676.8, 1.5, '[1]',"
        " '2020-01-01'), (2, '1908-05-00', '2008-00-01', '25:10:00', b'0', 1.5, 2, '{}', NULL),"
        " (3, '2008-02-30', '2008-02-30', '-01:00:00', NULL, NULL, NULL, NULL, NULL),"
        " (4, '0000-00-00', '0000-00-00', NULL, NULL, NULL, NULL, NULL, NULL)",
    ],
    "postgresql": [
        "CREATE TABLE odd (id INT PRIMARY KEY, d DATE, ts TIMESTAMP, tz TIMESTAMPTZ, u UUID,"
        " b BOOLEAN, tgt TEXT[], freqs FLOAT8[], grid INT[], meta JSONB, n NUMERIC, i INTERVAL)",
        "INSERT INTO odd VALUES"
        " (1, '2020-01-02', '2020-01-02 03:04:05.000006', '2020-01-01 00:00:00+02',"
        " 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', true, '{Jupiter,\"I,o\",NULL}', '{1.5,2}',"
        " '{{1,2},{3,4}}', '{\"a\":[1,2]}', 'NaN', '1 day'),"
        " (2, 'infinity', '12000-01-01', '-infinity', NULL, false, '{}', NULL, NULL, '5', 1.5,"
        " NULL), (3, '0044-03-15 BC', '0044-03-15 BC', NULL, NULL, NULL, NULL, NULL, NULL, NULL,"
        " NULL, NULL)",
    ],
}

EXPECTED: dict[str, list[tuple[Any, ...]]] = {
    "mariadb": [
        (
            1,
            dt.date(1908, 5, 1),
            dt.datetime(1908, 5, 1, 10, 0, 0, 125000),
            dt.time(1),
            True,
            676.7999877929688,
            1.5,
            "[1]",
            dt.datetime(2020, 1, 1),
        ),
        (2, None, None, None, False, 1.5, 2.0, "{}", None),
        (3, *[None] * 8),
        (4, *[None] * 8),
    ],
    "postgresql": [
        (
            1,
            dt.date(2020, 1, 2),
            dt.datetime(2020, 1, 2, 3, 4, 5, 6),
            dt.datetime(2019, 12, 31, 22),
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
            True,
            ["Jupiter", "I,o", None],
            [1.5, 2.0],
            [1, 2, 3, 4],
            '{"a": [1, 2]}',
            None,  # not a number
            "1 day",
        ),
        (2, None, None, None, None, False, [], None, None, "5", 1.5, None),
        (3, *[None] * 11),
    ],
}

#: What is said of the records first: a value as the database writes it.
FIRST = {
    "mariadb": [None, "d: 1908-05-00", "d: 2008-02-30", "d: 0000-00-00"],
    "postgresql": [None, "d: infinity", "d: 0044-03-15 BC"],
}

#: A value of each database that is no date, as its text.
NO_DATES = {
    "mariadb": ["1908-05-01", "1908-05-00", "2008-02-30", "0000-00-00"],
    "postgresql": ["2020-01-02", "infinity", "0044-03-15 BC"],
}


@pytest.fixture(scope="module", params=list(TABLES))
def database(request: pytest.FixtureRequest) -> tuple[str, int]:
    server: Server = request.getfixturevalue(request.param)
    return fill(request.param, server, "DROP TABLE IF EXISTS odd", *TABLES[request.param])


def fill(kind: str, server: Server, *statements: str) -> tuple[str, int]:
    """Run statements in a database; give its kind and port."""
    connection = CONNECTIONS[kind][0].format(server.port)
    with closing(pyodbc.connect(connection, autocommit=True)) as session:
        for statement in statements:
            session.execute(statement)
    return kind, server.port


def open_source(
    database: tuple[str, int],
    way: str,
    columns: str = "*",
    order: Order = BY_ID,
    overrides: ColumnOverrides = NO_OVERRIDES,
    table: str = "odd",
) -> SqlSource:
    connection = CONNECTIONS[database[0]][way == "url"].format(database[1])
    settings = SqlSettings(f"SELECT {columns} FROM {table}", order, None, overrides, digest=False)
    return SqlSource(Secret(table, connection), settings)


def find_driver_version(database: tuple[str, int]) -> str:
    connection = CONNECTIONS[database[0]][0].format(database[1])
    with closing(pyodbc.connect(connection)) as session:
        known = (pyodbc.SQL_DRIVER_NAME, pyodbc.SQL_DRIVER_VER)
        return " ".join(str(session.getinfo(each)) for each in known)


def read(source: SqlSource) -> pl.DataFrame:
    return pl.concat(source.batches(), how="diagonal").sort("id")


@pytest.mark.parametrize("key", [("id",), ()])
@pytest.mark.parametrize("way", ["odbc", "url"])
def test_every_driver_gives_the_same_values(
    database: tuple[str, int], way: str, key: tuple[str, ...]
) -> None:
    source = open_source(database, way, order=Order(key=key))
    found = read(source)
    problems = found.drop_in_place(UNREADABLE).to_list()
    assert [each and each.partition(" is no ")[0] for each in problems] == FIRST[database[0]]
    assert found.with_columns(pl.selectors.float().fill_nan(None)).rows() == EXPECTED[database[0]]
    assert list(source.schema()) == found.columns


def test_blocks_give_the_same_values(database: tuple[str, int]) -> None:
    kept = {"mariadb": "id, d, ts, n, st", "postgresql": "id, d, ts, tz, u, b, tgt, freqs, n"}
    columns = kept[database[0]]
    blocks = open_source(database, "odbc", columns)
    found, expected = read(blocks), read(open_source(database, "url", columns))
    assert bool(blocks.value_limits) is not ends_process_on_lost_connection(
        find_driver_version(database)
    )
    assert found.equals(expected)


@pytest.mark.parametrize("way", ["odbc", "url"])
def test_a_date_declared_as_text_is_the_database_s(database: tuple[str, int], way: str) -> None:
    overrides = ColumnOverrides({"d": pl.String()}, {})
    source = open_source(database, way, "id, d", overrides=overrides)
    assert pl.concat(source.batches()).sort("id")["d"].to_list() == NO_DATES[database[0]]


@pytest.mark.parametrize("way", ["odbc", "url"])
@pytest.mark.parametrize("key", [("id",), ()])
def test_such_a_date_as_cursor_is_like_none(
    database: tuple[str, int], way: str, key: tuple[str, ...]
) -> None:
    source = open_source(database, way, "id, d", Order("d", key))
    found = read(source)
    assert found["d"].drop_nulls().to_list() == [EXPECTED[database[0]][0][1]]
    assert found[UNREADABLE].null_count() == 1
    assert source.count() == found.height
    window = Window("1900-01-01", "2100-01-01", nulls=False)
    assert sum(len(batch) for batch in source.batches(window)) == source.count(window) == 1
    assert source.cut_points(Window(), 1) == [EXPECTED[database[0]][0][1]]


@pytest.mark.parametrize("way", ["odbc", "url"])
def test_such_a_date_as_key_is_an_error_with_a_cure(database: tuple[str, int], way: str) -> None:
    source = open_source(database, way, "id, d", Order(None, ("d",)))
    with pytest.raises(SourceError, match=r"is no date.*Correct it there"):
        list(source.batches())


@pytest.mark.parametrize("way", ["odbc", "url"])
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_decimal_that_is_no_number_ends_no_run(database: tuple[str, int], way: str) -> None:
    for key in (("id",), ()):
        source = open_source(database, way, "id, n", Order(key=key))
        assert str(pl.concat(source.batches()).sort("id")["n"].to_list()) == "[nan, 1.5, None]"


@pytest.mark.parametrize("way", ["odbc", "url"])
@pytest.mark.parametrize("key", [("id",), ()])
def test_numbers_that_no_float_holds_end_no_run(
    postgresql: Server, way: str, key: tuple[str, ...]
) -> None:
    database = fill(
        "postgresql",
        postgresql,
        "DROP TABLE IF EXISTS large",
        "CREATE TABLE large (id INT PRIMARY KEY, n NUMERIC, o OID)",
        "INSERT INTO large VALUES (1, 1e400, 4294967295), (2, '-1e400', 0),"
        " (3, 1e-400, 1), (4, 'NaN', NULL), (5, NULL, NULL), (6, 1.7976931348623157e308, 7)",
    )
    found = read(open_source(database, way, order=Order(key=key), table="large"))
    assert str(found["n"].to_list()) == "[inf, -inf, 0.0, nan, None, 1.7976931348623157e+308]"
    assert found["o"].to_list() == [4294967295, 0, 1, None, None, 7]


@pytest.mark.parametrize("way", ["odbc", "url"])
@pytest.mark.parametrize("key", [("id",), ()])
def test_the_year_0_alone_among_good_dates_ends_no_run(
    mariadb: Server, way: str, key: tuple[str, ...]
) -> None:
    database = fill(
        "mariadb",
        mariadb,
        "DROP TABLE IF EXISTS zero",
        "CREATE TABLE zero (id INT PRIMARY KEY, d DATE, t DATETIME)",
        "INSERT INTO zero VALUES (1, '2001-02-03', '2001-02-03'),"
        " (2, '0000-01-01', '0000-01-01 01:02:03')",
    )
    found = read(open_source(database, way, order=Order(key=key), table="zero"))
    assert found["d"].to_list() == [dt.date(2001, 2, 3), None]
    assert found[UNREADABLE].to_list() == [
        None,
        "d: 0000-01-01 is no date of the years 1 to 9999;"
        " t: 0000-01-01 01:02:03 is no time of the years 1 to 9999",
    ]


@pytest.mark.parametrize("way", ["odbc", "url"])
def test_types_of_one_s_own_are_read_alike(postgresql: Server, way: str) -> None:
    database = fill(
        "postgresql",
        postgresql,
        "DROP TABLE IF EXISTS own",
        "DROP DOMAIN IF EXISTS positive",
        "DROP TYPE IF EXISTS colour",
        "CREATE DOMAIN positive AS integer CHECK (value > 0)",
        "CREATE TYPE colour AS ENUM ('red', 'green')",
        'CREATE TABLE own (id positive, c colour, "odd "" name?" int)',
        "INSERT INTO own VALUES (3, 'green', 7)",
    )
    source = open_source(database, way, table="own")
    assert source.schema() == {"id": "Int64", "c": "String", 'odd " name?': "Int64"}
    assert pl.concat(source.batches()).rows() == [(3, "green", 7)]
