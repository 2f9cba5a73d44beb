"""The data calendar: a sheet a year, a column a week, the more granules the stronger the square."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from epnkit.report.facts import active

#: The day number that Python's calendar counts from.
_ORIGIN = 1721425

#: How many shades there are.
SHADES = 4

#: How many years are shown, the last ones.
SHOWN = 60


@dataclass(frozen=True)
class Year:
    """A sheet of the calendar.

    Parameters
    ----------
    number : int
        The year.
    shades : list of str
        For each shade the squares that have it, in the words of SVG, in a box of 54 by 7.
    empty : str
        The squares of days without data.
    days, most : int
        How many days have data, and the largest number of granules on one.
    """

    number: int
    shades: list[str]
    empty: str
    days: int
    most: int


def years(pairs: Sequence[tuple[int, int, int]]) -> list[Year]:
    """Draw a calendar of all years with data, the last one first.

    Parameters
    ----------
    pairs : sequence of tuple
        First and last Julian day number, and how many granules have both.
    """
    start, counts = active(pairs)
    highest = max(counts, default=0)
    by_year: dict[int, dict[date, int]] = {}
    for offset, count in enumerate(counts):
        if count:
            day = date.fromordinal(start + offset - _ORIGIN)
            by_year.setdefault(day.year, {})[day] = count
    return [_year(number, by_year[number], highest) for number in sorted(by_year, reverse=True)]


def bounds(highest: int) -> list[int]:
    """Give the smallest number of granules of each shade, on a logarithmic scale."""
    return [max(1, math.ceil(highest ** (shade / SHADES))) for shade in range(SHADES)]


def _year(number: int, counts: dict[date, int], highest: int) -> Year:
    lows = bounds(highest)
    shades, empty = [""] * SHADES, ""
    for day in _all(number):
        count = counts.get(day, 0)
        square = f"M{_week(day)}.05 {day.weekday()}.05h.9v.9h-.9z"
        if count:
            shades[max(n for n, low in enumerate(lows) if low <= count)] += square
        else:
            empty += square
    return Year(number, shades, empty, len(counts), max(counts.values()))


def _all(number: int) -> list[date]:
    first = date(number, 1, 1)
    return [first + timedelta(days=n) for n in range((date(number, 12, 31) - first).days + 1)]


def _week(day: date) -> int:
    """Count the weeks from the one that holds the first of January."""
    first = date(day.year, 1, 1)
    return ((day - first).days + first.weekday()) // 7
