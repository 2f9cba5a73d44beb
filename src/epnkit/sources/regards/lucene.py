"""Conditions in Lucene's syntax, as REGARDS reads it.

REGARDS takes ranges of dates and numbers, open on one side at most, and none of texts; ``!`` before
a condition in brackets (``QueryParser`` and ``TermRangeQueryNodeBuilder`` of regards-backend).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from epnkit.sources.base import CursorValue, Window

#: The least date and number, since a range that is open on both sides is refused.
EARLIEST, LEAST = dt.datetime(1, 1, 1), -1.7976931348623157e308

#: An open end.
_OPEN = "*"


@dataclass(frozen=True)
class Selection:
    """Which products are wanted.

    Parameters
    ----------
    conditions : tuple of str
        Conditions that all of them meet.
    cursor : str
        The property whose values lie in a range; empty for no range.
    low, high : str
        The ends of the range, as a query has them.
    low_closed, high_closed : bool
        Whether the ends belong to it.
    """

    conditions: tuple[str, ...]
    cursor: str = ""
    low: str = _OPEN
    high: str = _OPEN
    low_closed: bool = True
    high_closed: bool = True

    def write(self, since: str | None = None) -> str:
        """Write the query, perhaps only of what does not come before a value of the cursor."""
        if not self.cursor:
            return combine(self.conditions)
        opening = "[" if since or self.low_closed else "{"
        closing = "]" if self.high_closed else "}"
        within = f"{self.cursor}:{opening}{since or self.low} TO {self.high}{closing}"
        return combine((*self.conditions, within))


def combine(conditions: Iterable[str]) -> str:
    """Write the condition that all of several hold.

    Examples
    --------
    >>> combine(["last:true", 'instrument:"AIA" OR instrument:"HMI"'])
    '(last:true) AND (instrument:"AIA" OR instrument:"HMI")'
    """
    return " AND ".join(f"({each})" for each in conditions)


def is_one_of(name: str, values: Iterable[str]) -> str:
    r"""Write the condition that a field has one of several values.

    Examples
    --------
    >>> print(is_one_of("providerId", ["map 1", 'a"b']))
    providerId:("map 1" OR "a\"b")
    """
    return f"{name}:({' OR '.join(map(_quote, values))})"


def select_window(
    conditions: tuple[str, ...], cursor: str, window: Window, *, dates: bool
) -> Selection:
    """Select the products with a value of the cursor in a window.

    Parameters
    ----------
    conditions : tuple of str
        Conditions that all of them meet.
    cursor : str
        The cursor.
    window : Window
        The window, with bounds of the cursor's type.  Times are compared in milliseconds by
        REGARDS, so the range may be wider by one.
    dates : bool
        Whether the cursor is a date, and no number.
    """
    low = window.low if window.low is not None else (EARLIEST if dates else LEAST)
    low_closed = window.low is None or window.low_closed or not is_exact(window.low)
    high_closed = window.high is None or window.high_closed or not is_exact(window.high)
    return Selection(
        conditions,
        cursor,
        format_value(low),
        _OPEN if window.high is None else format_value(window.high),
        low_closed,
        high_closed,
    )


def has_no_value(cursor: str, *, dates: bool) -> str:
    """Write the condition that a product has no value of the cursor."""
    return f"!({cursor}:[{format_value(EARLIEST if dates else LEAST)} TO {_OPEN}])"


def is_exact(value: CursorValue | None) -> bool:
    """Return whether a bound says the same in milliseconds."""
    return not isinstance(value, dt.datetime) or value.microsecond % 1000 == 0


def format_value(value: CursorValue) -> str:
    """Write a number, or a time (naive, UTC) to the millisecond below.

    Examples
    --------
    >>> format_value(dt.datetime(2012, 8, 10, 0, 5, 1, 875_900)), format_value(7)
    ('2012-08-10T00:05:01.875Z', '7')
    """
    if isinstance(value, dt.datetime):
        return value.isoformat(timespec="milliseconds") + "Z"
    return str(value)


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
