"""Times whose year, month, day, hour, minute and second are columns of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl

from epnkit.mapping.outcome import Outcome
from epnkit.mapping.reading import (
    as_floats,
    first_reason,
    from_numbers,
    numbers,
    refuse_unread,
    without_nan,
)
from epnkit.mapping.times import julian_date
from epnkit.times.scales import DAY, UNIX_EPOCH, Floats, ends_with_leap_second, utc_times


def julian_date_of_parts(
    year: pl.Series,
    month: pl.Series,
    day: pl.Series,
    hour: pl.Series | None = None,
    minute: pl.Series | None = None,
    second: pl.Series | None = None,
) -> Outcome:
    """Read times of which each part is a column.

    Parameters
    ----------
    year, month, day : polars.Series
        Whole numbers, or texts of them.
    hour, minute, second : polars.Series, optional
        Numbers, or texts of numbers; the second may have a fraction. One that is missing is 0.

    Returns
    -------
    Outcome
        Julian dates (UTC), and the reason if a part is none, or the date does not exist: years have
        four digits, and only the last part that there is may have a fraction.

    Examples
    --------
    >>> parts = [pl.Series([each]) for each in (2012, 5, 1, 6, 0, 30.0)]
    >>> julian_date_of_parts(*parts).values.to_list()
    [2456048.750347222]
    """
    dates = [
        _read_part(part, bounds) for part, bounds in zip((year, month, day), _DATE, strict=True)
    ]
    given = [
        (part, bounds)
        for part, bounds in zip((hour, minute, second), _CLOCK, strict=True)
        if part is not None
    ]
    clock = [
        _read_part(part, bounds, whole=number < len(given))
        for number, (part, bounds) in enumerate(given, 1)
    ]
    days = julian_date(_write_dates([each.values for each in dates]))
    seconds = pl.Series("seconds", [0.0]).new_from_index(0, len(year))
    for each, (_, bounds) in zip(clock, given, strict=True):
        seconds += each.values.fill_null(0.0) * bounds.seconds
    since = numbers(days.values) - UNIX_EPOCH
    reasons = first_reason(*dates, *clock, days, *_require_time_of_day(clock, seconds, since))
    passed = numbers(seconds)
    if clock:  # 24:00:00 begins the next day
        passed, since = _carry(numbers(clock[0].values), passed, since)
    made = from_numbers(utc_times(since, passed).julian_date, "julian_date")
    return Outcome(made.set(reasons.is_not_null(), None), reasons)


class _Bounds(NamedTuple):
    """What a part is called, its values from one to below another, and a unit of it in seconds."""

    what: str
    low: float
    high: float
    seconds: float = 0.0


#: The parts of a date.
_DATE = (
    _Bounds("a year of four digits", 1000, 10000),
    _Bounds("a month", 1, 13),
    _Bounds("a day", 1, 32),
)

#: The parts of a time of day: 24:00:00 is the end of a day, and leap seconds are the 61st.
_CLOCK = (
    _Bounds("an hour", 0, 25, 3600.0),
    _Bounds("a minute", 0, 60, 60.0),
    _Bounds("a second", 0, 61, 1.0),
)

#: The figures of year, month and day.
_WIDTHS = (4, 2, 2)


def _write_dates(parts: list[pl.Series]) -> pl.Series:
    """Write dates as ISO 8601 has them; null if a part is missing."""
    texts = [
        part.cast(pl.Int64).cast(pl.String).str.zfill(width)
        for part, width in zip(parts, _WIDTHS, strict=True)
    ]
    return (texts[0] + "-" + texts[1] + "-" + texts[2]).alias("date")


def _read_part(part: pl.Series, bounds: _Bounds, *, whole: bool = True) -> Outcome:
    given = without_nan(part)
    number = as_floats(given)
    fits = number.is_between(bounds.low, bounds.high, closed="left")
    if whole:
        fits &= number == number.floor()
    return refuse_unread(given, number.set(~fits.fill_null(value=False), None), bounds.what)


def _require_time_of_day(
    clock: list[Outcome], seconds: pl.Series, since: Floats
) -> Iterator[Outcome]:
    """Refuse what is later than 24:00:00, and a 61st second that is none of a leap second."""
    if not clock:
        return
    ends = (clock[0].values >= 24.0).fill_null(value=False)
    late = ends & (seconds > DAY)
    yield Outcome.checked(seconds, seconds.set(late, None), "seconds are more than a day")
    if len(clock) == len(_CLOCK):
        second = clock[-1].values
        leap = pl.Series(ends_with_leap_second(since)) & (seconds >= DAY) & ~ends
        wrong = ((second >= 60.0) & ~leap).fill_null(value=False)
        yield Outcome.checked(second, second.set(wrong, None), "is no second of this minute")


def _carry(hours: Floats, passed: Floats, since: Floats) -> tuple[Floats, Floats]:
    """Count what begins at 24 hours from the next midnight."""
    ends = hours >= 24.0
    return np.where(ends, passed - DAY, passed), np.where(ends, since + 1.0, since)
