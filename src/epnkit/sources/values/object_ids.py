"""MongoDB's ObjectIds, which begin with the second they were made in.

The first eight of their 24 hexadecimal digits are the seconds since 1970 (MongoDB's manual,
ObjectId).  RESTHeart gives each document a new one, its ``_etag``, whenever it writes it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

_FORM = re.compile(r"[0-9a-f]{24}")

_EPOCH = dt.datetime(1970, 1, 1)

#: The last second that fits into eight digits.
_LAST = 0xFFFFFFFF


def is_object_id(value: Any) -> bool:
    """Tell whether a value of BSON or extended JSON is an ObjectId.

    Examples
    --------
    >>> is_object_id({"$oid": "5f544bca0000000000000000"}), is_object_id("5f544bca0000000000000000")
    (True, False)
    """
    if isinstance(value, Mapping):
        return set(value) == {"$oid"}
    return type(value).__name__ == "ObjectId"


def is_object_id_text(text: str) -> bool:
    """Tell whether a text has the form of an ObjectId."""
    return _FORM.fullmatch(text) is not None


def first_object_id(time: dt.datetime) -> str:
    """Return the smallest ObjectId of a second.

    Parameters
    ----------
    time : datetime.datetime
        The second; without a zone it is UTC.

    Examples
    --------
    >>> first_object_id(dt.datetime(2020, 9, 6, 2, 39, 6))
    '5f544bca0000000000000000'
    """
    naive = time.astimezone(dt.UTC).replace(tzinfo=None) if time.tzinfo else time
    seconds = (naive - _EPOCH) // dt.timedelta(seconds=1)
    return f"{min(max(seconds, 0), _LAST):08x}{'0' * 16}"


def last_object_id(time: dt.datetime) -> str:
    """Return the largest ObjectId of a second.

    Examples
    --------
    >>> last_object_id(dt.datetime(2020, 9, 6, 2, 39, 6))
    '5f544bcaffffffffffffffff'
    """
    return first_object_id(time)[:8] + "f" * 16


def read_object_id_time(text: str) -> dt.datetime:
    """Read the second (naive UTC) that an ObjectId was made in.

    Examples
    --------
    >>> read_object_id_time("5f544bca0000000000000000")
    datetime.datetime(2020, 9, 6, 2, 39, 6)
    """
    return _EPOCH + dt.timedelta(seconds=int(text[:8], 16))
