"""Times of every form as Julian dates in UTC, to less than 1e-9 of a day."""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl

from epnkit.errors import MappingError
from epnkit.mapping.outcome import Outcome, represent
from epnkit.mapping.reading import (
    as_floats,
    as_texts,
    first_reason,
    from_numbers,
    is_present,
    numbers,
    refuse_unread,
)
from epnkit.times import OUTSIDE_YEARS, DateOrder, read_times
from epnkit.times.scales import DAY, UNIX_EPOCH, Floats, utc_times
from epnkit.times.texts import PADDING

#: What numbers in a time column may mean.
Numbers = Literal["julian_date", "modified_julian_date", "unix_seconds", "unix_milliseconds"]

#: The Julian date at which the modified one begins.
MODIFIED_EPOCH = 2400000.5

#: The Julian dates at which the years 1 and 10000 begin: others are no observation's, but what a
#: database writes for an open end, or a fill value.
_FIRST, _LAST = 1721425.5, 5373484.5

#: A time of day that a date has only because its column holds times.
_MIDNIGHT = r"[T ]00:00(?::00(?:\.0*)?)?Z?$"


def julian_date(
    given: pl.Series,
    form: Numbers | None = None,
    *,
    scale: str = "UTC",
    order: DateOrder | None = None,
) -> Outcome:
    """Read times as Julian dates in UTC.

    Parameters
    ----------
    given : polars.Series
        Texts in any form of :data:`epnkit.times.forms.FORMS` (ISO 8601, FITS, SolarSoft, EXIF,
        JSOC, day of year, compact, ...; ``{"$date": ...}``), datetimes, dates, structs with a field
        ``$date``, lists (their first value counts), or numbers.
    form : str, optional
        What numbers mean, be they numbers or texts of numbers; required for numbers, because
        nothing in a number says it.
    scale : str
        The time scale of texts that name none, and of datetimes, as FITS's TIMESYS has it.
    order : {"DMY", "MDY"}, optional
        Which number of ``05/06/1998`` is the day; such texts are refused without it.

    Returns
    -------
    Outcome
        Days (UTC), and the reason if a value is no time, or none of the years 1 to 9999.

    Raises
    ------
    MappingError
        If the column cannot hold times, or holds numbers of an unknown form.

    Examples
    --------
    >>> julian_date(pl.Series(["2005-05-01T07:46:55", "11-DEC-96"])).values.to_list()
    [2453491.8242476853, 2450428.5]
    >>> julian_date(pl.Series(["2458077.25"]), form="julian_date").values.to_list()
    [2458077.25]
    >>> julian_date(pl.Series(["05/06/1998"]), order="DMY").values.to_list()
    [2450969.5]
    """
    return _within_years(given, _read(given, form, scale, order))


def _read(
    given: pl.Series, form: Numbers | None, scale: str | pl.Series, order: DateOrder | None
) -> Outcome:
    dtype = given.dtype
    if dtype == pl.String and form:
        return _of_numbers(given, form)
    if dtype == pl.String or isinstance(dtype, pl.Datetime):
        return _of_times(given, scale, order)
    if dtype == pl.Date:
        return refuse_unread(given, given.cast(pl.Int32).cast(pl.Float64) + UNIX_EPOCH, "a date")
    if isinstance(dtype, pl.List | pl.Array):
        first = given.list.first() if isinstance(dtype, pl.List) else given.arr.first()
        return _read(first, form, scale, order)
    if isinstance(dtype, pl.Struct):
        return _of_structs(given)
    if dtype.is_numeric():
        return _of_numbers(given, form)
    return refuse_unread(given, as_floats(given.clear(len(given))), "a time")


def _within_years(given: pl.Series, read: Outcome) -> Outcome:
    outside = ~read.values.is_between(_FIRST, _LAST, closed="left")
    if not outside.any():
        return read
    values = read.values.set(outside.fill_null(value=False), None)
    beyond = Outcome.checked(given, values, OUTSIDE_YEARS)
    reasons = first_reason(read, beyond)
    blank = ~is_present(given) & read.reasons.is_null()
    return Outcome(values, reasons.set(blank, None))


def utc_time(given: pl.Series) -> Outcome:
    """Read times as datetimes in UTC, to the millisecond, for columns that hold timestamps.

    Parameters
    ----------
    given : polars.Series
        Texts, datetimes or dates, as :func:`julian_date` reads them.

    Examples
    --------
    >>> utc_time(pl.Series(["2022-10-24T18:57:45.633"])).values.to_list()
    [datetime.datetime(2022, 10, 24, 18, 57, 45, 633000)]
    """
    read = julian_date(given)
    ticks = ((read.values - UNIX_EPOCH) * (DAY * 1e3)).round(0).cast(pl.Int64)
    return Outcome(ticks.cast(pl.Datetime("ms")).cast(pl.Datetime("us")), read.reasons)


def julian_date_in_scale(given: pl.Series, scale: pl.Series) -> Outcome:
    """Read times whose scale stands in another field (FITS's TIMESYS).

    Parameters
    ----------
    given : polars.Series
        Texts of times, or datetimes, as :func:`julian_date` reads them.
    scale : polars.Series
        UTC, TAI, TT, TDB, TCG, TCB, GPS and their older names; UTC if there is none.

    Examples
    --------
    >>> taken = pl.Series(["2014-05-01T07:08:45"] * 2)
    >>> julian_date_in_scale(taken, pl.Series(["TAI", None])).values.to_list()
    [2456778.797337963, 2456778.7977430555]
    """
    return _within_years(given, _read(given, None, scale, None))


def _of_times(given: pl.Series, scale: str | pl.Series, order: DateOrder | None) -> Outcome:
    reading = read_times(given, scale, order)
    values = from_numbers(reading.times.julian_date, "julian_date")
    lost = reading.problems.is_not_null()
    if not lost.any():
        return Outcome.fine(values)
    text = pl.Series(represent(given.filter(lost)), dtype=pl.String)
    reasons = pl.Series("reason", [None], dtype=pl.String).new_from_index(0, len(values))
    return Outcome(
        values, reasons.scatter(lost.arg_true(), text + " " + reading.problems.filter(lost))
    )


def julian_date_of_pair(whole: pl.Series, fraction: pl.Series) -> Outcome:
    """Add the two parts of a Julian date (HFC's ``JDINT`` and ``JDFRAC``).

    Parameters
    ----------
    whole, fraction : polars.Series
        Days (UTC).

    Examples
    --------
    >>> julian_date_of_pair(pl.Series([2456048]), pl.Series([0.25])).values.to_list()
    [2456048.25]
    """
    first, second = numbers(whole), numbers(fraction)
    halves = (
        refuse_unread(whole, from_numbers(first, "whole"), "a day"),
        refuse_unread(fraction, from_numbers(second, "fraction"), "a part of a day"),
    )
    made = Outcome(from_numbers(first + second, "julian_date"), first_reason(*halves))
    return _within_years(whole, made)


def julian_date_of_date_and_time(date: pl.Series, time: pl.Series) -> Outcome:
    """Read times whose date and time of day are in two columns.

    Parameters
    ----------
    date, time : polars.Series
        Texts, or dates and times of day; a date may have a time of day if that is midnight. MySQL's
        times come as durations since midnight, which may be of more than a day, as logs of nights
        have them, or negative. A number is no time of day: it does not say whether it counts hours
        or seconds.

    Examples
    --------
    >>> date, time = pl.Series(["2012-05-01"]), pl.Series(["06:00:00"])
    >>> julian_date_of_date_and_time(date, time).values.to_list()
    [2456048.75]
    """
    written = as_texts(date)
    day = written.str.strip_chars(PADDING).str.replace(_MIDNIGHT, "")
    if isinstance(time.dtype, pl.Duration):
        return _add_durations(date, julian_date(day), time)
    if time.dtype.is_numeric():
        return refuse_unread(time, as_floats(time.clear(len(time))), "a time of day")
    clock = time.dt.strftime("%H:%M:%S%.f") if time.dtype == pl.Time else as_texts(time)
    made = julian_date(day + "T" + clock.str.strip_chars(PADDING))
    several = refuse_unread(date, written, "one text"), refuse_unread(time, clock, "one text")
    return Outcome(made.values, first_reason(made, *several))


def _add_durations(date: pl.Series, midnight: Outcome, time: pl.Series) -> Outcome:
    """Add times since midnight, which reach into other days, by the calendar."""
    passed = numbers(time.dt.total_microseconds()) / 1e6
    carried = np.floor(passed / DAY)
    days = numbers(midnight.values) - UNIX_EPOCH + carried
    made = utc_times(days, passed - carried * DAY).julian_date
    return _within_years(date, Outcome(from_numbers(made, "julian_date"), midnight.reasons))


def julian_date_not_before(end: pl.Series, start: pl.Series) -> Outcome:
    """Put an end of which only the time of day is known on the next day if it is before the start.

    Parameters
    ----------
    end, start : polars.Series
        Julian dates (UTC) of one day, as a log gives them that has one date and two times of day.

    Examples
    --------
    >>> julian_date_not_before(pl.Series([2456048.6]), pl.Series([2456049.4])).values.to_list()
    [2456049.6]
    """
    ends, starts = numbers(end), numbers(start)
    return Outcome.fine(from_numbers(ends + (ends < starts), "julian_date"))


def julian_date_after(start: pl.Series, seconds: pl.Series) -> Outcome:
    """Give the end of what began at a Julian date and took some seconds.

    Parameters
    ----------
    start : polars.Series
        Julian dates (UTC).
    seconds : polars.Series
        Numbers, or texts of numbers; where one is missing the end is the start.

    Examples
    --------
    >>> julian_date_after(pl.Series([2456048.5]), pl.Series([43200])).values.to_list()
    [2456049.0]
    """
    lasted = refuse_unread(
        seconds, from_numbers(numbers(seconds), "seconds"), "a number of seconds"
    )
    made = numbers(start) + numbers(lasted.values.fill_null(0.0)) / DAY
    return _within_years(seconds, Outcome(from_numbers(made, "julian_date"), lasted.reasons))


def _of_structs(given: pl.Series) -> Outcome:
    fields = given.struct.fields
    if "$date" in fields:
        inner = given.struct.field("$date")
        return julian_date(inner, None if inner.dtype == pl.String else "unix_milliseconds")
    if "$numberLong" in fields:
        return julian_date(given.struct.field("$numberLong"), "unix_milliseconds")
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
    return refuse_unread(given, from_numbers(made, "julian_date"), "a time")


def _of_unix(seconds: Floats) -> Floats:
    seconds = np.where(np.isfinite(seconds), seconds, np.nan)
    days = np.floor(seconds / DAY)
    return utc_times(days, seconds - days * DAY).julian_date
