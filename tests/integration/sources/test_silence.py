"""SQL sources whose server takes too long: nothing of ours goes on there, nothing piles up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pyodbc
import pytest
from scripts.servers.databases import DATABASE, PASSWORD, USER
from scripts.servers.processes import Server

from epnkit.sources.base import Order
from epnkit.sources.config.credentials import Secret
from epnkit.sources.sql.connect import open_session
from epnkit.sources.sql.driver_errors import QueryEndedError
from epnkit.sources.sql.session import Statement
from epnkit.sources.sql.source import SqlSettings, SqlSource
from epnkit.sources.transport.retry import RetryPolicy, SourceTimeoutError
from tests.support.proxy import Fault, Proxy

pytest_plugins = ["tests.support.servers"]

#: Retries that would try four times, and wait for a second.
IMPATIENT = RetryPolicy(attempts=4, first=0.05, longest=0.1, read_timeout=1.0)

_ACCOUNT = f"Server=127.0.0.1;Database={DATABASE};UID={USER};PWD={PASSWORD}"

#: How each server is connected to, and how it is asked what it is busy with.
_ODBC = {
    "mariadb": f"Driver=MariaDB Unicode;{_ACCOUNT};Port={{}}",
    "postgresql": f"Driver=PostgreSQL Unicode;{_ACCOUNT};Port={{}}",
}
_URL = {
    "mariadb": f"mysql+pymysql://{USER}:{PASSWORD}@127.0.0.1:{{}}/{DATABASE}",
    "postgresql": f"postgresql+psycopg2://{USER}:{PASSWORD}@127.0.0.1:{{}}/{DATABASE}",
}
_BUSY = {
    "mariadb": (
        "SELECT info FROM information_schema.processlist WHERE info LIKE '%marked%'"
        " AND id <> CONNECTION_ID()"
    ),
    "postgresql": (
        "SELECT query FROM pg_stat_activity WHERE query LIKE '%marked%' AND state = 'active'"
        " AND pid <> pg_backend_pid()"
    ),
}

#: How long a record takes, in the words of each server.
_SLEEP = {"mariadb": "SLEEP({})", "postgresql": "CAST(pg_sleep({}) AS text)"}


#: What counts how often it is reached, whatever becomes of the query.
_COUNTED = {"mariadb": "NEXTVAL(asked)", "postgresql": "nextval('asked')"}


class Database:
    """A server, with a table of thirty records and a count of how often a query began."""

    def __init__(self, kind: str, server: Server, link: pyodbc.Connection) -> None:
        self.kind, self.port, self._link = kind, server.port, link
        for statement in (
            "DROP TABLE IF EXISTS short",
            "DROP SEQUENCE IF EXISTS asked",
            "CREATE SEQUENCE asked",
            "CREATE TABLE short (id INTEGER PRIMARY KEY, wide TEXT)",
            *(f"INSERT INTO short VALUES ({n}, '{'x' * 20_000}')" for n in range(30)),
        ):
            link.execute(statement)

    def connection(self, way: str, port: int | None = None) -> str:
        return (_ODBC if way == "odbc" else _URL)[self.kind].format(port or self.port)

    def sleeping(self, seconds: float) -> str:
        return _SLEEP[self.kind].format(seconds)

    def endless(self) -> str:
        """Write a query that falls asleep, and counts how often it does."""
        counted = f"CASE WHEN id = 0 THEN {_COUNTED[self.kind]} ELSE 0 END AS marked"
        return f"SELECT id, {counted}, {self.sleeping(30)} AS slept FROM short"

    def count(self) -> int:
        """Tell how often such a query began, and this was asked."""
        return int(self._link.execute(f"SELECT {_COUNTED[self.kind]}").fetchval())

    def rests(self) -> bool:
        """Tell whether the server ends such queries long before they would end."""
        until = time.monotonic() + 10
        while self._link.execute(_BUSY[self.kind]).fetchall():
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
        return True


@pytest.fixture(scope="module", params=["mariadb", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    server: Server = request.getfixturevalue(request.param)
    with pyodbc.connect(_ODBC[request.param].format(server.port), autocommit=True) as link:
        yield Database(request.param, server, link)
    link.close()


Make = Callable[..., SqlSource]


@pytest.fixture(params=["odbc", "url"])
def make(request: pytest.FixtureRequest, database: Database) -> Make:
    connection = database.connection(request.param)

    def source(query: str, key: tuple[str, ...] = ("id",)) -> SqlSource:
        settings = SqlSettings(query, Order(key=key), digest=False, retry_policy=IMPATIENT)
        return SqlSource(Secret("slow", connection), settings)

    return source


def test_a_query_that_takes_too_long_ends_at_the_server_too(make: Make, database: Database) -> None:
    source, before = make(database.endless()), database.count()
    with pytest.raises((QueryEndedError, SourceTimeoutError), match="raise `timeout`") as caught:
        list(source.batches(size=5))
    assert database.rests()
    assert database.count() - before - 1 in (1, 2)
    assert PASSWORD not in str(caught.value) + repr(caught.value)


def test_a_count_that_takes_too_long_ends_at_the_server_too(make: Make, database: Database) -> None:
    source = make(f"SELECT id AS marked FROM short WHERE {database.sleeping(30)} IS NOT NULL")
    with pytest.raises((QueryEndedError, SourceTimeoutError), match="raise `timeout`"):
        source.count()
    assert database.rests()


@pytest.mark.parametrize("make", ["url"], indirect=True)
def test_an_answer_that_streams_for_longer_is_not_cut(make: Make, database: Database) -> None:
    query = f"SELECT id, {database.sleeping(0.05)} AS slept, wide FROM short"
    assert sorted(pl.concat(make(query, ()).batches(size=5))["id"]) == list(range(30))


def test_a_reader_at_leisure_gets_the_whole_answer(make: Make) -> None:
    read = []
    for batch in make("SELECT id, wide FROM short").batches(size=5):
        time.sleep(0.5)  # three seconds in all
        read.append(batch)
    assert sorted(pl.concat(read)["id"]) == list(range(30))


def test_a_server_behind_a_dead_network_ends_the_query_by_itself(database: Database) -> None:
    with Proxy(database.port) as proxy:
        connection = database.connection("odbc", proxy.port)
        for _ in range(2):  # pyodbc asks more of a server that it does not know yet
            time.sleep(0.3)  # for what the server says at the end of a connection
            before = proxy.bytes
            with open_session(Secret("far", connection), 1.0):
                time.sleep(0.3)  # the proxy counts what it has passed on
                opening = proxy.bytes - before
        proxy.faults.append(Fault("stall", opening))
        with open_session(Secret("far", connection), 1.0) as link:
            with pytest.raises(SourceTimeoutError, match="sent nothing for 1 s"):
                link.execute(Statement(f"SELECT {database.sleeping(30)} AS marked"))
            assert database.rests()


def test_a_stricter_limit_of_the_keeper_stands(database: Database) -> None:
    shown = {"mariadb": "SELECT @@max_statement_time", "postgresql": "SHOW statement_timeout"}
    settings = {
        "mariadb": ";INITSTMT={SET max_statement_time = 0.5}",
        "postgresql": ";ConnSettings={SET statement_timeout = 500}",
    }
    for own, limits in (("", (1.0, "1s")), (settings[database.kind], (0.5, "500ms"))):
        with open_session(Secret("slow", database.connection("odbc") + own), 1.0) as link:
            assert link.execute(Statement(shown[database.kind])).fetch(1)[0][0] in limits


@pytest.mark.parametrize(
    "form",
    [
        "Driver=PostgreSQL Unicode;Server={directory};Port={port};Database={name};UID={user};"
        "PWD={word}",
        "postgresql+psycopg2://{user}:{word}@/{name}?host={directory}&port={port}",
    ],
)
def test_silence_ends_a_connection_by_a_unix_socket(
    postgresql: Server, server_directory: Path, form: str
) -> None:
    connection = form.format(
        directory=server_directory / "postgresql",
        port=postgresql.port,
        name=DATABASE,
        user=USER,
        word=PASSWORD,
    )
    unlimited = Statement("SELECT set_config('statement_timeout', '0', false)")
    with open_session(Secret("local", connection), 1.0) as link:
        link.execute(unlimited).fetch(1)
        with pytest.raises(SourceTimeoutError, match="sent nothing for 1 s"):
            link.execute(Statement("SELECT pg_sleep(6)")).fetch(1)


def test_a_query_by_a_unix_socket_of_mariadb_is_ended(
    mariadb: Server, server_directory: Path
) -> None:
    local = f"localhost/{DATABASE}?unix_socket={server_directory}/mariadb/socket"
    secret = Secret("local", f"mysql+pymysql://{USER}:{PASSWORD}@{local}")
    with open_session(secret, 1.0) as link, pytest.raises(SourceTimeoutError):
        link.execute(Statement("SELECT SLEEP(30) AS marked")).fetch(1)
    with pyodbc.connect(_ODBC["mariadb"].format(mariadb.port), autocommit=True) as other:
        assert not other.execute(_BUSY["mariadb"]).fetchall()
    other.close()
