"""A server that is start_again again in the middle of a reading: every record comes once."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg2
import pymysql  # type: ignore[import-untyped]
import pytest
from scripts.servers import databases
from scripts.servers.databases import DATABASE, PASSWORD, USER
from scripts.servers.processes import Server

from epnkit.dachs.ports import free_port
from epnkit.sources.base import Order
from epnkit.sources.config.credentials import read_credential
from epnkit.sources.sql.source import SqlSettings, SqlSource
from epnkit.sources.transport.retry import RetryPolicy

if TYPE_CHECKING:
    from tests.support.servers import Keep

pytest_plugins = ["tests.support.servers"]

COUNT = 5000

Start = Callable[[], Server]

KINDS = {
    "PostgreSQL Unicode": (databases.start_postgresql, psycopg2.connect),
    "MariaDB Unicode": (databases.start_mariadb, pymysql.connect),
}


@pytest.fixture(params=list(KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def start(kind: str) -> Iterator[Start]:
    """Give what starts the database: on the same port and files each time."""
    directory, port = Path(tempfile.mkdtemp(prefix="epnkit-")), free_port()
    running: list[Server] = []
    directory.chmod(0o755)

    def start_again() -> Server:
        for server in running:
            server.stop()
        running[:] = [KINDS[kind][0](port, directory / "data")]
        return running[0]

    yield start_again
    running[0].stop()
    shutil.rmtree(directory, ignore_errors=True)


def fill(kind: str, port: int) -> None:
    link = KINDS[kind][1](
        host="127.0.0.1", port=port, user=USER, password=PASSWORD, database=DATABASE
    )
    with link.cursor() as cursor:
        cursor.execute("CREATE TABLE obs (id INTEGER PRIMARY KEY, t INTEGER)")
        rows = ", ".join(f"({number}, {number // 3})" for number in range(COUNT))
        cursor.execute(f"INSERT INTO obs VALUES {rows}")
    link.commit()
    link.close()


def test_reading_goes_on_where_it_was(kind: str, start: Start, keep: Keep) -> None:
    server = start()
    fill(kind, server.port)
    keep(
        "restarted",
        f"Driver={kind};Server=127.0.0.1;Port={server.port};Database={DATABASE};UID={USER};"
        f"PWD={PASSWORD}",
    )
    retry_policy = RetryPolicy(attempts=5, first=0.2, longest=1.0, read_timeout=5.0)
    settings = SqlSettings("SELECT * FROM obs", Order("t", ("id",)), retry_policy=retry_policy)
    batches = SqlSource(read_credential("restarted"), settings).batches(size=500)
    read = list(next(batches)["id"])
    start()
    read += [number for batch in batches for number in batch["id"]]
    assert read == list(range(COUNT))
