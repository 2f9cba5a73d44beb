"""Reading page by page, where records of one key are many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl
import pytest

from epnkit.errors import SourceError
from epnkit.sources.sql.column_types import Column
from epnkit.sources.sql.columns import Shape
from epnkit.sources.sql.pages import Page
from epnkit.sources.sql.reading import Leg, Place, Reading
from epnkit.sources.sql.session import Statement
from epnkit.sources.sql.statements import ANY, Wrapped

COLUMNS = (Column("id", pl.Int64()), Column("value", pl.Int64()))


@dataclass(frozen=True)
class Ties:
    """A database all of whose records have the key 1."""

    count: int
    streams: bool = False

    def pages(self, statement: Statement, size: int, order: Sequence[Column]) -> Iterator[Page]:
        """Give the first records, as from the key 1 on."""
        frame = pl.DataFrame({"id": [1] * self.count, "value": range(self.count)})[:size]
        yield Page(frame, (1,))


def read(count: int) -> list[int]:
    reading = Reading(Shape(Wrapped("SELECT 1", "`"), COLUMNS, dialect="mysql"), True, "thing")
    legs = [Leg(ANY, COLUMNS[:1])]
    batches = reading.legs(Ties(count), legs, Place(0), 100)
    return [value for batch, _ in batches for value in batch["value"]]


def test_as_many_as_are_remembered_come_once() -> None:
    assert read(900) == list(range(900))


def test_more_are_an_error_and_no_endless_reading() -> None:
    with pytest.raises(SourceError, match="more than 1000 records have one key") as raised:
        read(5000)
    assert "Complete the key" in str(raised.value)
