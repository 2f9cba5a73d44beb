"""Reading times, once for all of epnkit: every form of text, every time scale, leap seconds.

`read_times` takes a column; `parse_time` one text.  The forms are in :mod:`epnkit.times.forms`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl

from epnkit.times.scales import DAY, SCALE_NAMES, UNIX_EPOCH, Scale, UtcTimes, to_utc
from epnkit.times.texts import PADDING, DateOrder, TimeParts, split_datetimes, split_times

__all__ = [
    "SCALE_NAMES",
    "DateOrder",
    "Scale",
    "TimeReading",
    "UtcTimes",
    "parse_time",
    "read_times",
]

#: The time that datetimes are counted from here.
_EPOCH = dt.datetime(1970, 1, 1)

#: How often texts occur on average, at least, for each different one to be read once.
_REPEATED = 2

#: Why a text has no time; the text is put before it.
NOT_A_TIME = "is not a time"
OUTSIDE_YEARS = "is not a time of the years 1 to 9999"
AMBIGUOUS = 'could be day/month or month/day: declare order="DMY" or order="MDY"'
UNKNOWN_SCALE = "is in a time scale that is not known"


@dataclass(frozen=True)
class TimeReading:
    """Times that were read, and why others could not be.

    Parameters
    ----------
    times : UtcTimes
        NaN where there is none.
    problems : polars.Series
        Strings; null where the value was read or nothing was given.
    """

    times: UtcTimes
    problems: pl.Series


def read_times(
    given: pl.Series, scale: str | pl.Series = "UTC", order: DateOrder | None = None
) -> TimeReading:
    """Read texts of times, or datetimes, as UTC.

    Parameters
    ----------
    given : polars.Series, shape (n,)
        Strings in any form of :data:`epnkit.times.forms.FORMS`, or datetimes.
    scale : str or polars.Series
        The scale of those that name none, as FITS's TIMESYS has it (UTC, TAI, TT, TDB, TCG, TCB,
        GPS, ET, ...); one for all, or one for each.
    order : {"DMY", "MDY"}, optional
        Which number of ``05/06/1998`` is the day.

    Examples
    --------
    >>> reading = read_times(pl.Series(["11-DEC-96", "2014-05-01T07:08:45"]), scale="TAI")
    >>> reading.times.julian_date.round(5).tolist()
    [2450428.49965, 2456778.79734]
    """
    if isinstance(given.dtype, pl.Datetime):
        return _read_parts(given, split_datetimes(given), scale)
    if isinstance(scale, str):
        different = given.drop_nulls().unique(maintain_order=True)
        if len(different) * _REPEATED < len(given):
            return _read_different(given, different, scale, order)
    return _read_parts(given, split_times(given, order), scale)


def _read_different(
    texts: pl.Series, different: pl.Series, scale: str, order: DateOrder | None
) -> TimeReading:
    """Read each different text once."""
    with_none = different.extend_constant(None, 1)
    reading = _read_parts(with_none, split_times(with_none, order), scale)
    numbers = pl.int_range(len(different), dtype=pl.UInt32, eager=True)
    place = texts.replace_strict(different, numbers, default=len(different)).to_numpy()
    times = UtcTimes(reading.times.midnight[place], reading.times.fraction[place])
    return TimeReading(times, reading.problems.gather(place))


def _read_parts(given: pl.Series, parts: TimeParts, scale: str | pl.Series) -> TimeReading:
    scales = _scale_of_each(parts, scale)
    days, seconds = parts.days, parts.seconds
    midnight, fraction = np.full(len(given), np.nan), np.full(len(given), np.nan)
    for name in scales.drop_nulls().unique():
        here = (scales == name).fill_null(value=False).to_numpy()
        found = to_utc(days[here], seconds[here], name)
        midnight[here], fraction[here] = found.midnight, found.fraction
    known = np.isfinite(midnight + fraction)
    times = UtcTimes(np.where(known, midnight, np.nan), np.where(known, fraction, np.nan))
    return TimeReading(times, _problems(given, known, parts, scales))


def parse_time(text: str) -> dt.datetime:
    """Read one text as a naive datetime in UTC.

    Raises
    ------
    ValueError
        If it is no time, or one that a datetime cannot hold (a leap second).

    Examples
    --------
    >>> parse_time("2007-May-04 21:08")
    datetime.datetime(2007, 5, 4, 21, 8)
    """
    texts = pl.Series([text], dtype=pl.String)
    parts = split_times(texts)
    reading = _read_parts(texts, parts, "UTC")
    problem = reading.problems[0]
    times = reading.times
    if problem is not None or not np.isfinite(times.midnight[0]):
        raise ValueError(f"{text!r} {problem or NOT_A_TIME}")
    if parts.seconds[0] >= 86400.0:
        raise ValueError(f"{text!r} is within a leap second, which a datetime cannot hold")
    try:
        if parts.scale[0] in (None, "UTC"):
            return _EPOCH + _interval(float(parts.days[0]), float(parts.seconds[0]))
        since = float(times.midnight[0]) - UNIX_EPOCH
        return _EPOCH + _interval(since, float(times.fraction[0]) * DAY)
    except OverflowError:
        raise ValueError(f"{text!r} is not a time of the years 1 to 9999") from None


def _interval(days: float, seconds: float) -> dt.timedelta:
    """Make an interval of days and seconds, rounded to the microsecond."""
    return dt.timedelta(days=days, microseconds=round(seconds * 1e6))


def _scale_of_each(parts: TimeParts, declared: str | pl.Series) -> pl.Series:
    """Give the scale of each value: the one that it names, and else the declared one."""
    given = declared if isinstance(declared, pl.Series) else pl.Series([declared])
    names = given.cast(pl.String).fill_null("").str.strip_chars(PADDING).str.to_uppercase()
    known = names.str.replace(r"\s*\(.*\)$", "").replace_strict(
        SCALE_NAMES, default=None, return_dtype=pl.String
    )
    whole = known if len(known) == len(parts.scale) else known.new_from_index(0, len(parts.scale))
    return parts.scale.zip_with(parts.scale.is_not_null(), whole)


def _problems(
    given: pl.Series,
    known: np.ndarray[tuple[int], np.dtype[np.bool_]],
    parts: TimeParts,
    scales: pl.Series,
) -> pl.Series:
    if known.all():
        return pl.Series("problem", [None], dtype=pl.String).new_from_index(0, len(given))
    is_text = given.dtype == pl.String
    something = (given.str.strip_chars() != "") if is_text else given.is_not_null()
    lost = something.fill_null(value=False) & ~pl.Series(known)
    reason = (
        pl.when(pl.Series(parts.ambiguous))
        .then(pl.lit(AMBIGUOUS))
        .when(pl.lit(scales).is_null())
        .then(pl.lit(UNKNOWN_SCALE))
        .otherwise(pl.lit(NOT_A_TIME if is_text else OUTSIDE_YEARS))
    )
    return pl.select(
        pl.when(lost).then(reason).otherwise(pl.lit(None, pl.String)).alias("problem")
    ).to_series()
