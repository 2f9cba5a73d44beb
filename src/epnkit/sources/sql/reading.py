"""Reading a query's records in order, as a stream or in pages, and continuing after a record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_

import polars as pl
from polars.selectors import float as floats

from epnkit.errors import SourceError
from epnkit.sources.base import UNREADABLE
from epnkit.sources.sql.column_types import Row, SqlColumn
from epnkit.sources.sql.columns import QuerySchema
from epnkit.sources.sql.pages import PageReader
from epnkit.sources.sql.select_list import refuse_unreadable_key
from epnkit.sources.sql.session import Statement
from epnkit.sources.sql.statements import Condition, WrappedQuery
from epnkit.sources.transport.paging import (
    BatchAndCheckpoint,
    Checkpoint,
    Page,
    SeenFilter,
    Segment,
    read_segments,
)

#: How many of the last records are remembered, since the database may take keys for equal.
_MOST_OF_ONE_KEY = 1000

SqlSegment = Segment[Condition, SqlColumn]


def split_by_order(segments: Sequence[SqlSegment], wrapped: WrappedQuery) -> Iterator[SqlSegment]:
    """Split segments into records with all values of the order, and those with a null in it.

    Nothing compares as less or greater than a null, so reading in pages cannot continue after one.
    Records with nulls are read in one result.
    """
    for segment in segments:
        complete = wrapped.is_complete(segment.order)
        yield replace(segment, condition=segment.condition & complete)
        incomplete = reduce(or_, map(wrapped.is_null, segment.order))
        yield Segment(segment.condition & incomplete, ())


@dataclass(frozen=True)
class QueryReader:
    """Reads the records of a query.

    Parameters
    ----------
    schema : QuerySchema
        The query.
    keyed : bool
        Whether records have a key.
    where : str
        The source, for messages.
    """

    schema: QuerySchema
    keyed: bool
    where: str

    def read(
        self, reader: PageReader, segments: Sequence[SqlSegment], start: Checkpoint, size: int
    ) -> Iterator[BatchAndCheckpoint]:
        """Read the segments of a window one after the other, starting at a checkpoint.

        Parameters
        ----------
        reader : PageReader
            The connection.
        segments : sequence of Segment
            The segments of the window.
        start : Checkpoint
            Where to start.
        size : int
            How many records a page has.

        Yields
        ------
        tuple
            A batch, and the checkpoint after it.

        Raises
        ------
        SourceError
            If too many records have the same key, or there is no key to continue by.
        """

        def read_segment(
            segment: SqlSegment, checkpoint: Checkpoint
        ) -> Iterator[BatchAndCheckpoint]:
            streamed = reader.streams_results or not segment.order
            read = self._read_stream if streamed else self._read_pages
            return read(reader, segment, checkpoint, size)

        return read_segments(segments, read_segment, start)

    def _read_stream(
        self, reader: PageReader, segment: SqlSegment, checkpoint: Checkpoint, size: int
    ) -> Iterator[BatchAndCheckpoint]:
        """Read one result as a stream."""
        seen = checkpoint.seen
        statement = self._statement(segment, checkpoint)
        for page in reader.read_pages(statement, size, segment.order):
            refuse_unreadable_key(page.frame, segment.order, self.where)
            yield from _drop_seen(page, checkpoint, seen)
            seen = ()  # only the first page repeats records

    def _read_pages(
        self, reader: PageReader, segment: SqlSegment, checkpoint: Checkpoint, size: int
    ) -> Iterator[BatchAndCheckpoint]:
        """Read page by page, each by its own statement."""
        while True:
            limit = size + len(checkpoint.seen)
            statement = self._statement(segment, checkpoint, limit)
            page = _join_pages(list(reader.read_pages(statement, limit, segment.order)))
            if page is None:
                return
            refuse_unreadable_key(page.frame, segment.order, self.where)
            if page.frame.height == limit == size + _MOST_OF_ONE_KEY:
                self._refuse_endless(page, segment)
            fresh = list(_drop_seen(page, checkpoint, checkpoint.seen))
            yield from fresh
            if page.frame.height < limit or not fresh:
                return
            checkpoint = fresh[-1][1]

    def _statement(
        self, segment: SqlSegment, checkpoint: Checkpoint, limit: int | None = None
    ) -> Statement:
        wrapped, condition = self.schema.wrapped, segment.condition
        if checkpoint.started:
            self._refuse_unordered(checkpoint)
            condition &= wrapped.starting_at(segment.order, checkpoint.last)
        return wrapped.select(self.schema.select_list, condition, segment.order, limit)

    def _refuse_endless(self, page: Page, segment: SqlSegment) -> None:
        """Refuse more records of one key than are remembered: the same page would be read again."""
        names = [column.field for column in segment.order]
        if page.frame.select(names)[[0, -1]].is_duplicated().all():
            raise SourceError(
                f"more than {_MOST_OF_ONE_KEY} records have one key",
                where=self.where,
                why=f"such as {', '.join(names)} {', '.join(map(str, page.last))}",
                cure="Complete the key in service.py: it has to distinguish any two records",
            )

    def _refuse_unordered(self, checkpoint: Checkpoint) -> None:
        if not self.keyed or not checkpoint.last or None in checkpoint.last:
            raise SourceError(
                "reading broke off in the middle",
                where=self.where,
                why="without a key in every record there is no way to continue",
                cure='Name the key in service.py, key=("id",), or read again',
            )


def _drop_seen(
    page: Page, checkpoint: Checkpoint, seen: Sequence[Row]
) -> Iterator[BatchAndCheckpoint]:
    """Yield the new records of a page, if there are any, and the checkpoint after it.

    In a join several records may have one key, so whole records are compared.
    """
    fresh = _filter_new(page.frame, seen) if seen else page.frame
    if fresh.height:
        yield fresh, checkpoint.advance(page.last, _rows(page.frame.tail(_MOST_OF_ONE_KEY)))


def _filter_new(frame: pl.DataFrame, seen: Sequence[Row]) -> pl.DataFrame:
    # Repeated records are mixed with at most as many others of their key.
    first = frame.head(2 * _MOST_OF_ONE_KEY)
    new = SeenFilter(seen).find_new(_rows(first))
    return pl.concat([first.filter(pl.Series(new, dtype=pl.Boolean)), frame.slice(first.height)])


def _rows(frame: pl.DataFrame) -> list[tuple[object, ...]]:
    """Return rows that can be compared: NaN as null, since it equals nothing, and lists as text."""
    frame = frame.drop(UNREADABLE, strict=False)  # which not all pages have
    texts = [
        pl.Series(name, [None if each is None else repr(list(each)) for each in frame[name]])
        for name, dtype in frame.schema.items()
        if isinstance(dtype, pl.List)
    ]
    return frame.with_columns(floats().fill_nan(None), *texts).rows()


def _join_pages(pages: list[Page]) -> Page | None:
    if not pages:
        return None
    return Page(pl.concat([page.frame for page in pages], how="diagonal"), pages[-1].last)
