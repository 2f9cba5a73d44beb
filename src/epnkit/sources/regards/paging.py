"""Where reading a search goes on.

With a cursor a page is asked for by the last value that was read, and what was read of that value
is left out: nothing is shifted by products that come or go meanwhile, and no page is deep.  Pages
are counted only among products of one value, and where there is no cursor.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from epnkit.errors import SourceError, TransientSourceError
from epnkit.sources.base import CursorValue
from epnkit.sources.regards.lucene import format_value
from epnkit.sources.regards.products import Answer
from epnkit.sources.values.times import to_naive_utc


@dataclass(frozen=True)
class Position:
    """Where the next page begins.

    Parameters
    ----------
    value : object, optional
        The last value of the cursor that was read.
    number : int
        The number of the page, among those from that value on.
    seen : frozenset of str
        The products of that value that were read.
    total : int, optional
        How many products the pages of this value, which are counted, are of.
    ended : bool
        Whether no page follows.
    """

    value: CursorValue | None = None
    number: int = 0
    seen: frozenset[str] = frozenset()
    total: int | None = None
    ended: bool = False

    @property
    def since(self) -> str | None:
        """The lower end of the range of the next query."""
        return None if self.value is None else format_value(self.value)

    def select_new(self, features: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Select the products that were not read yet."""
        return [each for each in features if each["id"] not in self.seen]

    def advance(self, answer: Answer, values: Sequence[CursorValue]) -> Position:
        """Return where the page after this one begins.

        Parameters
        ----------
        answer : Answer
            The page.
        values : sequence
            The cursor of each of its products, ascending; empty if there is no cursor.
        """
        last = values[-1] if values else None
        if last == self.value:
            seen = frozenset(each["id"] for each in answer.features) if values else frozenset()
            return Position(last, self.number + 1, self.seen | seen, answer.total, answer.is_last)
        pairs = zip(answer.features, values, strict=True)
        same = frozenset(each["id"] for each, value in pairs if value == last)
        return Position(last, 0, same, None, answer.is_last)


#: Where a segment begins.
START = Position()


def check_answer(answer: Answer, position: Position, where: str) -> None:
    """Refuse a page that contradicts its own total, or the pages before.

    Raises
    ------
    TransientSourceError
        If it has fewer or more products than its total says.
    SourceError
        If the total changed among pages that are counted.
    """
    if len(answer.features) != answer.expected:
        raise TransientSourceError(
            f"a page holds {len(answer.features)} products instead of {answer.expected}",
            where=where,
            why=f"by its own total of {answer.total}",
            cure="Try again; if it stays so, lower `page` in the source file",
        )
    if position.total is not None and position.total != answer.total:
        raise SourceError(
            f"the number of products changed from {position.total} to {answer.total} while they"
            " were read",
            where=where,
            why="pages that are counted shift when products come or go",
            cure="Run it again; or name a cursor in service.py, by which pages are not counted",
        )


def read_cursor(
    features: Sequence[dict[str, Any]],
    position: Position,
    read: Callable[[dict[str, Any]], CursorValue | None],
    where: str,
) -> list[CursorValue]:
    """Read the cursor of each product of a page that was asked for in its order.

    Raises
    ------
    SourceError
        If one has no value that can be compared, or they are not in order.
    """
    values = [value for each in features if (value := _comparable(read(each))) is not None]
    if len(values) != len(features):
        raise SourceError(
            "a product has no date or number in the cursor, though REGARDS selected it by one",
            where=where,
            cure="Name a property of one date or number as the cursor in service.py",
        )
    known = values if position.value is None else [position.value, *values]
    if any(one > other for one, other in pairwise(known)):  # type: ignore[operator]
        raise SourceError(
            "REGARDS gives products in another order than it was asked for",
            where=where,
            cure="See that the cursor is an indexed property of the model; or name none",
        )
    return values


def _comparable(value: object) -> CursorValue | None:
    """Return a date as what REGARDS compares, milliseconds of UTC, and a number as it is."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if not isinstance(value, str | dt.datetime):
        return None
    try:
        found = to_naive_utc(value)
    except ValueError:
        return None
    return found.replace(microsecond=found.microsecond // 1000 * 1000)
