"""Trying again what may help, with growing pauses, and going on where reading broke off."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import polars as pl

from epnkit.errors import TransientSourceError
from epnkit.sources.config.settings import Settings

Result = TypeVar("Result")
Place = TypeVar("Place")

#: How often something is asked again that was answered by silence.
_REPEATED = 1


class RetryLaterError(TransientSourceError):
    """The source named the pause itself (HTTP ``Retry-After``, RFC 9110 section 10.2.3).

    Parameters
    ----------
    error : TransientSourceError
        What happened.
    seconds : float
        The pause it asks for.
    """

    def __init__(self, error: TransientSourceError, seconds: float) -> None:
        super().__init__(error.what, where=error.where, why=error.why, cure=error.cure)
        self.seconds = seconds
        self.args = (error, seconds)  # with which it is built anew when it leaves a process


class SilentSourceError(TransientSourceError):
    """The source said nothing for too long; it may still be busy with what it was asked."""


@dataclass(frozen=True)
class Patience:
    """How often to try, and how long to wait in between.

    Parameters
    ----------
    attempts : int
        How often in a row something may fail; by silence not more than twice.
    first, factor, longest : float
        The first pause in seconds, by what each next one is longer, and the longest.
    silence : float
        How many seconds a server may say nothing before the connection counts as broken.
    """

    attempts: int = 5
    first: float = 0.5
    factor: float = 2.0
    longest: float = 60.0
    silence: float = 120.0

    def pause(self, failures: int, error: TransientSourceError) -> float:
        """Say how many seconds to wait after so many failures in a row."""
        pause = self.first * self.factor ** (failures - 1)
        if isinstance(error, RetryLaterError):
            pause = max(pause, error.seconds)
        return min(pause, self.longest)


#: The patience that a source has unless its file says otherwise.
PATIENT = Patience()


def patience_of(settings: Settings, silence: float = Patience.silence) -> Patience:
    """Read ``attempts`` and ``timeout`` (seconds, else those given) of a source file."""
    return Patience(
        settings.positive("attempts", Patience.attempts),
        silence=float(settings.positive("timeout", int(silence))),
    )


@dataclass
class _InARow:
    """What failed since something last went well."""

    patience: Patience
    failures: int = 0
    silences: int = 0

    def after(self, error: TransientSourceError) -> None:
        """Wait after a failure, or give up with its error."""
        self.failures += 1
        self.silences += isinstance(error, SilentSourceError)
        # A server may be busy with every question that it did not answer.
        if self.failures >= self.patience.attempts or self.silences > _REPEATED:
            raise error
        time.sleep(self.patience.pause(self.failures, error))


def persist(action: Callable[[], Result], patience: Patience) -> Result:
    """Do something that may fail for a while.

    Raises
    ------
    TransientSourceError
        The last one, when it failed as often as the patience allows.
    """
    failed = _InARow(patience)
    while True:
        try:
            return action()
        except TransientSourceError as error:
            failed.after(error)


def resumed(
    read: Callable[[Place | None], Iterator[tuple[pl.DataFrame, Place]]], patience: Patience
) -> Iterator[pl.DataFrame]:
    """Read batches, and start again behind the last whole one when reading breaks off.

    Parameters
    ----------
    read : callable
        Given the place to go on from (None at the start), gives batches, each with the place
        behind it.
    patience : Patience
        How often it may break off without a batch in between.

    Yields
    ------
    polars.DataFrame
        The batches, each once.
    """
    place: Place | None = None
    failed = _InARow(patience)
    while True:
        try:
            for batch, behind in read(place):
                place, failed = behind, _InARow(patience)
                yield batch
        except TransientSourceError as error:
            failed.after(error)
        else:
            return
