"""Ends of windows that people write: texts, read as the type of the cursor field."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import polars as pl

from epnkit.errors import SourceError
from epnkit.sources.base import CursorValue, Window
from epnkit.sources.values.times import moment


def typed(window: Window, cursor: str, types: Mapping[str, pl.DataType]) -> Window:
    """Read a window's ends that are texts as the type of the cursor field.

    Parameters
    ----------
    window : Window
        The window; ends that are no texts stay as they are.
    cursor : str
        The cursor field.
    types : mapping
        The types of the source's fields; where the cursor is none of them texts stay texts.

    Raises
    ------
    SourceError
        When a text cannot be read as that type.
    """
    dtype = types.get(cursor, pl.String())
    low, high = (None if e is None else end(e, dtype, cursor) for e in (window.low, window.high))
    return replace(window, low=low, high=high)


def end(value: CursorValue, dtype: pl.DataType, name: str) -> CursorValue:
    """Read a text as a number, a moment (naive UTC), a day's first moment, or a text.

    Parameters
    ----------
    value : int, float, str or datetime
        The end; what is no text stays as it is.
    dtype : polars.DataType
        The type of the cursor field.
    name : str
        The cursor field, for the message.

    Raises
    ------
    SourceError
        When it cannot be read as that type.
    """
    if not isinstance(value, str):
        return value
    try:
        return _READ.get(type(dtype), str)(value)
    except ValueError:
        raise unlike(value, dtype, name) from None


def comparable(value: CursorValue, dtype: pl.DataType, name: str) -> CursorValue | dt.date:
    """Give an end as what a field of a type can be compared with; see :func:`end`.

    Raises
    ------
    SourceError
        When it is of another type.
    """
    found = end(value, dtype, name)
    if isinstance(dtype, pl.Datetime | pl.Date):
        if not isinstance(found, dt.datetime):
            raise unlike(value, dtype, name)
        return moment(found) if isinstance(dtype, pl.Datetime) else moment(found).date()
    if isinstance(found, dt.datetime) or isinstance(found, str) != (dtype == pl.String):
        raise unlike(value, dtype, name)
    return found


def unlike(value: CursorValue, dtype: pl.DataType, name: str) -> SourceError:
    """Say that an end is not of the cursor's type."""
    return SourceError(
        f"the window's end {value!r} cannot be compared with column {name!r}",
        why=f"the column's type is {dtype}",
        cure="Choose another cursor column, or an end of its type",
    )


def _whole(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return _number(text)


def _number(text: str) -> float:
    found = float(text)
    if not math.isfinite(found):
        raise ValueError(text)
    return found


#: How a text is read for each type; for all others it stays one.
_READ: Mapping[type[pl.DataType], Callable[[str], CursorValue]] = {
    pl.Int64: _whole,
    pl.UInt64: _whole,
    pl.Float64: _number,
    pl.Datetime: moment,
    pl.Date: moment,
}
