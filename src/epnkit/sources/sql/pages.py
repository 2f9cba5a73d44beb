"""Answers of a database as pages of records: out of rows, or out of blocks of columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from epnkit.sources.sql.column_types import SqlColumn, build_frame
from epnkit.sources.sql.session import SqlSession, Statement
from epnkit.sources.transport.paging import Page


class PageReader(Protocol):
    """A connection whose answers come as pages."""

    @property
    def single_answer(self) -> bool:
        """Whether its driver may be read from while the server still sends."""
        ...

    def read_pages(
        self, statement: Statement, size: int, order: Sequence[SqlColumn]
    ) -> Iterator[Page]:
        """Run a statement, and give its records, at most so many at a time."""
        ...


@dataclass(frozen=True)
class RowReader:
    """Pages out of rows, which every driver gives.

    Parameters
    ----------
    session : SqlSession
        The connection.
    columns : sequence of SqlColumn
        The columns of each answer.
    """

    session: SqlSession
    columns: Sequence[SqlColumn]

    @property
    def single_answer(self) -> bool:
        """Whether its driver may be read from while the server still sends."""
        return self.session.single_answer

    def read_pages(
        self, statement: Statement, size: int, order: Sequence[SqlColumn]
    ) -> Iterator[Page]:
        """Run a statement, and give its records, at most so many at a time."""
        answer = self.session.execute(statement)
        places = [self.columns.index(column) for column in order]
        for rows in iter(partial(answer.fetch, size), []):
            frame = build_frame(rows, self.columns)
            # Numbers as the driver gives them: a type may round them.
            last = tuple(
                frame[column.field][-1]
                if column.selected_as_text or column.is_hex
                else rows[-1][place]
                for column, place in zip(order, places, strict=True)
            )
            yield Page(frame, last)
