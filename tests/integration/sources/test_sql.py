"""SQL sources on MariaDB and PostgreSQL: types, windows, digests, and broken connections."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pyodbc
import pytest
from scripts.servers.databases import DATABASE, PASSWORD, USER
from scripts.servers.processes import Server

from epnkit.errors import SourceError, TransientSourceError
from epnkit.sources.base import UNREADABLE, Order, Reconcilable, Window
from epnkit.sources.config.credentials import read_credential
from epnkit.sources.sql.source import SqlSettings, SqlSource
from epnkit.sources.transport.retry import RetryPolicy
from tests.support.proxy import Fault, Proxy

if TYPE_CHECKING:
    from tests.support.servers import Keep

pytest_plugins = ["tests.support.servers"]

#: How many records the tables hold.
COUNT = 12_000

#: Retries for tests: many attempts, short pauses.
QUICK = RetryPolicy(attempts=4, first=0.05, longest=0.1)

#: Retries for servers that send nothing.
IMPATIENT = RetryPolicy(attempts=3, first=0.05, longest=0.1, read_timeout=1.0)

_TABLES = {
    "mariadb": (
        "CREATE TABLE obs (ID INT PRIMARY KEY, RUN_DATE DATETIME(6) NULL, DAY DATE, "
        "AREA DECIMAL(12,4), X DOUBLE, NAME VARCHAR(40) CHARACTER SET utf8mb4 COLLATE "
        "utf8mb4_general_ci, OLD VARBINARY(20), NOTHING INT NULL, KEY (RUN_DATE, ID))"
    ),
    "postgresql": (
        "CREATE TABLE obs (id INT PRIMARY KEY, run_date TIMESTAMP NULL, day DATE, "
        "area DECIMAL(12,4), x DOUBLE PRECISION, name VARCHAR(40), old BYTEA, nothing INT NULL)"
    ),
}

_DRIVERS = {"mariadb": "MariaDB Unicode", "postgresql": "PostgreSQL Unicode"}

#: A password that opens nothing, and must not be shown either.
WRONG = "canary-wrong-9"

#: The first run date.
START = dt.datetime(2022, 4, 19, 3, 55, 33, 250000)


def _row(number: int) -> tuple[object, ...]:
    run_date = None if number % 10 == 0 else START + dt.timedelta(hours=number // 7)
    name = "mK" if number % 2 else "mk"
    return (
        number,
        run_date,
        dt.date(2022, 4, 19),
        Decimal(number) / 8,
        number / 3,
        f"{name}{number // 2:05d} Nançay",
        b"\xe9t\xe9",
        None,
    )


def odbc(kind: str, port: int, password: str = PASSWORD) -> str:
    """Write a connection string as an operator would."""
    return (
        f"Driver={_DRIVERS[kind]};Server=127.0.0.1;Port={port};Database={DATABASE};"
        f"UID={USER};PWD={password}"
    )


@pytest.fixture(scope="module", params=["mariadb", "postgresql"])
def database(request: pytest.FixtureRequest) -> tuple[str, Server]:
    server: Server = request.getfixturevalue(request.param)
    with pyodbc.connect(odbc(request.param, server.port), autocommit=True) as link:
        link.execute("DROP TABLE IF EXISTS obs")
        link.execute(_TABLES[request.param])
        link.autocommit = False
        cursor = link.cursor()
        for number in range(COUNT):
            number_, run_date, *more = _row(number)
            written = None if run_date is None else str(run_date)  # MariaDB's driver cuts times off
            cursor.execute(
                "INSERT INTO obs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", number_, written, *more
            )
        link.commit()
    link.close()
    return request.param, server


Make = Callable[..., SqlSource]


@pytest.fixture
def make(database: tuple[str, Server], keep: Keep) -> Make:
    kind, server = database

    def source(
        port: int | None = None,
        query: str = "SELECT * FROM obs",
        password: str = PASSWORD,
        key: tuple[str, ...] = ("id",),
        cursor: str | None = "run_date",
        *,
        digest: bool = True,
        retry_policy: RetryPolicy = QUICK,
    ) -> SqlSource:
        keep("obs", odbc(kind, port or server.port, password))
        settings = SqlSettings(query, Order(cursor, key), digest=digest, retry_policy=retry_policy)
        return SqlSource(read_credential("obs"), settings)

    return source


def test_types_are_the_database_s_own(make: Make) -> None:
    assert make().schema() == {
        "id": "Int64",
        "run_date": str(pl.Datetime("us")),
        "day": "Date",
        "area": "Float64",
        "x": "Float64",
        "name": "String",
        "old": "Binary",
        "nothing": "Int64",
    }


def test_every_value_arrives(make: Make) -> None:
    read = pl.concat(make(digest=False).batches(size=700)).sort("id")
    assert read.rows() == [
        tuple(float(v) if isinstance(v, Decimal) else v for v in _row(number))
        for number in range(COUNT)
    ]


def test_windows_and_counts_agree_with_python(make: Make) -> None:
    source, middle = make(), START + dt.timedelta(hours=100)
    dates = [_row(number)[1] for number in range(COUNT)]
    below = sum(isinstance(d, dt.datetime) and d < middle for d in dates)
    window = Window(high=middle, nulls=False)
    assert source.count(window) == below == sum(b.height for b in source.batches(window, 250))
    rest = Window(low=middle)
    assert source.count(rest) == COUNT - below == sum(b.height for b in source.batches(rest))


@pytest.mark.parametrize("after", [2_000, 200_000, 400_000])
@pytest.mark.parametrize("kind", ["reset", "close"])
def test_a_broken_connection_loses_and_doubles_nothing(
    make: Make, database: tuple[str, Server], after: int, kind: str
) -> None:
    with Proxy(database[1].port) as proxy:
        source = make(proxy.port)
        source.schema()
        proxy.faults.extend([Fault("reset" if kind == "reset" else "close", after)] * 2)
        read = pl.concat(source.batches(size=300))
        assert proxy.connections > 2
    assert sorted(read["id"]) == list(range(COUNT))


def test_case_insensitive_keys_survive_a_broken_connection(
    make: Make, database: tuple[str, Server]
) -> None:
    with Proxy(database[1].port) as proxy:
        source = make(proxy.port, key=("name",))
        source.schema()
        proxy.faults.extend([Fault("reset", 400_000)] * 2)
        read = pl.concat(source.batches(size=301))
    assert sorted(read["id"]) == list(range(COUNT))


@pytest.mark.parametrize("after", [200_000, 400_000])
def test_a_join_that_repeats_its_key_loses_and_doubles_nothing(
    make: Make, database: tuple[str, Server], after: int
) -> None:
    numbers = "(SELECT 1 AS n UNION SELECT 2 UNION SELECT 3)"
    query = f"SELECT id, run_date, n FROM obs JOIN {numbers} AS numbers ON id < 2000"
    with Proxy(database[1].port) as proxy:
        source = make(proxy.port, query=query, digest=False)
        source.schema()
        proxy.faults.extend([Fault("reset", after // 20)] * 2)
        read = pl.concat(source.batches(size=100))
    assert sorted(read.select("id", "n").rows()) == [(i, n) for i in range(2000) for n in (1, 2, 3)]


@pytest.mark.parametrize("by_arrow", [True, False])
@pytest.mark.parametrize("cursor", [None, "run_date"])
def test_records_without_a_key_are_read_once_too(
    make: Make, cursor: str | None, by_arrow: bool
) -> None:
    part = "CASE WHEN id % 3 = 0 THEN NULL ELSE id % 7 END AS part"
    query = f"SELECT id, run_date, {part} FROM obs"
    source = make(query=query, key=("part", "id"), cursor=cursor)
    if not by_arrow:
        source.value_limits = ()
    read = pl.concat(source.batches(size=900))
    assert sorted(read["id"]) == list(range(COUNT))
    assert read["part"].null_count() == COUNT // 3


def test_without_a_key_a_broken_connection_begins_again(
    make: Make, database: tuple[str, Server]
) -> None:
    with Proxy(database[1].port) as proxy:
        source = make(proxy.port, key=())
        source.schema()
        proxy.faults.append(Fault("reset", 300_000))  # before the driver gives its first row
        assert sum(batch.height for batch in source.batches(size=300)) == COUNT


def test_a_silent_connection_is_ended_and_reading_goes_on(
    make: Make, database: tuple[str, Server]
) -> None:
    with Proxy(database[1].port) as proxy:
        source = make(proxy.port, retry_policy=IMPATIENT)
        source.schema()
        proxy.faults.extend([Fault("stall", 300_000)] * 2)
        read = pl.concat(source.batches(size=300))
        assert proxy.connections > 2
    assert sorted(read["id"]) == list(range(COUNT))


@pytest.mark.parametrize("after", [0, 20_000])
def test_a_database_that_stays_silent_is_reported(
    make: Make, database: tuple[str, Server], after: int
) -> None:
    with Proxy(database[1].port) as proxy:
        source = make(proxy.port, retry_policy=IMPATIENT)
        source.schema()
        proxy.faults.extend([Fault("stall", after)] * 20)
        with pytest.raises(TransientSourceError, match=r"sent nothing|cannot be reached") as caught:
            list(source.batches(size=300))
    assert PASSWORD not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize("times", [100, 135, 136, 137, 138, 1091, 1092, 1093, 1100, 5000])
@pytest.mark.parametrize("column", ["name", "old"])
def test_texts_too_long_for_a_block_arrive_whole(
    make: Make, database: tuple[str, Server], column: str, times: int
) -> None:
    # A text of 15 or a binary of 3 bytes that often: around the 2,048 and the 16,384 bytes that a
    # value has in a block.
    often = f"CASE WHEN id = 3005 THEN {times if column == 'name' else times * 5} ELSE 1 END"
    repeated = f"REPEAT({column}, {often})"
    if database[0] == "postgresql" and column == "old":
        repeated = f"decode(repeat(encode({column}, 'hex'), {often}), 'hex')"
    query = f"SELECT id, run_date, {repeated} AS x FROM obs WHERE id < 4000"
    read = pl.concat(make(query=query, digest=False).batches(size=700)).sort("id")
    assert read["id"].to_list() == list(range(4000))
    values = read["x"].to_list()
    whole = str(_row(3005)[5]) * times if column == "name" else b"\xe9t\xe9" * times * 5
    assert values.pop(3005) == whole
    assert max(map(len, values)) < 20


@pytest.mark.parametrize("times", [100, 150, 1000])
def test_a_long_text_in_a_record_without_a_key_arrives_whole(make: Make, times: int) -> None:
    """After such a record reading could not go on: the text has to fit at once."""
    text = f"REPEAT(name, CASE WHEN id = 3003 THEN {times} ELSE 1 END) AS x"
    part = "CASE WHEN id % 3 = 0 THEN NULL ELSE id % 7 END AS part"
    query = f"SELECT id, {part}, {text} FROM obs WHERE id < 4000"
    source = make(query=query, key=("part", "id"), cursor=None)
    read = pl.concat(source.batches(size=300)).sort("id")
    assert read["id"].to_list() == list(range(4000))
    assert read["x"][3003] == str(_row(3003)[5]) * times


def test_a_cursor_that_is_no_number_comes_once(make: Make, database: tuple[str, Server]) -> None:
    if database[0] == "mariadb":
        with pytest.raises(SourceError):  # it has none
            make(query="SELECT CAST('NaN' AS DOUBLE PRECISION) AS n").schema()
        return
    number = "CASE WHEN id % 2 = 0 THEN 'NaN' ELSE x END AS x"
    source = make(query=f"SELECT id, {number} FROM obs", cursor="x")
    assert sorted(pl.concat(source.batches(size=500))["id"]) == list(range(COUNT))


def test_a_whole_number_beyond_64_bits_costs_itself(
    make: Make, database: tuple[str, Server]
) -> None:
    kind = "BIGINT UNSIGNED" if database[0] == "mariadb" else "NUMERIC(20)"
    with pyodbc.connect(odbc(database[0], database[1].port), autocommit=True) as link:
        link.execute("DROP TABLE IF EXISTS wide")
        link.execute(f"CREATE TABLE wide (id INTEGER PRIMARY KEY, n {kind})")
        link.execute("INSERT INTO wide VALUES (1, 5), (2, 18446744073709551615)")
    link.close()
    source = make(query="SELECT * FROM wide", cursor="id")
    if database[0] == "mariadb":
        found = pl.concat(source.batches(), how="diagonal")
        assert found["n"].to_list() == [5, None]
        assert found[UNREADABLE].to_list() == [None, "n: 18446744073709551615 is not of type Int64"]
    else:
        assert pl.concat(source.batches())["n"].to_list() == [5.0, 18446744073709551615.0]


def test_an_unreachable_database_is_reported_without_the_password(make: Make) -> None:
    with pytest.raises(TransientSourceError, match="cannot be reached") as caught:
        make(1).count()
    assert PASSWORD not in str(caught.value) + repr(caught.value)
    assert "\n" not in str(caught.value)


def test_a_wrong_password_is_reported_without_it(make: Make) -> None:
    with pytest.raises(SourceError, match="refuses the user or the password") as caught:
        make(password=WRONG).count()
    assert "canary" not in str(caught.value)
    assert not isinstance(caught.value, TransientSourceError)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT * FROM nowhere", "a table that does not exist"),
        ("SELECT nope FROM obs", "a column that does not exist"),
        ("SELECT * FROM obs a JOIN obs b ON a.id = b.id", "two columns"),
        ("SELEC", "does not understand"),
    ],
)
def test_a_wrong_query_is_reported(make: Make, query: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        make(query=query).count()


@pytest.mark.parametrize("key", [("id",), ("name",), ("name", "id")])
def test_digests_keys_and_records_agree(make: Make, key: tuple[str, ...]) -> None:
    source = make(key=key)
    assert isinstance(source, Reconcilable)
    assert source.compared_by == "digest"
    listed = source.keys(None, None)
    read = pl.concat(source.batches())
    assert sorted(listed["record_digest"]) == sorted(read["epnkit_source_digest"])
    ordered = sorted(listed["record_key"], key=lambda k: k.zfill(18) if k.isdigit() else k)
    bounds = ordered[1000::1000]
    digests = dict(listed.iter_rows())
    expected = [
        (part, sum(digests[key] for key in ordered[1000 * part : 1000 * (part + 1)]))
        for part in range(len(bounds) + 1)
    ]
    assert source.digests(bounds).rows() == expected
    between = source.keys(bounds[0], bounds[1])
    assert sorted(between["record_key"]) == sorted(ordered[1000:2000])
    fetched = pl.concat(source.fetch(ordered[:1200:2]))
    assert fetched.height == 600
    assert set(fetched["epnkit_source_digest"]) <= set(read["epnkit_source_digest"])


def test_a_changed_record_changes_its_digest_alone(
    make: Make, database: tuple[str, Server]
) -> None:
    source = make()
    before = dict(source.keys(None, None).iter_rows())
    with pyodbc.connect(odbc(database[0], database[1].port), autocommit=True) as link:
        link.execute("UPDATE obs SET nothing = 5 WHERE id = 1234")
        after = dict(source.keys(None, None).iter_rows())
        link.execute("UPDATE obs SET nothing = NULL WHERE id = 1234")
    link.close()
    assert {key for key, digest in after.items() if before[key] != digest} == {"1234"}


def test_sqlalchemy_reads_the_same_records(
    make: Make, database: tuple[str, Server], keep: Keep
) -> None:
    kind, server = database
    if kind == "mariadb":
        keep("url", server.url.replace("mysql:", "mysql+nodriver:"))
        with pytest.raises(SourceError, match="driver is missing") as caught:
            SqlSource(
                read_credential("url"), SqlSettings("SELECT * FROM obs", retry_policy=QUICK)
            ).count()
        assert PASSWORD not in str(caught.value)
        return
    keep("url", server.url.replace("postgresql:", "postgresql+psycopg2:"))
    settings = SqlSettings("SELECT * FROM obs", Order("run_date", ("id",)), digest=False)
    read = pl.concat(SqlSource(read_credential("url"), settings).batches(size=700)).sort("id")
    assert read.equals(pl.concat(make(digest=False).batches()).sort("id"))


def test_sql_server_that_is_not_there_is_reported(keep: Keep, tmp_path: Path) -> None:
    keep("mssql", "Driver=FreeTDS;Server=127.0.0.1;Port=1;UID=r;PWD=canary-8;TDS_Version=7.4")
    source = SqlSource(read_credential("mssql"), SqlSettings("SELECT 1 AS one", retry_policy=QUICK))
    with pytest.raises(SourceError, match="cannot be reached") as caught:
        source.count()
    assert "canary" not in str(caught.value)


def test_a_missing_driver_is_reported(keep: Keep) -> None:
    keep("none", "Driver=Nonesuch;Server=127.0.0.1;PWD=canary-8")
    with pytest.raises(SourceError, match="driver is missing"):
        SqlSource(
            read_credential("none"), SqlSettings("SELECT 1 AS one", retry_policy=QUICK)
        ).count()
