"""Times whose year, month, day, hour, minute and second are columns of their own."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from epnkit.mapping.outcome import Outcome
from epnkit.mapping.reading import as_floats, first_reason, refuse_unread
from epnkit.mapping.times import julian_date
from epnkit.times.scales import DAY


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
    whole_day = _require_day(clock, seconds)
    reasons = first_reason(*dates, *clock, whole_day, days)
    values = (days.values + seconds / DAY).set(reasons.is_not_null(), None)
    return Outcome(values.alias("julian_date"), reasons)


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
    given = part.fill_nan(None) if part.dtype.is_float() else part
    number = as_floats(given)
    fits = number.is_between(bounds.low, bounds.high, closed="left")
    if whole:
        fits &= number == number.floor()
    return refuse_unread(given, number.set(~fits.fill_null(value=False), None), bounds.what)


def _require_day(clock: list[Outcome], seconds: pl.Series) -> Outcome:
    """Refuse what is later than 24:00:00."""
    late = pl.Series([False]).new_from_index(0, len(seconds))
    if clock:
        late = ((clock[0].values >= 24.0) & (seconds > DAY)).fill_null(value=False)
    return Outcome.checked(seconds, seconds.set(late, None), "seconds are more than a day")
