"""Times of any form as naive UTC, the form in which all sources hold them."""

from __future__ import annotations

import datetime as dt


def moment(value: object) -> dt.datetime:
    """Read a time as naive UTC: a time, with its zone if it has one, a day, or ISO 8601.

    Raises
    ------
    ValueError
        When it is none.
    """
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return dt.datetime(value.year, value.month, value.day)
    found = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(str(value))
    return found.astimezone(dt.UTC).replace(tzinfo=None) if found.tzinfo else found
