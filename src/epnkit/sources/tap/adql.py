"""Queries in ADQL: conditions of a window, what follows a row, and literals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from epnkit.sources.base import CursorValue, Window


@dataclass(frozen=True)
class Query:
    """A SELECT of one table.

    Parameters
    ----------
    columns : str
        What is selected.
    table : str
        The table.
    conditions : tuple of str
        What all rows meet.
    order : tuple of str
        The columns by which rows are ordered.
    top : int, optional
        How many rows at most.
    """

    columns: str
    table: str
    conditions: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    top: int | None = None

    def __str__(self) -> str:
        first = "SELECT" if self.top is None else f"SELECT TOP {self.top}"
        where = f" WHERE {' AND '.join(self.conditions)}" if self.conditions else ""
        order = f" ORDER BY {', '.join(self.order)}" if self.order else ""
        return f"{first} {self.columns} FROM {self.table}{where}{order}"


def window_conditions(cursor: str, window: Window) -> tuple[str, ...]:
    """Require a value of the cursor, and one inside the window."""
    found = [f"{cursor} IS NOT NULL"]
    if window.low is not None:
        found.append(f"{cursor} >{'=' * window.low_closed} {literal(window.low)}")
    if window.high is not None:
        found.append(f"{cursor} <{'=' * window.high_closed} {literal(window.high)}")
    return tuple(found)


def after_row(order: Sequence[str], last: Sequence[Any]) -> str:
    """Require a row to follow another in an order."""
    first, *others = order
    value = literal(last[0])
    if not others:
        return f"{first} > {value}"
    return f"({first} > {value} OR ({first} = {value} AND {after_row(others, last[1:])}))"


def literal(value: CursorValue) -> str:
    """Write a value in ADQL (section 2.2 of ADQL 2.0)."""
    if isinstance(value, bool | int | float):
        return repr(value)
    text = value if isinstance(value, str) else value.isoformat()
    return "'" + text.replace("'", "''") + "'"
