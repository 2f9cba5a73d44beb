"""The interface of a connection to a database, whatever its driver: statements, results, errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import polars as pl

from epnkit.sources.config.credentials import Secret
from epnkit.sources.sql.column_types import Row
from epnkit.sources.sql.driver_errors import driver_errors, source_error
from epnkit.sources.sql.watchdog import Watchdog

Result = TypeVar("Result")

#: How long a connection may take to open, in seconds.
CONNECT_TIMEOUT = 30


@dataclass(frozen=True)
class Statement:
    """A statement: the service's query, then conditions with bound values.

    Parameters
    ----------
    head : str
        The text with the service's query, which is not changed.
    tail : str
        The text after it, with ``?`` for each value.
    values : tuple
        The values.
    """

    head: str
    tail: str = ""
    values: tuple[object, ...] = ()


class SqlAnswer(Protocol):
    """The result of one statement."""

    #: Name and type of each column; None if the driver doesn't know the type.
    columns: list[tuple[str, pl.DataType | None]]

    def fetch(self, size: int) -> Sequence[Row]:
        """Fetch the next rows, at most `size`; an empty sequence at the end."""
        ...


def iterate_rows(answer: SqlAnswer, size: int) -> Iterator[Row]:
    """Yield all rows of a result, fetching at most `size` at a time."""
    while rows := answer.fetch(size):
        yield from rows


class SqlSession(Protocol):
    """A connection to a database."""

    #: postgresql, mysql, sqlite or another name.
    dialect: str
    #: The character around an identifier.
    quote: str
    #: The ODBC driver and its version, ``psqlodbcw.so 13.02.0000``; empty for other drivers.
    driver_version: str
    #: Whether the driver streams rows instead of buffering the whole result.
    streams_results: bool
    #: Whether the driver truncates values: texts at a NUL, and numbers after 15 digits.
    truncates_values: bool

    def execute(self, statement: Statement) -> SqlAnswer:
        """Run a statement."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


class DriverCaller:
    """Calls a driver with a time limit, and raises its errors as epnkit's, without the password.

    Parameters
    ----------
    secret : Secret
        The credential in use.
    read_timeout : float
        How many seconds a call may take.
    """

    def __init__(self, secret: Secret, read_timeout: float) -> None:
        self.read_timeout, self.watchdog = read_timeout, Watchdog(secret, read_timeout)
        self._secret = secret

    def __call__(self, action: Callable[[], Result]) -> Result:
        """Call the driver.

        Raises
        ------
        SourceError
            For what the driver raised.
        """
        try:
            return self.watchdog.call(action)
        except driver_errors() as error:
            raise source_error(error, self._secret) from None
