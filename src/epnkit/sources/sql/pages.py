"""Results of a database as pages of records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from epnkit.sources.sql.column_types import SqlColumn, build_frame
from epnkit.sources.sql.session import SqlSession, Statement
from epnkit.sources.transport.paging import Page


class PageReader(Protocol):
    """A connection whose results come as pages."""

    @property
    def streams_results(self) -> bool:
        """Whether the driver streams rows instead of buffering the whole result."""
        ...

    def read_pages(
        self, statement: Statement, size: int, order: Sequence[SqlColumn]
    ) -> Iterator[Page]:
        """Run a statement, and yield its records in pages of at most `size`."""
        ...


@dataclass(frozen=True)
class RowReader:
    """Makes pages of rows, which every driver gives.

    Parameters
    ----------
    session : SqlSession
        The connection.
    columns : sequence of SqlColumn
        The columns of each result.
    """

    session: SqlSession
    columns: Sequence[SqlColumn]

    @property
    def streams_results(self) -> bool:
        """Whether the driver streams rows instead of buffering the whole result."""
        return self.session.streams_results

    def read_pages(
        self, statement: Statement, size: int, order: Sequence[SqlColumn]
    ) -> Iterator[Page]:
        """Run a statement, and yield its records in pages of at most `size`."""
        answer = self.session.execute(statement)
        positions = [self.columns.index(column) for column in order]
        while rows := answer.fetch(size):
            frame = build_frame(rows, self.columns)
            last = tuple(
                frame[column.field][-1] if _is_comparable(column) else rows[-1][position]
                for column, position in zip(order, positions, strict=True)
            )
            yield Page(frame, last)


def _is_comparable(column: SqlColumn) -> bool:
    """Return whether the database can compare a column with the values of a batch.

    Rounded values, and those of a declared type, differ from its own; the driver's own ones may be
    texts that are selected for what the driver would truncate.
    """
    converted = column.selected_as_text or column.is_hex
    return converted or (column.from_driver and not column.lossy)
