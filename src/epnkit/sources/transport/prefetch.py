"""Working ahead: on the next batches, while the batch before is being worked on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from threading import get_ident
from typing import TypeVar

BatchAndCheckpoint = TypeVar("BatchAndCheckpoint")
Item = TypeVar("Item")
Result = TypeVar("Result")

#: The threads whose readers have not ended.  A reader that is given up with an error is collected
#: in one go with all that only it knows; its thread must outlive it, or it would wait for ever.
_RUNNING: set[ThreadPoolExecutor] = set()


def prefetch(steps: Iterator[BatchAndCheckpoint]) -> Generator[BatchAndCheckpoint]:
    """Take steps from an iterator in a thread, one more than was asked for.

    Waiting for a server and reading its answer then cost nothing while there is other work.  The
    first step is taken at once; at most one is held besides the one that is being worked on.

    Parameters
    ----------
    steps : iterator
        What to take from, in one thread only; a generator is closed when the reader stops early.

    Yields
    ------
    object
        The steps in their order; an error comes where it would have come.
    """
    reader = _read_ahead(steps)
    next(reader)
    return reader  # type: ignore[return-value]  # what comes after the start is steps


def _read_ahead(steps: Iterator[BatchAndCheckpoint]) -> Generator[BatchAndCheckpoint | None]:
    """Yield nothing when the thread has started, so that it is ended with the generator."""
    workers: list[int] = []
    thread = ThreadPoolExecutor(1, "prefetch", initializer=lambda: workers.append(get_ident()))
    _RUNNING.add(thread)
    try:
        coming = thread.submit(_take_step, steps)
        yield None
        while step := coming.result():
            coming = thread.submit(_take_step, steps)
            yield step[0]
    finally:
        _RUNNING.discard(thread)
        # At the interpreter's end no thread takes anything more.
        with suppress(RuntimeError):
            closed = thread.submit(_close_steps, steps)
            # The collector may come by in the thread itself, which cannot wait for its own end.
            waits = get_ident() not in workers
            if waits:
                closed.result()
            thread.shutdown(wait=waits)


def _take_step(steps: Iterator[BatchAndCheckpoint]) -> tuple[BatchAndCheckpoint] | None:
    """Take a step; an exception that ends an iterator cannot be carried from a thread."""
    for step in steps:
        return (step,)
    return None


def _close_steps(steps: Iterator[BatchAndCheckpoint]) -> None:
    close = getattr(steps, "close", None)
    if close is not None:
        close()


def map_ahead(
    function: Callable[[Item], Result], items: Iterable[Item], threads: int
) -> Iterator[Result]:
    """Apply a function to items, to some at the same time.

    Parameters
    ----------
    function : callable
        What is applied, in several threads.
    items : iterable
        To what it is applied; it is read in the thread that asks for results.
    threads : int
        To how many at the same time.

    Yields
    ------
    object
        The results in the order of the items; an error comes where it would have come.
    """
    pool, coming = ThreadPoolExecutor(threads, "ahead"), deque[Future[Result]]()
    try:
        for item in items:
            coming.append(pool.submit(function, item))
            if len(coming) == threads:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()
    finally:
        # Without waiting: the collector may come by in one of these threads.
        pool.shutdown(wait=False, cancel_futures=True)
