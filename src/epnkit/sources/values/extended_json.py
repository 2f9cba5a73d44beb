"""MongoDB's extended JSON and BSON as plain values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from epnkit.sources.values.times import to_naive_utc

#: The time that dates are counted from.
_EPOCH = dt.datetime(1970, 1, 1)


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
    if isinstance(value, Mapping):
        return _plain_mapping(value)
    if isinstance(value, list | tuple):
        return [to_plain(part) for part in value]
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value
    if value is None or isinstance(value, bool | int | float | str | bytes):
        return value
    return _OF_BSON.get(type(value).__name__, str)(value)


def _plain_mapping(value: Mapping[str, Any]) -> Any:
    if len(value) == 1:
        (name, inner), *_ = value.items()
        read = _MARKED.get(name)
        if read is not None:
            return _read_marked(read, name, inner)
    return {name: to_plain(inner) for name, inner in value.items()}


def _read_marked(read: Callable[[Any], Any], name: str, inner: Any) -> Any:
    try:
        return read(inner)
    except (TypeError, ValueError, ArithmeticError):
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


_MARKED: dict[str, Callable[[Any], Any]] = {
    "$oid": str,
    "$date": _parse_date,
    "$numberLong": int,
    "$numberInt": int,
    "$numberDouble": float,
    "$numberDecimal": float,
    "$symbol": str,
    "$undefined": lambda _: None,
    "$uuid": str,
}

_OF_BSON: dict[str, Callable[[Any], Any]] = {
    "Decimal128": lambda value: float(value.to_decimal()),
    "Int64": int,
    "DatetimeMS": lambda value: f"$date {int(value)}",
}
