"""Statements around a service's query: windows, order, and continuing after a record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_

from epnkit.sources.base import Window
from epnkit.sources.sql.column_types import SqlColumn
from epnkit.sources.sql.session import Statement
from epnkit.sources.values.window_bounds import comparable_bound

#: The name under which the service's query is known to the database.
SUBQUERY_NAME = "epnkit_records"

#: The column that numbers the records of a window in its order.
_POSITION = "epnkit_position"


@dataclass(frozen=True)
class Condition:
    """A condition and the values bound in it."""

    text: str
    values: tuple[object, ...] = ()

    def __and__(self, other: Condition) -> Condition:
        texts = [f"({part.text})" for part in (self, other) if part.text]
        return Condition(" AND ".join(texts), self.values + other.values)

    def __or__(self, other: Condition) -> Condition:
        if not (self.text and other.text):
            return NO_CONDITION
        return Condition(f"({self.text}) OR ({other.text})", self.values + other.values)


#: The condition that every record meets.
NO_CONDITION = Condition("")


@dataclass(frozen=True)
class WrappedQuery:
    """A service's query as a subquery, so that conditions can be put on its columns.

    Parameters
    ----------
    query : str
        One SELECT.
    quote : str
        The character around identifiers.
    row_comparison_uses_index : bool
        Whether the database uses an index for ``(a, b) >= (?, ?)``.
    """

    query: str
    quote: str
    row_comparison_uses_index: bool = False

    def quote_name(self, column: SqlColumn) -> str:
        """Quote a column's name."""
        mark = self.quote
        closing = "]" if mark == "[" else mark
        return f"{mark}{column.name.replace(closing, closing * 2)}{closing}"

    def select_item(self, column: SqlColumn) -> str:
        """Write a column's item of a select list: its expression, under its name."""
        name = self.quote_name(column)
        return f"{column.expression} AS {name}" if column.expression else name

    def select(
        self,
        what: str = "*",
        condition: Condition = NO_CONDITION,
        order: Sequence[SqlColumn] = (),
        limit: int | None = None,
    ) -> Statement:
        """Select from the records that meet a condition, in an order, at most `limit`."""
        query = self.query.strip().rstrip(";")
        head = f"SELECT {what} FROM (\n{query}\n) AS {SUBQUERY_NAME}"  # noqa: S608 (from the service)
        tail = f" WHERE {condition.text}" if condition.text else ""
        # The subquery's column, which may have an index, not the expression of the same name.
        names = ", ".join(f"{SUBQUERY_NAME}.{self.quote_name(column)}" for column in order)
        tail += f" ORDER BY {names}" if names else ""
        tail += f" LIMIT {limit:d}" if limit is not None else ""
        return Statement(head, tail, condition.values)

    def select_every(self, column: SqlColumn, condition: Condition, size: int) -> Statement:
        """Select every size-th value of a column, in the order of the database."""
        name = self.quote_name(column)
        inner = self.select(
            f"{name}, ROW_NUMBER() OVER (ORDER BY {name}) AS {_POSITION}", condition
        )
        head = f"SELECT {self.select_item(column)} FROM ({inner.head}"  # noqa: S608 (from the service)
        # Not by the value, which may be selected as a text.
        tail = f"{inner.tail}) AS numbered WHERE {_POSITION} % {size:d} = 0 ORDER BY {_POSITION}"
        return Statement(head, tail, inner.values)

    def select_nothing(self) -> Statement:
        """Select no record, to get only the columns."""
        return self.select(condition=Condition("1 = 0"))

    def is_null(self, column: SqlColumn) -> Condition:
        """Require that a column has no value."""
        return Condition(f"{self.quote_name(column)} IS NULL")

    def is_complete(self, columns: Sequence[SqlColumn]) -> Condition:
        """Require that each of the columns has a value."""
        each = (Condition(f"{self.quote_name(column)} IS NOT NULL") for column in columns)
        return reduce(and_, each, NO_CONDITION)

    def between(self, cursor: SqlColumn, window: Window) -> Condition:
        """Require that the cursor has a value inside the window."""
        name = self.quote_name(cursor)
        low, high = window.low, window.high
        found = self.is_complete([cursor])
        if low is not None:
            sign = ">=" if window.low_closed else ">"
            bound = comparable_bound(low, cursor.dtype, cursor.name)
            found &= Condition(f"{name} {sign} ?", (bound,))
        if high is not None:
            sign = "<=" if window.high_closed else "<"
            bound = comparable_bound(high, cursor.dtype, cursor.name)
            found &= Condition(f"{name} {sign} ?", (bound,))
        return found

    def starting_at(self, order: Sequence[SqlColumn], last: Sequence[object]) -> Condition:
        """Require that a record is the last one read, or follows it in the order.

        The last one is included, because different texts may be equal to the database
        (case-insensitive collations): the caller drops the records that it has seen.
        """
        if self.row_comparison_uses_index:
            names = ", ".join(map(self.quote_name, order))
            marks = ", ".join("?" * len(order))
            return Condition(f"({names}) >= ({marks})", tuple(last))
        first, *others = order
        name = self.quote_name(first)
        if not others:
            return Condition(f"{name} >= ?", (last[0],))
        same = Condition(f"{name} = ?", (last[0],)) & self.starting_at(others, last[1:])
        follows = Condition(f"{name} > ?", (last[0],)) | same
        return Condition(f"{name} >= ?", (last[0],)) & follows  # for which an index is used
