"""What a connection to a database offers, whatever its driver: statements, answers, errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import polars as pl

from epnkit.sources.config.credentials import Secret
from epnkit.sources.sql.column_types import Row
from epnkit.sources.sql.driver_errors import driver_errors, source_error
from epnkit.sources.sql.watchdog import Watchdog

Result = TypeVar("Result")

#: What is set in each session: times with a zone are to come in UTC, and dates in one form.
SESSION_SETTINGS = {
    "postgresql": "SELECT set_config('TimeZone', 'UTC', false),"
    " set_config('DateStyle', 'ISO, YMD', false)"
}

#: How long a connection may take to open, in seconds.
CONNECT_TIMEOUT = 30


@dataclass(frozen=True)
class Statement:
    """A statement for the database: fixed text, then conditions with bound values.

    Parameters
    ----------
    head : str
        The text that holds the service's query, given to the database as it is.
    tail : str
        What follows it, with ``?`` for each value.
    values : tuple
        The values.
    """

    head: str
    tail: str = ""
    values: tuple[object, ...] = ()


class SqlAnswer(Protocol):
    """The rows of one statement, as they come."""

    #: Name and type of each column; None if the driver doesn't know the type.
    columns: list[tuple[str, pl.DataType | None]]

    def fetch(self, size: int) -> Sequence[Row]:
        """Fetch the next rows, at most so many; none at the end."""
        ...


class SqlSession(Protocol):
    """A connection to a database."""

    #: postgresql, mysql, sqlite or another name.
    dialect: str
    #: The character around an identifier.
    quote: str
    #: The ODBC driver and its version, ``psqlodbcw.so 13.02.0000``; empty for other drivers.
    driver_version: str
    #: Whether its driver may be read from while the server still sends.
    single_answer: bool
    #: Whether its driver cuts values off: texts at a NUL, and numbers after 15 figures.
    truncates_values: bool

    def execute(self, statement: Statement) -> SqlAnswer:
        """Run a statement."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...


class DriverCalls:
    """Calls a driver for a limited time, and raises its errors as ours, without the password.

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
