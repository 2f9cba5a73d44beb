"""Connections to databases by SQLAlchemy's URLs, never buffered whole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import polars as pl
import sqlalchemy as sa

from epnkit.errors import SourceError
from epnkit.sources.config.credentials import Secret
from epnkit.sources.sql.column_types import Row, of_python
from epnkit.sources.sql.driver_errors import driver_errors, label
from epnkit.sources.sql.session import Answer, Statement, Told
from epnkit.sources.sql.timeouts import limit

#: psycopg's type numbers (pg_type.oid) of what isn't text.
_POSTGRESQL: dict[int, type] = {
    16: bool,
    17: bytes,
    20: int,
    21: int,
    23: int,
    26: int,
    700: float,
    701: float,
    1700: float,
}


class _AlchemyAnswer:
    def __init__(self, result: sa.CursorResult[Any], dialect: str, told: Told) -> None:
        self._result, self._told = result, told
        kinds = [described[1] for described in result.cursor.description] if result.cursor else []
        known = _postgresql if dialect == "postgresql" else of_python
        self.columns = [(n, known(k)) for n, k in zip(result.keys(), kinds, strict=True)]

    def take(self, size: int) -> Sequence[Row]:
        return self._told(lambda: self._result.fetchmany(size))


def _postgresql(number: object) -> pl.DataType | None:
    """Name the type for a PostgreSQL type number; dates are known by their values."""
    known = _POSTGRESQL.get(number) if isinstance(number, int) else None
    times = {1082: pl.Date(), 1083: pl.Time(), 1114: pl.Datetime("us"), 1184: pl.Datetime("us")}
    if known is None and isinstance(number, int):
        return times.get(number, pl.String())
    return of_python(known)


class AlchemySession:
    """A connection by SQLAlchemy, whose answers stream.

    Parameters
    ----------
    told : Told
        Calls the driver.
    secret : Secret
        A URL.
    encoding : str, optional
        Of texts, for SQLite.

    Raises
    ------
    SourceError
        Where another driver is given an encoding.
    """

    streams, cuts = True, False

    def __init__(self, told: Told, secret: Secret, encoding: str | None) -> None:
        self._told = told
        self._engine = told(partial(engine_of, secret))
        name = self._engine.dialect.name
        self.dialect = "mysql" if name == "mariadb" else name
        if encoding and self.dialect != "sqlite":
            raise SourceError(
                "`encoding` is not for this driver",
                where=label(secret),
                cure="Take it out of the source file, and say it in the URL: for PostgreSQL"
                " ?client_encoding=latin1, for MariaDB and MySQL ?charset=latin1",
            )
        with told.listening.opening():
            self._link = told(self._engine.connect)
        self.quote = "`" if self.dialect == "mysql" else '"'
        if encoding:
            connection: Any = self._link.connection.driver_connection
            connection.text_factory = partial(str, encoding=encoding)
        self._limit()
        self._link = self._link.execution_options(stream_results=True)

    def _limit(self) -> None:
        """See to it that no query goes on at the server when it is not waited for any more."""
        if self.dialect == "mysql":
            # A limit would count how long the reader takes for the answer, which streams.
            number = int(self._told(lambda: self._link.scalar(sa.text("SELECT CONNECTION_ID()"))))
            self._told.listening.cancel = partial(self._kill, number)
        elif limiting := limit(self.dialect, self._told.silence):
            self._told(lambda: self._link.execute(sa.text(limiting)))

    def _kill(self, number: int) -> None:
        """End the query of a connection by another one."""
        with suppress(*driver_errors()), self._engine.connect() as link:
            link.execute(sa.text(f"KILL QUERY {number:d}"))

    def ask(self, statement: Statement) -> Answer:
        """Run a statement."""
        run = partial(self._link.execute, _text(statement), _named(statement))
        return _AlchemyAnswer(self._told(run), self.dialect, self._told)

    def close(self) -> None:
        """End the connection."""
        self._told(self._link.close)
        self._engine.dispose()


def engine_of(secret: Secret) -> sa.Engine:
    """Make what opens connections by SQLAlchemy.

    Raises
    ------
    SourceError
        When the driver that the URL names, or means, is not installed.
    """
    try:
        return sa.create_engine(secret.reveal(), poolclass=sa.NullPool)
    except ImportError as error:
        raise SourceError(
            "the driver of this URL is not installed",
            where=label(secret),
            why=str(error),
            cure="Install it, or name another one, such as postgresql+psycopg2://",
        ) from None


def _text(statement: Statement) -> sa.TextClause:
    """Name the bound values, and keep colons of the service's query from naming any."""
    numbers = iter(range(len(statement.values)))
    tail = re.sub(r"\?", lambda _: f":value_{next(numbers)}", statement.tail)
    return sa.text(statement.head.replace(":", "\\:") + tail)


def _named(statement: Statement) -> dict[str, object]:
    return {f"value_{number}": value for number, value in enumerate(statement.values)}
