"""Connections to databases by SQLAlchemy's URLs, with results that stream."""

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
from epnkit.sources.sql.session import DriverCaller, SqlAnswer, Statement
from epnkit.sources.sql.timeouts import write_session_statements

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
    def __init__(
        self, result: sa.CursorResult[Any], dialect: str, call_driver: DriverCaller
    ) -> None:
        self._result, self._call_driver = result, call_driver
        described = result.cursor.description if result.cursor else []
        known = _mysql_type if dialect == "mysql" else _python_type
        self.columns = [(n, known(d)) for n, d in zip(result.keys(), described, strict=True)]

    def fetch(self, size: int) -> Sequence[Row]:
        return self._call_driver(lambda: self._result.fetchmany(size))


def _python_type(described: Sequence[Any]) -> pl.DataType | None:
    return type_of_python(described[1])


def _mysql_type(described: Sequence[Any]) -> pl.DataType | None:
    """Return the type for a type number of MySQL; None for types that are inferred from values."""
    number, size = described[1], described[3]
    return pl.Boolean() if (number, size) == (_BIT, 1) else _MYSQL.get(number)


class AlchemySession:
    """A connection by SQLAlchemy, whose results stream.

    Parameters
    ----------
    call_driver : DriverCaller
        Calls the driver.
    secret : Secret
        A URL.
    encoding : str, optional
        The encoding of texts, for SQLite.

    Raises
    ------
    SourceError
        If a driver other than that of SQLite is given an encoding.
    """

    driver_version, streams_results, truncates_values = "", True, False

    def __init__(self, call_driver: DriverCaller, secret: Secret, encoding: str | None) -> None:
        self._call_driver = call_driver
        self._engine = call_driver(partial(make_engine, secret))
        name = self._engine.dialect.name
        self.dialect = "mysql" if name == "mariadb" else name
        if encoding and self.dialect != "sqlite":
            raise SourceError(
                "`encoding` is not for this driver",
                where=describe_connection(secret),
                cure="Take it out of the source file, and give it in the URL: for PostgreSQL"
                " ?client_encoding=latin1, for MariaDB and MySQL ?charset=latin1",
            )
        with call_driver.watchdog.track_sockets():
            self._connection = call_driver(self._engine.connect)
        self.quote = "`" if self.dialect == "mysql" else '"'
        if self.dialect == "sqlite":
            # An invalid text becomes unreadable, instead of ending the query.
            driver_connection: Any = self._connection.connection.driver_connection
            driver_connection.text_factory = partial(
                str, encoding=encoding or "utf-8", errors="surrogateescape"
            )
        self._configure_session()
        self._connection = self._connection.execution_options(stream_results=True)

    def _configure_session(self) -> None:
        """Set the form of times, and end queries at the server once nobody waits for them."""
        if self.dialect == "mysql":
            # A limit would include the time in which the reader processes the streamed rows.
            number = int(
                self._call_driver(
                    lambda: self._connection.scalar(sa.text("SELECT CONNECTION_ID()"))
                )
            )
            self._call_driver.watchdog.cancel = partial(self._kill, number)
            return
        for statement in write_session_statements(self.dialect, self._call_driver.read_timeout):
            self._call_driver(partial(self._connection.execute, sa.text(statement)))

    def _kill(self, number: int) -> None:
        """Kill the query of a connection, over another connection."""
        with suppress(*driver_errors()), self._engine.connect() as connection:
            connection.execute(sa.text(f"KILL QUERY {number:d}"))

    def execute(self, statement: Statement) -> SqlAnswer:
        """Run a statement."""
        run = partial(self._connection.execute, _text_clause(statement), _named_values(statement))
        return _AlchemyAnswer(self._call_driver(run), self.dialect, self._call_driver)

    def close(self) -> None:
        """Close the connection."""
        self._call_driver(self._connection.close)
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
    """Name the bound values, and escape all other colons, which would name one too."""
    numbers = iter(range(len(statement.values)))

    def replace(found: re.Match[str]) -> str:
        return f":value_{next(numbers)}" if found[0] == "?" else _escape_colons(found[0])

    return sa.text(_escape_colons(statement.head) + _TAIL.sub(replace, statement.tail))


#: The pieces of a statement's tail: quoted names and texts, other text, and placeholders.
_TAIL = re.compile(r"""(["`']).*?\1|[^"`'?]+|\?""", re.DOTALL)


def _escape_colons(text: str) -> str:
    return text.replace(":", "\\:")


def _named_values(statement: Statement) -> dict[str, object]:
    return {f"value_{number}": value for number, value in enumerate(statement.values)}
