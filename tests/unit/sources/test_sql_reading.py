"""Reading page by page, where records of one key are many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import cast

import polars as pl
import pytest

from epnkit.errors import SourceError
from epnkit.sources.sql.column_types import SqlColumn
from epnkit.sources.sql.columns import QuerySchema
from epnkit.sources.sql.pages import RowReader
from epnkit.sources.sql.reading import QueryReader
from epnkit.sources.sql.session import SqlSession, Statement, iterate_rows
from epnkit.sources.sql.statements import NO_CONDITION, Condition, WrappedQuery
from epnkit.sources.transport.paging import Checkpoint, Page, Segment

COLUMNS = (SqlColumn("id", pl.Int64()), SqlColumn("value", pl.Int64()))


@dataclass(frozen=True)
class Ties:
    """A database all of whose records have the key 1."""

    count: int
    streams_results: bool = False

    def read_pages(
        self, statement: Statement, size: int, order: Sequence[SqlColumn]
    ) -> Iterator[Page]:
        """Give the first records, as from the key 1 on."""
        frame = pl.DataFrame({"id": [1] * self.count, "value": range(self.count)})[:size]
        yield Page(frame, (1,))


def read(count: int) -> list[int]:
    reader = QueryReader(
        QuerySchema(WrappedQuery("SELECT 1", "`"), COLUMNS, dialect="mysql"), True, "thing"
    )
    segments = [Segment(NO_CONDITION, COLUMNS[:1])]
    batches = reader.read(Ties(count), segments, Checkpoint(), 100)
    return [value for batch, _ in batches for value in batch["value"]]


def test_as_many_as_are_remembered_come_once() -> None:
    assert read(900) == list(range(900))


def test_more_are_an_error_and_no_endless_reading() -> None:
    with pytest.raises(SourceError, match="more than 1000 records have one key") as raised:
        read(5000)
    assert "Complete the key" in str(raised.value)


def test_every_record_meets_no_condition_or_another_one() -> None:
    small = Condition("id < ?", (3,))
    assert NO_CONDITION | small == small | NO_CONDITION == NO_CONDITION
    assert NO_CONDITION & small == small & NO_CONDITION == Condition("(id < ?)", (3,))


class Tuples:
    """A driver that gives rows as a tuple, and an empty one at the end."""

    def __init__(self) -> None:
        self.columns: list[tuple[str, pl.DataType | None]] = []
        self.left: list[tuple[tuple[int, int], ...]] = [((1, 2),), ((3, 4), (5, 6)), ()]

    def fetch(self, size: int) -> tuple[tuple[int, int], ...]:
        """Fetch what is left; not beyond the end."""
        return self.left.pop(0)


def test_an_answer_ends_with_any_empty_sequence() -> None:
    session = cast(SqlSession, SimpleNamespace(execute=lambda statement: Tuples()))
    pages = RowReader(session, COLUMNS).read_pages(Statement("SELECT 1"), 2, COLUMNS[:1])
    assert [page.last for page in pages] == [(1,), (5,)]
    assert list(iterate_rows(Tuples(), 2)) == [(1, 2), (3, 4), (5, 6)]


@dataclass(frozen=True)
class Lists:
    """A database that gives records with lists again, those of the last key."""

    streams_results: bool = False

    def read_pages(
        self, statement: Statement, size: int, order: Sequence[SqlColumn]
    ) -> Iterator[Page]:
        """Give records from the key on that is bound."""
        start = int(str(statement.values[0])) if statement.values else 0
        numbers = list(range(start, 10))[:size]
        if numbers:
            lists = [[float("nan"), number] for number in numbers]
            yield Page(pl.DataFrame({"id": numbers, "value": lists}), (numbers[-1],))


def test_records_with_lists_that_come_again_come_once() -> None:
    columns = (COLUMNS[0], SqlColumn("value", pl.List(pl.Float64())))
    schema = QuerySchema(WrappedQuery("SELECT 1", "`"), columns, dialect="mysql")
    segments = [Segment(NO_CONDITION, columns[:1])]
    steps = list(QueryReader(schema, True, "thing").read(Lists(), segments, Checkpoint(), 3))
    assert [number for batch, _ in steps for number in batch["id"]] == list(range(10))
    later = QueryReader(schema, True, "thing").read(Lists(), segments, steps[0][1], 3)
    assert [number for batch, _ in later for number in batch["id"]] == list(range(3, 10))
