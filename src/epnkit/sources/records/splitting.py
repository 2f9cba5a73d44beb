"""Splitting a window of times so that no query selects more records than a service allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from epnkit.errors import SourceError
from epnkit.sources.base import CursorValue, Window

#: The ends of a window that has none, if a service's parameter takes two.
EARLIEST, LATEST = datetime(1600, 1, 1), datetime(2200, 1, 1)

#: To what record services resolve times.
_RESOLUTION = timedelta(milliseconds=1)


def format_bound(value: CursorValue, *, upper: bool = False) -> str:
    """Write a bound for a parameter: times to the millisecond, an upper one not too early.

    >>> format_bound(datetime(2012, 8, 10, 0, 5, 1, 875900), upper=True)
    '2012-08-10T00:05:01.876'
    """
    if not isinstance(value, datetime):
        return str(value)
    if upper and value.microsecond % 1000 and value < LATEST:
        value += _RESOLUTION
    return value.isoformat(timespec="milliseconds")


def close_window(window: Window) -> Window:
    """Give a window of times two ends, and no records without a time."""
    low = EARLIEST if window.low is None else window.low
    high = LATEST if window.high is None else window.high
    return replace(window, low=low, high=high, nulls=False)


def split_window(
    window: Window, most: int, count: Callable[[Window], int], where: str
) -> Iterator[Window]:
    """Halve a window until each part holds fewer records than a query may select.

    Parameters
    ----------
    window : Window
        A window of times with two ends.
    most : int
        How many records a query must not reach.
    count : callable
        Asks the service how many records a window holds.
    where : str
        The source, for messages.

    Yields
    ------
    Window
        The parts that hold any records, in the order of time.

    Raises
    ------
    SourceError
        If so many records have the same time.
    """
    held = count(window)
    if held == 0:
        return
    if held < most:
        yield window
        return
    low, high = window.low, window.high
    middle = _find_middle(low, high)
    if middle is None:
        raise SourceError(
            f"{held} records cannot be parted by time",
            where=where,
            why=f"the service lets a query select fewer than {most}",
            cure="Narrow them by `parameters` in the source file, in several sources if need be",
        )
    yield from split_window(replace(window, high=middle, high_closed=False), most, count, where)
    yield from split_window(replace(window, low=middle, low_closed=True), most, count, where)


def _find_middle(low: CursorValue | None, high: CursorValue | None) -> datetime | None:
    """Find the time in the middle of two; None if there is none that a service could tell apart."""
    if not isinstance(low, datetime) or not isinstance(high, datetime):
        return None
    middle = low + (high - low) / 2
    middle = middle.replace(microsecond=middle.microsecond // 1000 * 1000)
    return middle if low < middle < high else None
