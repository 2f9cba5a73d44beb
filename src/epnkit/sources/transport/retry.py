"""Trying again what may help, with growing pauses, and continuing where reading broke off."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import polars as pl

from epnkit.errors import TransientSourceError
from epnkit.sources.config.settings import Settings
from epnkit.sources.transport.paging import Checkpoint

Result = TypeVar("Result")

#: How often in a row a source may time out before it is given up.
_MOST_TIMEOUTS = 1


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
        self.args = (error, seconds)  # with which it is built again when it leaves a process


class SourceTimeoutError(TransientSourceError):
    """The source sent nothing for too long; it may still be busy with the request."""


@dataclass(frozen=True)
class RetryPolicy:
    """How often to try, and how long to wait in between.

    Parameters
    ----------
    attempts : int
        How often in a row something may fail; by a timeout not more than twice.
    first, factor, longest : float
        The first pause in seconds, by what each next one is longer, and the longest.
    read_timeout : float
        How many seconds a server may send nothing before the connection counts as broken.
    """

    attempts: int = 5
    first: float = 0.5
    factor: float = 2.0
    longest: float = 60.0
    read_timeout: float = 120.0

    def pause(self, failures: int, error: TransientSourceError) -> float:
        """Return how many seconds to wait after so many failures in a row."""
        pause = self.first * self.factor ** (failures - 1)
        if isinstance(error, RetryLaterError):
            pause = max(pause, error.seconds)
        return min(pause, self.longest)


#: The policy of a source whose file says nothing else.
DEFAULT_RETRY = RetryPolicy()


def take_retry_policy(
    settings: Settings, read_timeout: float = RetryPolicy.read_timeout
) -> RetryPolicy:
    """Take ``attempts`` and ``timeout`` of a source file.

    Parameters
    ----------
    settings : Settings
        The source file.
    read_timeout : float
        The seconds that apply if it names none.

    Raises
    ------
    ConfigurationError
        If one is not a whole number above zero.
    """
    return RetryPolicy(
        settings.take_positive("attempts", RetryPolicy.attempts),
        read_timeout=float(settings.take_positive("timeout", int(read_timeout))),
    )


@dataclass
class _Failures:
    """What failed since something last succeeded."""

    policy: RetryPolicy
    failures: int = 0
    timeouts: int = 0

    def wait_or_raise(self, error: TransientSourceError) -> None:
        """Wait after a failure, or give up with its error."""
        self.failures += 1
        self.timeouts += isinstance(error, SourceTimeoutError)
        # A server may be busy with every request that it did not answer.
        if self.failures >= self.policy.attempts or self.timeouts > _MOST_TIMEOUTS:
            raise error
        time.sleep(self.policy.pause(self.failures, error))


def retry(action: Callable[[], Result], policy: RetryPolicy) -> Result:
    """Do something that may fail for a while.

    Parameters
    ----------
    action : callable
        What to do.
    policy : RetryPolicy
        How often to try.

    Returns
    -------
    object
        What the action returns.

    Raises
    ------
    TransientSourceError
        The last one, if it failed as often as the policy allows.
    """
    failed = _Failures(policy)
    while True:
        try:
            return action()
        except TransientSourceError as error:
            failed.wait_or_raise(error)


def resume(
    read: Callable[[Checkpoint | None], Iterator[tuple[pl.DataFrame, Checkpoint]]],
    policy: RetryPolicy,
) -> Iterator[pl.DataFrame]:
    """Read batches, and start again after the last whole one if reading breaks off.

    Parameters
    ----------
    read : callable
        Given the checkpoint to continue from (None at the start), gives batches, each with the
        checkpoint after it.
    policy : RetryPolicy
        How often it may break off without a batch in between.

    Yields
    ------
    polars.DataFrame
        The batches, each once.

    Raises
    ------
    TransientSourceError
        The last one, if it broke off as often as the policy allows.
    """
    checkpoint: Checkpoint | None = None
    failed = _Failures(policy)
    while True:
        try:
            for batch, next_checkpoint in read(checkpoint):
                checkpoint, failed = next_checkpoint, _Failures(policy)
                yield batch
        except TransientSourceError as error:
            failed.wait_or_raise(error)
        else:
            return
