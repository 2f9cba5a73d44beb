"""Answers of a database as pages of records: out of rows, or out of blocks of columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import polars as pl

from epnkit.sources.sql.column_types import Column, frame
from epnkit.sources.sql.session import Session, Statement


@dataclass(frozen=True)
class Page:
    """Some records of an answer.

    Parameters
    ----------
    frame : polars.DataFrame
        The records, at least one.
    last : tuple
        What the last one has in the columns of the order, as the driver takes it back.
    """

    frame: pl.DataFrame
    last: tuple[object, ...]


class Pages(Protocol):
    """A connection whose answers come as pages."""

    @property
    def streams(self) -> bool:
        """Whether its driver may be read from while the server still sends."""
        ...

    def pages(self, statement: Statement, size: int, order: Sequence[Column]) -> Iterator[Page]:
        """Ask, and give the records at most so many at a time."""
        ...


@dataclass(frozen=True)
class Rows:
    """Pages out of rows, which every driver gives.

    Parameters
    ----------
    link : Session
        The connection.
    columns : sequence of Column
        The columns of each answer.
    where : str
        The source, for messages.
    """

    link: Session
    columns: Sequence[Column]
    where: str

    @property
    def streams(self) -> bool:
        """Whether its driver may be read from while the server still sends."""
        return self.link.streams

    def pages(self, statement: Statement, size: int, order: Sequence[Column]) -> Iterator[Page]:
        """Ask, and give the records at most so many at a time."""
        answer = self.link.ask(statement)
        places = [self.columns.index(column) for column in order]
        for rows in iter(partial(answer.take, size), []):
            last = tuple(rows[-1][place] for place in places)
            yield Page(frame(rows, self.columns, self.where), last)
