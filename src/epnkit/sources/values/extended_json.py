"""MongoDB's extended JSON and BSON as plain values."""

from __future__ import annotations

import base64
import datetime as dt
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from epnkit.sources.values.times import to_naive_utc

#: The time that dates are counted from.
_EPOCH = dt.datetime(1970, 1, 1)

#: The types of values that stay as they are.
_KEPT = (bool, int, float, str, bytes)


def to_plain(value: Any) -> Any:
    """Turn what MongoDB or RESTHeart gives into plain values.

    Parameters
    ----------
    value : object
        A value out of BSON (pymongo) or extended JSON, canonical or relaxed: ``{"$oid": ...}``,
        ``{"$date": ...}``, ``{"$numberLong": ...}`` and the like (MongoDB Extended JSON v2).

    Returns
    -------
    object
        Texts, numbers, naive datetimes in UTC, lists and dictionaries of them.
    """
    if value is None or type(value) in _KEPT:
        return None if value != value else value  # not a number: RESTHeart gives null
    if isinstance(value, Mapping):
        return _plain_mapping(value)
    if isinstance(value, list | tuple):
        return [to_plain(part) for part in value]
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value
    read = _OF_BSON.get(type(value).__name__)
    if read is not None:
        return read(value)
    # BSON's own integers, texts and bytes are of classes that inherit from Python's.
    plain = next((kind for kind in _KEPT if isinstance(value, kind)), str)
    return plain(value)


def _plain_mapping(value: Mapping[str, Any]) -> Any:
    if len(value) == 1 or (len(value) == 2 and set(value) in _OLDER_FORMS):
        if "$regex" in value:
            return f"/{value['$regex']}/{value.get('$options', '')}"
        name = next((name for name in value if name != "$type"), "")
        read = _MARKED.get(name)
        if read is not None:
            return _read_marked(read, name, value[name])
    # Most values are texts and whole numbers: they are taken without a call each.
    return {n: v if type(v) is str or type(v) is int else to_plain(v) for n, v in value.items()}


def _read_marked(read: Callable[[Any], Any], name: str, inner: Any) -> Any:
    try:
        return read(inner)
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError):
        return {name: to_plain(inner)}  # no extended JSON, but a document of its own


def _parse_date(inner: Any) -> dt.datetime | str:
    """Read a date: milliseconds, ``{"$numberLong": ...}`` or ISO 8601."""
    ticks = to_plain(inner)
    try:
        if isinstance(ticks, int | float):
            return _EPOCH + dt.timedelta(milliseconds=ticks)
        return to_naive_utc(str(ticks))
    except (ValueError, OverflowError):
        return f"$date {ticks}"  # a text: no time of the years 1 to 9999, and so no datetime


def _parse_binary(inner: Any) -> bytes:
    """Read bytes: ``{"base64": ..., "subType": ...}``, or only the figures in older forms."""
    return base64.b64decode(inner["base64"] if isinstance(inner, Mapping) else inner, validate=True)


#: Fields of older forms of extended JSON that have two.
_OLDER_FORMS = ({"$binary", "$type"}, {"$regex", "$options"})


def _write_regex(value: Any) -> str:
    """Write a regular expression with its flags in MongoDB's letters."""
    letters = {re.I: "i", re.L: "l", re.M: "m", re.S: "s", re.U: "u", re.X: "x"}
    return f"/{value.pattern}/{''.join(c for flag, c in letters.items() if value.flags & flag)}"


_MARKED: dict[str, Callable[[Any], Any]] = {
    "$oid": str,
    "$date": _parse_date,
    "$numberLong": int,
    "$numberInt": int,
    "$numberDouble": float,
    "$numberDecimal": float,
    "$symbol": str,
    "$undefined": lambda _: None,
    "$uuid": lambda text: uuid.UUID(text).bytes,
    "$binary": _parse_binary,
    "$code": str,
    "$regularExpression": lambda parts: f"/{parts['pattern']}/{parts['options']}",
    "$timestamp": lambda parts: f"Timestamp({int(to_plain(parts['t']))}, {int(parts['i'])})",
    "$minKey": lambda _: "MinKey()",
    "$maxKey": lambda _: "MaxKey()",
}

_OF_BSON: dict[str, Callable[[Any], Any]] = {
    "Decimal128": lambda value: float(value.to_decimal()),
    "Int64": int,
    "Regex": _write_regex,
    "DatetimeMS": lambda value: f"$date {int(value)}",
}
