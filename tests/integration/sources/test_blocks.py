"""SQL sources fetched in blocks: what blocks cannot hold is read row by row, and rightly."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl
import pyodbc
import pytest
from scripts.servers.databases import DATABASE, PASSWORD, USER
from scripts.servers.processes import Server

from epnkit.sources.base import ALL, UNREADABLE, Order
from epnkit.sources.config.credentials import read_credential
from epnkit.sources.sql.source import SqlSettings, SqlSource
from epnkit.sources.transport.retry import RetryPolicy

if TYPE_CHECKING:
    from tests.support.servers import Keep

pytest_plugins = ["tests.support.servers"]


def _odbc(driver: str, port: int) -> str:
    account = f"UID={USER};PWD={PASSWORD}"
    return f"Driver={driver};Server=127.0.0.1;Port={port};Database={DATABASE};{account}"


def _change(connection: str, *statements: str) -> None:
    with pyodbc.connect(connection, autocommit=True) as link:
        for statement in statements:
            link.execute(statement)
    link.close()


def _source(connection: str, keep: Keep, order: Order) -> SqlSource:
    keep("small", connection)
    settings = SqlSettings(
        "SELECT * FROM small", order, digest=False, retry_policy=RetryPolicy(attempts=1)
    )
    return SqlSource(read_credential("small"), settings)


def _create_table(columns: str, values: str) -> list[str]:
    return [
        "DROP TABLE IF EXISTS small",
        f"CREATE TABLE small ({columns})",
        f"INSERT INTO small VALUES {values}",
    ]


def _number_rows(form: str, count: int = 10) -> str:
    return ", ".join(form.format(number) for number in range(1, count + 1))


def test_a_key_of_bytes_loses_nothing(mariadb: Server, keep: Keep) -> None:
    connection = _odbc("MariaDB Unicode", mariadb.port)
    columns = "id BINARY(4) PRIMARY KEY, v INT"
    _change(connection, *_create_table(columns, _number_rows("(X'00{0:02d}80ff', {0})")))
    read = pl.concat(_source(connection, keep, Order(key=("id",))).batches(size=3))
    assert read["v"].to_list() == list(range(1, 11))


def test_a_bit_is_no_null(mariadb: Server, keep: Keep) -> None:
    connection = _odbc("MariaDB Unicode", mariadb.port)
    _change(
        connection,
        *_create_table("id INT PRIMARY KEY, b BIT(1)", "(1, b'1'), (2, b'0'), (3, NULL)"),
    )
    read = pl.concat(_source(connection, keep, Order(key=("id",))).batches())
    assert read["b"].to_list() == [True, False, None]


@pytest.mark.parametrize("key", [("id",), ()])
def test_a_nul_in_a_text_cuts_nothing_off(
    mariadb: Server, keep: Keep, key: tuple[str, ...]
) -> None:
    connection = _odbc("MariaDB Unicode", mariadb.port)
    texts = ["a\0b", "é\0€", "\0", "", None, "😀", "é" * 70_000, "x" * 16_383 + "\0"]
    columns = "id INT PRIMARY KEY, s LONGTEXT CHARACTER SET utf8mb4, old TEXT CHARACTER SET latin1"
    _change(connection, *_create_table(columns, "(0, 'n', 'n')"))
    with pyodbc.connect(connection, autocommit=True) as link:
        for number, text in enumerate(texts, 1):
            bytes_ = None if text is None else text.encode()
            link.execute(
                "INSERT INTO small VALUES (?, CONVERT(? USING utf8mb4), CONVERT(? USING utf8mb4))",
                number,
                bytes_,
                "ü\0ö".encode(),
            )
    link.close()
    source = _source(connection, keep, Order(key=key))
    read = pl.concat(source.batches(size=3)).sort("id")
    assert read["s"].to_list() == ["n", *texts]
    assert read["old"].to_list() == ["n", *["ü\0ö"] * len(texts)]
    if key:
        assert pl.concat(source.fetch(["1", "2", "3"]))["s"].to_list() == texts[:3]


def test_an_unsigned_number_is_the_same_by_every_way(mariadb: Server, keep: Keep) -> None:
    connection = _odbc("MariaDB Unicode", mariadb.port)
    columns = "id INT UNSIGNED PRIMARY KEY, n INT UNSIGNED"
    _change(connection, *_create_table(columns, _number_rows("(429496720{0}, 4000000000)", 9)))
    ids = [4294967200 + number for number in range(1, 10)]
    source = _source(connection, keep, Order(cursor="id", key=("id",)))
    by_blocks = pl.concat(source.batches(size=4))
    by_rows = pl.concat(source.fetch([str(number) for number in ids]))
    assert by_blocks.equals(by_rows)
    assert by_blocks["id"].to_list() == ids
    assert set(by_rows["n"]) == {4_000_000_000}
    unkeyed = pl.concat(_source(connection, keep, Order()).batches())
    assert sorted(unkeyed["id"]) == ids
    assert source.cut_points(ALL, 4) == [4294967204, 4294967208]


def test_single_precision_loses_no_ties(postgresql: Server, keep: Keep) -> None:
    connection = _odbc("PostgreSQL Unicode", postgresql.port)
    _change(connection, *_create_table("id INT PRIMARY KEY, f REAL", _number_rows("({0}, 0.7)")))
    read = pl.concat(_source(connection, keep, Order(cursor="f", key=("id",))).batches(size=3))
    assert read["id"].to_list() == list(range(1, 11))


def test_a_question_mark_in_a_key_is_no_hindrance(postgresql: Server, keep: Keep) -> None:
    connection = _odbc("PostgreSQL Unicode", postgresql.port)
    _change(connection, *_create_table("id INT PRIMARY KEY", _number_rows("({0})")))
    keep("small", connection)
    settings = SqlSettings('SELECT id AS "id?" FROM small', Order(key=("id?",)), digest=False)
    read = pl.concat(SqlSource(read_credential("small"), settings).batches(size=3))
    assert read["id?"].to_list() == list(range(1, 11))


def test_all_blocks_are_of_one_moment(mariadb: Server, keep: Keep) -> None:
    connection = _odbc("MariaDB Unicode", mariadb.port)
    columns = "id INT PRIMARY KEY, updated INT"
    _change(connection, *_create_table(columns, _number_rows("({0}, {0})", 30)))
    batches = _source(connection, keep, Order(cursor="updated", key=("id",))).batches(size=5)
    first = next(batches)
    _change(connection, "UPDATE small SET updated = 100 WHERE id = 2")
    assert pl.concat([first, *batches])["id"].to_list() == list(range(1, 31))


def test_a_cursor_before_the_year_1_costs_its_record(postgresql: Server, keep: Keep) -> None:
    connection = _odbc("PostgreSQL Unicode", postgresql.port)
    columns = "id INT PRIMARY KEY, t TIMESTAMP"
    _change(connection, *_create_table(columns, "(1, '0044-03-15 BC'), (2, '2000-01-01')"))
    source = _source(connection, keep, Order(cursor="t", key=("id",)))
    found = pl.concat(source.batches(), how="diagonal")
    assert found["id"].to_list() == [2, 1]
    assert found["t"].to_list() == [dt.datetime(2000, 1, 1), None]
    assert found[UNREADABLE][0] is None
    assert found[UNREADABLE][1].startswith("t: 0044-03-15 00:00:00 BC is no ")
