"""What a connection to a database offers, whatever its driver: statements, answers, errors told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import polars as pl

from epnkit.sources.config.credentials import Secret
from epnkit.sources.sql.column_types import Row
from epnkit.sources.sql.driver_errors import driver_errors, source_error
from epnkit.sources.sql.watchdog import Listening

Result = TypeVar("Result")

#: How long a connection may take to open, in seconds.
CONNECT_TIMEOUT = 30


@dataclass(frozen=True)
class Statement:
    """A question to the database: fixed text, then conditions with bound values.

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


class Answer(Protocol):
    """The rows of one statement, as they come."""

    #: Name and type of each column; None where the driver doesn't know the type.
    columns: list[tuple[str, pl.DataType | None]]

    def take(self, size: int) -> Sequence[Row]:
        """Give the next rows, at most so many; none at the end."""
        ...


class Session(Protocol):
    """A connection to a database."""

    #: postgresql, mysql, sqlite or another name.
    dialect: str
    #: The character around an identifier.
    quote: str
    #: Whether its driver may be read from while the server still sends.
    streams: bool
    #: Whether its driver cuts texts off at a NUL.
    cuts: bool

    def ask(self, statement: Statement) -> Answer:
        """Run a statement."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...


class Told:
    """Calls a driver for a while, and tells its errors without the password.

    Parameters
    ----------
    secret : Secret
        The credential in use.
    silence : float
        How many seconds a call may take.
    """

    def __init__(self, secret: Secret, silence: float) -> None:
        self.silence, self.listening = silence, Listening(secret, silence)
        self._secret = secret

    def __call__(self, action: Callable[[], Result]) -> Result:
        """Call the driver.

        Raises
        ------
        SourceError
            For what the driver raised.
        """
        try:
            return self.listening.to(action)
        except driver_errors() as error:
            raise source_error(error, self._secret) from None
