"""Times of any form as naive UTC, the form in which all sources hold them."""

from __future__ import annotations

import datetime as dt
import re

#: The texts that Python's own reader takes as :mod:`epnkit.times` does, which are nearly all. Of
#: others it reads weeks, cuts off what is below a microsecond, and takes the zone of a day
#: (``2014-05-06+02:00``) for a time of day.
_QUICK = re.compile(
    r"\d{4}-\d{2}-\d{2}"
    r"(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-](?:0\d|1[0-3]):\d{2})?)?",
    re.ASCII,
)


_is_quick = _QUICK.fullmatch


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
    if _is_quick(text):
        try:
            return dt.datetime.fromisoformat(text)
        except ValueError:
            pass  # 24:00:00, or no day of the calendar
    from epnkit.times import parse_time

    return parse_time(text)
