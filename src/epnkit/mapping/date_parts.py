"""Times whose year, month, day, hour, minute and second are columns of their own."""

from __future__ import annotations

import polars as pl

from epnkit.mapping.outcome import Outcome
from epnkit.mapping.reading import first_reason, refuse_unread
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
        Julian dates (UTC), and the reason if a part is no number or the date does not exist.

    Examples
    --------
    >>> parts = [pl.Series([each]) for each in (2012, 5, 1, 6, 0, 30.0)]
    >>> julian_date_of_parts(*parts).values.to_list()
    [2456048.750347222]
    """
    day_parts = [
        _read_part(part, what) for part, (what, _) in zip((year, month, day), _DAY, strict=True)
    ]
    clock = [
        (_read_part(part, what), size)
        for part, (what, size) in zip((hour, minute, second), _CLOCK, strict=True)
        if part is not None
    ]
    days = julian_date(_write_dates([each.values for each in day_parts]))
    seconds = pl.Series("seconds", [0.0]).new_from_index(0, len(year))
    for each, size in clock:
        seconds += each.values.fill_null(0.0) * size
    reasons = first_reason(*day_parts, *(each for each, _ in clock), days)
    return Outcome((days.values + seconds / DAY).alias("julian_date"), reasons)


#: The parts of a date, with the figures that each is written with.
_DAY = (("a year", 4), ("a month", 2), ("a day", 2))

#: The parts of a time of day, with their lengths in seconds.
_CLOCK = (("an hour", 3600.0), ("a minute", 60.0), ("a second", 1.0))


def _write_dates(parts: list[pl.Series]) -> pl.Series:
    """Write dates as ISO 8601 has them; null if a part is missing."""
    texts = [
        part.cast(pl.Int64, strict=False).cast(pl.String).str.zfill(width)
        for part, (_, width) in zip(parts, _DAY, strict=True)
    ]
    return (texts[0] + "-" + texts[1] + "-" + texts[2]).alias("date")


def _read_part(part: pl.Series, what: str) -> Outcome:
    return refuse_unread(part, part.cast(pl.Float64, strict=False), what)
