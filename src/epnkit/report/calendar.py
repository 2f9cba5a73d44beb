"""The data calendar: one sheet per year, one column per week, shaded by the number of granules."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from epnkit.report.facts import count_active

#: The Julian day number of day 0 of Python's calendar.
_ORIGIN = 1721425

#: The number of shades.
SHADES = 4

#: The number of years that are shown, the last ones.
SHOWN = 60


@dataclass(frozen=True)
class CalendarYear:
    """A sheet of the calendar.

    Parameters
    ----------
    number : int
        The year.
    shades : list of str
        For each shade its squares as an SVG path, in a box of 54 by 7.
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


def draw_years(pairs: Sequence[tuple[int, int, int]]) -> list[CalendarYear]:
    """Draw a calendar of all years with data, the last one first.

    Parameters
    ----------
    pairs : sequence of tuple
        First and last Julian day number, and the number of granules with both.
    """
    start, counts = count_active(pairs)
    highest = max(counts, default=0)
    by_year: dict[int, dict[date, int]] = {}
    for offset, count in enumerate(counts):
        if count:
            day = date.fromordinal(start + offset - _ORIGIN)
            by_year.setdefault(day.year, {})[day] = count
    return [
        _draw_year(number, by_year[number], highest) for number in sorted(by_year, reverse=True)
    ]


def shade_bounds(highest: int) -> list[int]:
    """Return the smallest number of granules of each shade, on a logarithmic scale."""
    return [max(1, math.ceil(highest ** (shade / SHADES))) for shade in range(SHADES)]


def _draw_year(number: int, counts: dict[date, int], highest: int) -> CalendarYear:
    lows = shade_bounds(highest)
    shades, empty = [""] * SHADES, ""
    for day in _list_days(number):
        count = counts.get(day, 0)
        square = f"M{_week_number(day)}.05 {day.weekday()}.05h.9v.9h-.9z"
        if count:
            shades[max(n for n, low in enumerate(lows) if low <= count)] += square
        else:
            empty += square
    return CalendarYear(number, shades, empty, len(counts), max(counts.values()))


def _list_days(number: int) -> list[date]:
    first = date(number, 1, 1)
    return [first + timedelta(days=n) for n in range((date(number, 12, 31) - first).days + 1)]


def _week_number(day: date) -> int:
    """Count the weeks from the one that holds the first of January."""
    first = date(day.year, 1, 1)
    return ((day - first).days + first.weekday()) // 7
