"""Times of any form as naive UTC, the form in which all sources hold them."""

from __future__ import annotations

import datetime as dt
import re

#: The texts that Python's own reader takes as :mod:`epnkit.times` does, which are nearly all; the
#: fraction of a second, which it would cut off, is read apart.  Of others it reads weeks, and takes
#: the zone of a day (``2014-05-06+02:00``) for a time of day.
_QUICK = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:(?<=:\d\d:\d\d)(\.\d+))?"
    r"(Z|[+-](?:0\d|1[0-3]):?\d{2})?)?",
    re.ASCII,
)


def to_naive_utc(value: object) -> dt.datetime:
    """Read a time as naive UTC: a datetime, with its zone if it has one, a date, or a text.

    Parameters
    ----------
    value : object
        Texts in any form that :mod:`epnkit.times` reads; a number is no time.

    Raises
    ------
    ValueError
        If it is no time of the years 1 to 9999.
    """
    found = _read(value) if type(value) is str else _convert(value)
    if found.tzinfo is None:
        return found
    try:
        return found.astimezone(dt.UTC).replace(tzinfo=None)
    except OverflowError:
        raise ValueError(f"{value} is not a time of the years 1 to 9999") from None


def _convert(value: object) -> dt.datetime:
    if isinstance(value, dt.datetime):
        return value
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day)
    if isinstance(value, int | float):
        raise ValueError(f"{value!r} does not say what it counts")
    return _read(str(value))


def _read(text: str) -> dt.datetime:
    if found := _QUICK.fullmatch(text):
        day, clock, fraction, zone = found.groups("")
        try:
            read = dt.datetime.fromisoformat(f"{day}T{clock}{zone}" if clock else day)
            return read + dt.timedelta(microseconds=round(float(fraction or 0) * 1e6))
        except (ValueError, OverflowError):
            pass  # 24:00:00, no day of the calendar, or the end of the year 9999
    from epnkit.times import parse_time

    return parse_time(text)
