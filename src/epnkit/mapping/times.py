"""Times of every form as Julian dates in UTC, to less than 1e-9 of a day.

A Julian date in UTC follows SOFA's convention for days that end with a leap second: the day has
86,401 seconds, so that each instant has its own date (SOFA, "Time Scales and Calendar Tools",
section 3.5; :func:`erfa.dtf2d`). A double holds a date of our times to 2.3e-10 of a day, 20 µs.
"""

from __future__ import annotations

from typing import Literal

import erfa
import numpy as np
import polars as pl

from epnkit.errors import MappingError
from epnkit.mapping.outcome import Outcome
from epnkit.mapping.reading import first_reason, from_numbers, numbers, unread
from epnkit.mapping.time_texts import Moments, read_moments

#: What numbers in a time column may mean.
Numbers = Literal["julian_date", "modified_julian_date", "unix_seconds", "unix_milliseconds"]

#: The Julian date at which unix time begins, 1970-01-01T00:00:00.
UNIX_EPOCH = 2440587.5

#: The Julian date at which the modified one begins.
MODIFIED_EPOCH = 2400000.5

#: Seconds of a day without a leap second.
DAY = 86400.0

_Array = np.ndarray[tuple[int], np.dtype[np.float64]]

_UNITS_OF_DAY = {"ms": DAY * 1e3, "us": DAY * 1e6, "ns": DAY * 1e9}


def julian_date(given: pl.Series, form: Numbers | None = None) -> Outcome:
    """Read times as Julian dates in UTC.

    Parameters
    ----------
    given : polars.Series
        Texts (ISO 8601 with T or blank, with or without zone and fraction; year and day of year;
        ``YYYYMMDD``, ``YYYYMMDDhhmm[ss]``; ``YYYY.MM.DD_hh:mm:ss_TAI``; ``12-Feb-2002``;
        ``{"$date": ...}``),
        datetimes, dates, structs with a field ``$date``, lists (their first value counts), or
        numbers.
    form : str, optional
        What numbers mean; required for them, because nothing in a number tells.

    Returns
    -------
    Outcome
        Days (UTC), and the reason where a value is no time.

    Raises
    ------
    MappingError
        When the column can't hold times, or holds numbers of an unknown form.
    """
    dtype = given.dtype
    if dtype == pl.String:
        return _of_moments(given, read_moments(given))
    if isinstance(dtype, pl.Datetime):
        return _of_datetimes(given)
    if dtype == pl.Date:
        return unread(given, given.cast(pl.Int32).cast(pl.Float64) + UNIX_EPOCH, "a date")
    if isinstance(dtype, pl.List | pl.Array):
        return julian_date(given.list.first(), form)
    if isinstance(dtype, pl.Struct):
        return _of_structs(given)
    if dtype.is_numeric():
        return _of_numbers(given, form)
    return unread(given, given.cast(pl.Float64, strict=False), "a time")


def julian_date_of_pair(whole: pl.Series, fraction: pl.Series) -> Outcome:
    """Add the two parts of a Julian date (HFC's ``JDINT`` and ``JDFRAC``).

    Parameters
    ----------
    whole, fraction : polars.Series
        Days (UTC).
    """
    first, second = numbers(whole), numbers(fraction)
    halves = (
        unread(whole, from_numbers(first, "whole"), "a day"),
        unread(fraction, from_numbers(second, "fraction"), "a part of a day"),
    )
    return Outcome(from_numbers(first + second, "julian_date"), first_reason(*halves))


def julian_date_of_date_and_time(date: pl.Series, time: pl.Series) -> Outcome:
    """Read times whose date and time of day are in two columns.

    Parameters
    ----------
    date, time : polars.Series
        Texts, or dates and times of day. MySQL's times come as durations since midnight, which may
        be of more than a day, as logs of nights have them, or negative.
    """
    day = date.cast(pl.String).str.strip_chars()
    if isinstance(time.dtype, pl.Duration):
        midnight = julian_date(day + "T00:00:00")
        passed = numbers(time.dt.total_microseconds()) / (DAY * 1e6)
        made = from_numbers(numbers(midnight.values) + passed, "julian_date")
        return Outcome(made, midnight.reasons)
    clock = time.dt.strftime("%H:%M:%S%.f") if time.dtype == pl.Time else time.cast(pl.String)
    return julian_date(day + "T" + clock.str.strip_chars())


def julian_date_not_before(end: pl.Series, start: pl.Series) -> Outcome:
    """Put an end that is told by its time of day on the next day where it is before the start.

    Parameters
    ----------
    end, start : polars.Series
        Julian dates (UTC) of one day, as a log gives them that has one date and two times of day.
    """
    told, begun = numbers(end), numbers(start)
    return Outcome.fine(from_numbers(told + (told < begun), "julian_date"))


def julian_date_after(start: pl.Series, seconds: pl.Series) -> Outcome:
    """Give the end of what began at a Julian date and took some seconds.

    Parameters
    ----------
    start : polars.Series
        Julian dates (UTC).
    seconds : polars.Series
        Numbers, or texts of numbers; where one is missing the end is the start.
    """
    lasted = unread(seconds, from_numbers(numbers(seconds), "seconds"), "a number of seconds")
    made = numbers(start) + numbers(lasted.values.fill_null(0.0)) / DAY
    return Outcome(from_numbers(made, "julian_date"), lasted.reasons)


def _of_datetimes(given: pl.Series) -> Outcome:
    unit = given.dtype.time_unit if isinstance(given.dtype, pl.Datetime) else "us"
    ticks = (
        given.dt.timestamp(unit).to_numpy()
        if not given.null_count()
        else numbers(given.dt.timestamp(unit))
    )
    days = np.floor(ticks / _UNITS_OF_DAY[unit])
    seconds = (ticks - days * _UNITS_OF_DAY[unit]) / _UNITS_OF_DAY[unit] * DAY
    return unread(given, from_numbers(_joined(days, seconds), "julian_date"), "a time")


def _of_structs(given: pl.Series) -> Outcome:
    fields = given.struct.fields
    if "$date" in fields:
        return julian_date(given.struct.field("$date"), "unix_milliseconds")
    if "$numberLong" in fields:
        whole = given.struct.field("$numberLong").cast(pl.Int64, strict=False)
        return julian_date(whole, "unix_milliseconds")
    raise MappingError(
        f"column {given.name!r} holds no times",
        why=f"its records have the fields {', '.join(fields)}, and no $date",
        cure="Choose one of these fields in the mapping",
    )


def _of_numbers(given: pl.Series, form: Numbers | None) -> Outcome:
    values = numbers(given)
    if form is None:
        raise MappingError(
            f"column {given.name!r} holds numbers, and nothing tells what times they mean",
            cure="Say julian_date, modified_julian_date, unix_seconds or unix_milliseconds",
        )
    if form == "julian_date":
        made = values
    elif form == "modified_julian_date":
        made = values + MODIFIED_EPOCH
    else:
        made = _of_unix(values / (1.0 if form == "unix_seconds" else 1000.0))
    return unread(given, from_numbers(made, "julian_date"), "a time")


def _of_unix(seconds: _Array) -> _Array:
    days = np.floor(seconds / DAY)
    return _joined(days, seconds - days * DAY)


def _of_moments(given: pl.Series, moments: Moments) -> Outcome:
    days, seconds = moments.days, moments.minutes * 60.0 + moments.seconds
    beyond = (moments.seconds >= 60.0) & ~(_ends_with_leap(days) & (moments.minutes == 1439.0))
    utc = _joined(days, np.where(beyond, np.nan, seconds))
    if moments.atomic.any():
        utc = np.where(
            moments.atomic, _of_atomic(days, moments.minutes * 60.0, moments.seconds), utc
        )
    return unread(given, from_numbers(utc, "julian_date"), "a time")


def _of_atomic(days: _Array, minutes: _Array, seconds: _Array) -> _Array:
    """Turn international atomic time into UTC."""
    ready = np.isfinite(days) & (seconds < 60.0)
    first, second = erfa.taiutc(
        np.where(ready, days, 0.0) + UNIX_EPOCH, np.where(ready, minutes + seconds, 0.0) / DAY
    )
    return np.where(ready, first + second, np.nan)


def _joined(days: _Array, seconds: _Array) -> _Array:
    """Make Julian dates of days since 1970 and seconds of the day."""
    length = np.where(_ends_with_leap(days), DAY + 1.0, DAY)
    dates: _Array = UNIX_EPOCH + days + seconds / length
    return dates


def _ends_with_leap(days: _Array) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Tell for days since 1970 whether their last minute has 61 seconds."""
    return np.isin(days, _LEAP_DAYS)


def _leap_days() -> _Array:
    """List the days before each leap second, from erfa's table of TAI - UTC."""
    table = erfa.leap_seconds.get()
    whole = table[table["year"] >= 1972][1:]  # the first entry starts the whole seconds
    first = np.array([f"{row['year']}-{row['month']:02d}-01" for row in whole], "datetime64[D]")
    return np.array([int(day) for day in first.astype(np.int64)], dtype=np.float64) - 1.0


_LEAP_DAYS = _leap_days()
