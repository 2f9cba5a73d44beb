"""The times that ``makeQuery`` writes are read alike by each database, by its ODBC driver."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from pathlib import Path

import pyodbc
import pytest
from scripts.servers.processes import Server

from tests.integration.sources.test_sql import odbc
from tests.unit.loading.test_query import build_whole_query

pytest_plugins = ["tests.support.servers"]

QUERY = "SELECT id, seen FROM plates_of_makequery"


def connection_string(kind: str, directory: Path, request: pytest.FixtureRequest) -> str:
    if kind == "sqlite":
        return f"Driver=SQLite3;Database={directory}/plates.sqlite"
    server: Server = request.getfixturevalue(kind)
    return odbc(kind, server.port)


@pytest.mark.parametrize("written", ["text", "timestamp"])
@pytest.mark.parametrize("kind", ["mariadb", "postgresql", "sqlite"])
def test_a_time_is_read(
    kind: str, written: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with closing(
        pyodbc.connect(connection_string(kind, tmp_path, request), autocommit=True)
    ) as link:
        link.execute("DROP TABLE IF EXISTS plates_of_makequery")
        link.execute("CREATE TABLE plates_of_makequery (id INTEGER, seen TIMESTAMP NULL)")
        for day in (1, 4, 5, 9):
            moment = f"2003-01-{day:02d} 06:00:00"
            link.execute("INSERT INTO plates_of_makequery VALUES (?, ?)", day, moment)
        highest = datetime(2003, 1, 9, 6)
        query = build_whole_query(QUERY, highest, form="time", lag=4, written=written)
        assert [row[0] for row in link.execute(f"{query} ORDER BY id")] == [5, 9]
        link.execute("DROP TABLE plates_of_makequery")
