"""Reading a query's records in order: page by page or as they come, and going on behind a row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl
from polars.selectors import float as floats

from epnkit.errors import SourceError
from epnkit.sources.sql.column_types import Column, Row
from epnkit.sources.sql.columns import Shape
from epnkit.sources.sql.pages import Page, Pages
from epnkit.sources.sql.session import Statement
from epnkit.sources.sql.statements import Condition

#: How many of the last records are remembered, for those that the database takes for equal.
_TIES = 1000


@dataclass(frozen=True)
class Leg:
    """A part of a window, read in one order."""

    condition: Condition
    order: tuple[Column, ...]


@dataclass(frozen=True)
class Place:
    """Where reading goes on.

    Parameters
    ----------
    leg : int
        The leg.
    last : tuple
        What the last record of it has in the columns of the order.
    had : sequence of rows
        The last records, whole: of a join several may have one key.
    begun : bool
        Whether any record of the leg was had.
    """

    leg: int
    last: tuple[object, ...] = ()
    had: Sequence[Row] = ()
    begun: bool = False


@dataclass(frozen=True)
class Reading:
    """How the records of a query are read.

    Parameters
    ----------
    shape : Shape
        The query.
    keyed : bool
        Whether records have a key.
    where : str
        The source, for messages.
    """

    shape: Shape
    keyed: bool
    where: str

    def legs(
        self, link: Pages, legs: Sequence[Leg], start: Place, size: int
    ) -> Iterator[tuple[pl.DataFrame, Place]]:
        """Read the legs of a window one after the other, from a place on.

        Yields
        ------
        tuple
            A batch, and the place behind it.
        """
        for number, leg in enumerate(legs[start.leg :], start.leg):
            here = start if number == start.leg else Place(number)
            yield from (self._streamed if link.streams else self._paged)(link, leg, here, size)

    def _streamed(
        self, link: Pages, leg: Leg, place: Place, size: int
    ) -> Iterator[tuple[pl.DataFrame, Place]]:
        """Read one answer as it comes."""
        fresh = _Fresh(place)
        for page in link.pages(self._statement(leg, place), size, leg.order):
            yield from fresh.of(page)

    def _paged(
        self, link: Pages, leg: Leg, place: Place, size: int
    ) -> Iterator[tuple[pl.DataFrame, Place]]:
        """Read page by page, each an answer that is whole before it is looked at."""
        while True:
            most = size + len(place.had)
            statement = self._statement(leg, place, most)
            page = _joined(list(link.pages(statement, most, leg.order)))
            if page is None:
                return
            if page.frame.height == most == size + _TIES:
                self._refuse_endless(page, leg)
            fresh = list(_Fresh(place).of(page))
            yield from fresh
            if page.frame.height < most or not fresh:
                return
            place = fresh[-1][1]

    def _statement(self, leg: Leg, place: Place, most: int | None = None) -> Statement:
        shape, condition = self.shape, leg.condition
        if place.begun:
            self._refuse_unordered(place)
            condition &= shape.wrapped.from_row(leg.order, place.last)
        return shape.wrapped.select(shape.what, condition, leg.order, most)

    def _refuse_endless(self, page: Page, leg: Leg) -> None:
        """Refuse more records of one key than are remembered: the same page would come for ever."""
        names = [column.field for column in leg.order]
        if page.frame.select(names)[[0, -1]].is_duplicated().all():
            raise SourceError(
                f"more than {_TIES} records have one key",
                where=self.where,
                why=f"{', '.join(names)} {', '.join(map(str, page.last))} does not tell them apart",
                cure="Complete the key in service.py: it has to tell each record from every other",
            )

    def _refuse_unordered(self, place: Place) -> None:
        if not self.keyed or None in place.last:
            raise SourceError(
                "reading broke off in the middle",
                where=self.where,
                why="without a key in every record there is no way to go on",
                cure='Name the key in the source file, key = ["id"], or read again',
            )


class _Fresh:
    """Leaves out records that were had before, each as often as it was had."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._had = Counter(place.had)

    def of(self, page: Page) -> Iterator[tuple[pl.DataFrame, Place]]:
        """Give what is new in a page, if anything is, and the place behind it."""
        kept = self._without(page.frame) if self._had else page.frame
        self._had.clear()  # whatever comes again comes first
        if kept.height:
            had = _rows(page.frame.tail(_TIES))
            yield kept, Place(self._place.leg, page.last, had, begun=True)

    def _without(self, frame: pl.DataFrame) -> pl.DataFrame:
        # What comes again is mixed with as many of its like at most.
        first = _rows(frame.head(2 * _TIES))
        fresh = [not self._spend(row) for row in first]
        return pl.concat(
            [
                frame.head(len(first)).filter(pl.Series(fresh, dtype=pl.Boolean)),
                frame.slice(len(first)),
            ]
        )

    def _spend(self, row: Row) -> bool:
        left = self._had[row]
        self._had[row] = left - 1 if left else 0
        return bool(left)


def _rows(frame: pl.DataFrame) -> Sequence[Row]:
    """Take a frame apart; what is not a number does not even equal itself."""
    return frame.with_columns(floats().fill_nan(None)).rows()


def _joined(pages: list[Page]) -> Page | None:
    if not pages:
        return None
    return Page(pl.concat([page.frame for page in pages]), pages[-1].last)
