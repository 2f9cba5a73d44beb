"""Times of any form as naive UTC, the form in which all sources hold them."""

from __future__ import annotations

import datetime as dt


def to_naive_utc(value: object) -> dt.datetime:
    """Read a time as naive UTC: a datetime, with its zone if it has one, a date, or a text.

    Parameters
    ----------
    value : object
        Texts in any form that :mod:`epnkit.times` reads.

    Raises
    ------
    ValueError
        If it is no time of the years 1 to 9999.
    """
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return dt.datetime(value.year, value.month, value.day)
    found = value if isinstance(value, dt.datetime) else _read(str(value))
    try:
        return found.astimezone(dt.UTC).replace(tzinfo=None) if found.tzinfo else found
    except OverflowError:
        raise ValueError(f"{value} is not a time of the years 1 to 9999") from None


def _read(text: str) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(text)  # nearly all texts; the quick way
    except ValueError:
        from epnkit.times import parse_time

        return parse_time(text)
