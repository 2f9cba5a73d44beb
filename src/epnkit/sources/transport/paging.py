"""Reading a window in segments and pages, so that it can continue after any page.

A window falls into two segments: the records with a value in the cursor, ordered by cursor and
key, and those without one, ordered by the key. What a condition is, and how a page of a segment
is requested, is for each kind of source to say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import polars as pl

from epnkit.errors import SourceError
from epnkit.sources.base import Window

Condition = TypeVar("Condition")
Field = TypeVar("Field")


@dataclass(frozen=True)
class Segment(Generic[Condition, Field]):
    """A part of a window that is read in one order.

    Parameters
    ----------
    condition : object
        Which records belong to it, in the source's own terms.
    order : tuple
        The fields by which they are ordered, in the source's own terms.
    """

    condition: Condition
    order: tuple[Field, ...]


@dataclass(frozen=True)
class Checkpoint:
    """Where reading continues.

    Parameters
    ----------
    segment : int
        The number of the segment.
    last : tuple
        The values of its order in the last record that was read.
    seen : sequence
        Records that may come again, in a form that distinguishes them.
    started : bool
        Whether any record of the segment was read.
    """

    segment: int = 0
    last: tuple[Any, ...] = ()
    seen: Sequence[Any] = ()
    started: bool = False

    def advance(self, last: tuple[Any, ...], seen: Sequence[Any] = ()) -> Checkpoint:
        """Return the checkpoint after a page of the same segment."""
        return replace(self, last=last, seen=seen, started=True)


@dataclass(frozen=True)
class Page:
    """Records that a source gave at once.

    Parameters
    ----------
    frame : polars.DataFrame
        The records, at least one.
    last : tuple
        The values of the order in the last one, as the source takes them back.
    """

    frame: pl.DataFrame
    last: tuple[Any, ...]


#: A batch of records, and the checkpoint after it.
BatchAndCheckpoint = tuple[pl.DataFrame, Checkpoint]


def require_cursor(cursor: object | None, window: Window, where: str) -> None:
    """Refuse a window of a source that has no cursor.

    Raises
    ------
    SourceError
        If the window leaves records out and there is no cursor.
    """
    if cursor is None and not window.everything:
        raise SourceError(
            "a window needs a cursor",
            where=where,
            cure='Name one in service.py, cursor=Cursor("modified"), or read the source whole',
        )


def split_window(
    window: Window,
    cursor: Field | None,
    key: Sequence[Field],
    *,
    every: Condition,
    inside: Callable[[Field], Condition],
    absent: Callable[[Field], Condition],
    where: str,
) -> list[Segment[Condition, Field]]:
    """Split a window into the records with a value in the cursor and those without.

    Parameters
    ----------
    window : Window
        The window.
    cursor : object, optional
        The cursor field, in the source's own terms, as the key is.
    key : sequence
        The fields that order records of one cursor value; they may name the cursor again.
    every : object
        The condition of all records.
    inside, absent : callable
        Give, for the cursor, the conditions of a value inside the window and of no value.
    where : str
        The source, for messages.

    Returns
    -------
    list of Segment
        One or two, to be read in this order.

    Raises
    ------
    SourceError
        If the window leaves records out and there is no cursor.
    """
    require_cursor(cursor, window, where)
    if cursor is None:
        return [Segment(every, tuple(key))]
    order = (cursor, *(field for field in key if field != cursor))
    segments = [Segment(inside(cursor), order)]
    return [*segments, Segment(absent(cursor), tuple(key))] if window.nulls else segments


def read_segments(
    segments: Sequence[Segment[Condition, Field]],
    read: Callable[[Segment[Condition, Field], Checkpoint], Iterator[BatchAndCheckpoint]],
    checkpoint: Checkpoint | None = None,
) -> Iterator[BatchAndCheckpoint]:
    """Read the segments of a window one after the other.

    Parameters
    ----------
    segments : sequence of Segment
        As :func:`split_window` gives them.
    read : callable
        Reads one segment from a checkpoint on.
    checkpoint : Checkpoint, optional
        Where to continue; without it reading starts at the first record.

    Yields
    ------
    tuple
        A batch, and the checkpoint after it; :func:`~epnkit.sources.transport.retry.resume` takes
        these.
    """
    start = checkpoint or Checkpoint()
    for number in range(start.segment, len(segments)):
        here = start if number == start.segment else Checkpoint(number)
        yield from read(segments[number], here)


def read_by_key(
    fetch: Callable[[Segment[Condition, Field], tuple[Any, ...]], Page | None],
    segment: Segment[Condition, Field],
    checkpoint: Checkpoint,
    where: str,
) -> Iterator[BatchAndCheckpoint]:
    """Read a segment page by page, each requested by the values after which it begins.

    Parameters
    ----------
    fetch : callable
        Given the segment and the last values (none at its start), reads the page after them, or
        None at the end.
    segment : Segment
        What to read; its key distinguishes all its records.
    checkpoint : Checkpoint
        Where to begin.
    where : str
        The source, for messages.

    Yields
    ------
    tuple
        The records of a page, and the checkpoint after it.

    Raises
    ------
    SourceError
        If the last record of a page has no value in the order, after which the next could begin.
    """
    here = checkpoint
    while (page := fetch(segment, here.last)) is not None:
        here = here.advance(page.last)
        yield page.frame, here
        require_values(page.last, segment.order, where)


def require_values(values: Sequence[Any], order: Sequence[object], where: str) -> None:
    """Refuse an order that cannot continue after a record: pages are cut by its values.

    Raises
    ------
    SourceError
        If a value is missing.
    """
    if None in values:
        raise SourceError(
            f"a record has no {order[values.index(None)]!r}",
            where=where,
            why="the key is what batches are cut by",
            cure="Name a key that every record has, or none at all",
        )


class SeenFilter:
    """Finds records that were read before, each as often as it was read.

    Parameters
    ----------
    seen : iterable
        What distinguishes each record that was read before from others.
    """

    def __init__(self, seen: Iterable[Hashable]) -> None:
        self._left = Counter(seen)

    def find_new(self, records: Iterable[Hashable]) -> list[bool]:
        """Return for each record whether it is new; what repeats a seen one uses that one up."""
        return [not self._use_up(record) for record in records]

    def _use_up(self, record: Hashable) -> bool:
        left = self._left[record]
        self._left[record] = left - 1 if left else 0
        return bool(left)
