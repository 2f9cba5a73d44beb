"""Connections to databases by SQLAlchemy's URLs, never buffered whole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import polars as pl

from epnkit.errors import SourceError
from epnkit.modules import requires_extra
from epnkit.sources.config.credentials import Secret
from epnkit.sources.sql.column_types import Row, type_of_python
from epnkit.sources.sql.driver_errors import describe_connection, driver_errors
from epnkit.sources.sql.session import SESSION_SETTINGS, DriverCalls, SqlAnswer, Statement
from epnkit.sources.sql.timeouts import write_limit_statement

with requires_extra("sql"):
    import sqlalchemy as sa


#: Types, by their number in MySQL's protocol, that drivers return as different Python types.
_MYSQL: dict[object, pl.DataType] = {
    4: pl.Float32(),
    7: pl.Datetime("us"),
    10: pl.Date(),
    11: pl.Time(),
    12: pl.Datetime("us"),
    14: pl.Date(),
}

#: The number of a field of bits.
_BIT = 16


class _AlchemyAnswer:
    def __init__(self, result: sa.CursorResult[Any], dialect: str, driver: DriverCalls) -> None:
        self._result, self._driver = result, driver
        described = result.cursor.description if result.cursor else []
        known = _mysql_type if dialect == "mysql" else _python_type
        self.columns = [(n, known(d)) for n, d in zip(result.keys(), described, strict=True)]

    def fetch(self, size: int) -> Sequence[Row]:
        return self._driver(lambda: self._result.fetchmany(size))


def _python_type(described: Sequence[Any]) -> pl.DataType | None:
    return type_of_python(described[1])


def _mysql_type(described: Sequence[Any]) -> pl.DataType | None:
    """Choose the type for a type number of MySQL; types of other values are found by looking."""
    number, size = described[1], described[3]
    return pl.Boolean() if (number, size) == (_BIT, 1) else _MYSQL.get(number)


class AlchemySession:
    """A connection by SQLAlchemy, whose answers stream.

    Parameters
    ----------
    driver : DriverCalls
        Calls the driver.
    secret : Secret
        A URL.
    encoding : str, optional
        Of texts, for SQLite.

    Raises
    ------
    SourceError
        If a driver other than that of SQLite is given an encoding.
    """

    driver_version, single_answer, truncates_values = "", True, False

    def __init__(self, driver: DriverCalls, secret: Secret, encoding: str | None) -> None:
        self._driver = driver
        self._engine = driver(partial(make_engine, secret))
        name = self._engine.dialect.name
        self.dialect = "mysql" if name == "mariadb" else name
        if encoding and self.dialect != "sqlite":
            raise SourceError(
                "`encoding` is not for this driver",
                where=describe_connection(secret),
                cure="Take it out of the source file, and give it in the URL: for PostgreSQL"
                " ?client_encoding=latin1, for MariaDB and MySQL ?charset=latin1",
            )
        with driver.watchdog.track_sockets():
            self._connection = driver(self._engine.connect)
        self.quote = "`" if self.dialect == "mysql" else '"'
        if self.dialect == "sqlite":
            # A value that is not valid text is lost, and the query goes on.
            driver_connection: Any = self._connection.connection.driver_connection
            driver_connection.text_factory = partial(
                str, encoding=encoding or "utf-8", errors="surrogateescape"
            )
        self._limit()
        self._connection = self._connection.execution_options(stream_results=True)

    def _limit(self) -> None:
        """Make sure that no query continues at the server once nobody waits for it."""
        if self.dialect == "mysql":
            # A limit would count how long the reader takes for the answer, which streams.
            number = int(
                self._driver(lambda: self._connection.scalar(sa.text("SELECT CONNECTION_ID()")))
            )
            self._driver.watchdog.cancel = partial(self._kill, number)
        elif limiting := write_limit_statement(self.dialect, self._driver.read_timeout):
            self._driver(lambda: self._connection.execute(sa.text(limiting)))
        if setting := SESSION_SETTINGS.get(self.dialect):
            self._driver(lambda: self._connection.execute(sa.text(setting)))

    def _kill(self, number: int) -> None:
        """End the query of a connection by another one."""
        with suppress(*driver_errors()), self._engine.connect() as connection:
            connection.execute(sa.text(f"KILL QUERY {number:d}"))

    def execute(self, statement: Statement) -> SqlAnswer:
        """Run a statement."""
        run = partial(self._connection.execute, _text_clause(statement), _named_values(statement))
        return _AlchemyAnswer(self._driver(run), self.dialect, self._driver)

    def close(self) -> None:
        """End the connection."""
        self._driver(self._connection.close)
        self._engine.dispose()


def make_engine(secret: Secret) -> sa.Engine:
    """Create the engine of SQLAlchemy.

    Raises
    ------
    SourceError
        If the driver that the URL names, or means, is not installed.
    """
    try:
        return sa.create_engine(secret.reveal(), poolclass=sa.NullPool)
    except ImportError as error:
        raise SourceError(
            "the driver of this URL is not installed",
            where=describe_connection(secret),
            why=str(error),
            cure="Install it, or name another one, such as postgresql+psycopg2://",
        ) from None


def _text_clause(statement: Statement) -> sa.TextClause:
    """Name the bound values, and keep colons of the service's query from naming any."""
    numbers = iter(range(len(statement.values)))
    tail = re.sub(r"\?", lambda _: f":value_{next(numbers)}", statement.tail)
    return sa.text(statement.head.replace(":", "\\:") + tail)


def _named_values(statement: Statement) -> dict[str, object]:
    return {f"value_{number}": value for number, value in enumerate(statement.values)}
