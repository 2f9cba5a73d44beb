"""Databases of the property tests: how each is connected to, and read as a source."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

import pyodbc
from scripts.servers.databases import DATABASE, PASSWORD, USER

from epnkit.sources.base import Order
from epnkit.sources.config.credentials import Secret
from epnkit.sources.sql.columns import NO_OVERRIDES, ColumnOverrides
from epnkit.sources.sql.source import SqlSettings, SqlSource

_ACCOUNT = f"Server=127.0.0.1;Database={DATABASE};UID={USER};PWD={PASSWORD};Port={{}}"
_ADDRESS = f"://{USER}:{PASSWORD}@127.0.0.1:{{}}/{DATABASE}"

#: How each database is connected to: by ODBC, and by a URL.
CONNECTIONS = {
    "mariadb": (f"Driver=MariaDB Unicode;{_ACCOUNT}", f"mysql+pymysql{_ADDRESS}"),
    "postgresql": (f"Driver=PostgreSQL Unicode;{_ACCOUNT}", f"postgresql+psycopg2{_ADDRESS}"),
    "sqlite": ("Driver=SQLite3;Database={}", "sqlite:///{}"),
}


@dataclass(frozen=True)
class Database:
    """A database.

    Parameters
    ----------
    name : str
        mariadb, postgresql or sqlite.
    where : int or str
        Its port, or its file.
    """

    name: str
    where: int | str

    def execute(self, *statements: str) -> None:
        """Run statements."""
        with closing(self.connect()) as session:
            for statement in statements:
                session.execute(statement)

    def connect(self) -> pyodbc.Connection:
        """Open a connection, whose statements count at once."""
        return pyodbc.connect(CONNECTIONS[self.name][0].format(self.where), autocommit=True)

    def open_source(
        self,
        way: str,
        query: str,
        key: Sequence[str] = ("id",),
        cursor: str | None = None,
        overrides: ColumnOverrides = NO_OVERRIDES,
        digest: bool = False,
    ) -> SqlSource:
        """Open a query as a source, by ``odbc`` or ``url``."""
        text = CONNECTIONS[self.name][way == "url"].format(self.where)
        order = Order(cursor, tuple(key))
        settings = SqlSettings(query, order, None, overrides, digest=digest)
        return SqlSource(Secret("fuzz", text), settings)
