"""Bounds of windows that people write: texts, read as the type of the cursor field."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import polars as pl

from epnkit.errors import SourceError
from epnkit.sources.base import CursorValue, Window
from epnkit.sources.values.times import to_naive_utc


def parse_window(window: Window, cursor: str, types: Mapping[str, pl.DataType]) -> Window:
    """Read the bounds of a window that are texts as the type of the cursor field.

    Parameters
    ----------
    window : Window
        The window; bounds that are no texts stay as they are.
    cursor : str
        The cursor field.
    types : mapping
        The types of the source's fields; if the cursor is none of them texts stay texts.

    Raises
    ------
    SourceError
        If a text cannot be read as that type.
    """
    dtype = types.get(cursor, pl.String())
    low, high = (
        None if e is None else parse_bound(e, dtype, cursor) for e in (window.low, window.high)
    )
    return replace(window, low=low, high=high)


def parse_bound(value: CursorValue, dtype: pl.DataType, name: str) -> CursorValue:
    """Read a text as a number, a time (naive UTC), the beginning of a day, or a text.

    Parameters
    ----------
    value : int, float, str or datetime
        The bound; what is no text stays as it is.
    dtype : polars.DataType
        The type of the cursor field.
    name : str
        The cursor field, for the message.

    Raises
    ------
    SourceError
        If it cannot be read as that type.
    """
    if not isinstance(value, str):
        return value
    try:
        return _READ.get(type(dtype), str)(value)
    except ValueError:
        raise bound_type_error(value, dtype, name) from None


def comparable_bound(value: CursorValue, dtype: pl.DataType, name: str) -> CursorValue | dt.date:
    """Return an end as what a field of a type can be compared with; see :func:`end`.

    Raises
    ------
    SourceError
        If it is of another type.
    """
    found = parse_bound(value, dtype, name)
    if isinstance(dtype, pl.Datetime | pl.Date):
        if not isinstance(found, dt.datetime):
            raise bound_type_error(value, dtype, name)
        return to_naive_utc(found) if isinstance(dtype, pl.Datetime) else to_naive_utc(found).date()
    if isinstance(found, dt.datetime) or isinstance(found, str) != (dtype == pl.String):
        raise bound_type_error(value, dtype, name)
    return found


def window_filter(cursor: str, window: Window) -> pl.Expr:
    """Return which records of a batch a window holds."""
    column, found = pl.col(cursor), pl.col(cursor).is_not_null()
    if window.low is not None:
        found &= (column >= window.low) if window.low_closed else (column > window.low)
    if window.high is not None:
        found &= (column <= window.high) if window.high_closed else (column < window.high)
    return found.fill_null(value=False) | (column.is_null() & pl.lit(window.nulls))


def bound_type_error(value: CursorValue, dtype: pl.DataType, name: str) -> SourceError:
    """Say that an end is not of the cursor's type."""
    return SourceError(
        f"the window's bound {value!r} cannot be compared with column {name!r}",
        why=f"the column's type is {dtype}",
        cure="Choose another cursor column, or a bound of its type",
    )


def _parse_integer(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return _parse_float(text)


def _parse_float(text: str) -> float:
    found = float(text)
    if not math.isfinite(found):
        raise ValueError(text)
    return found


#: How a text is read for each type; for all others it stays one.
_READ: Mapping[type[pl.DataType], Callable[[str], CursorValue]] = {
    pl.Int64: _parse_integer,
    pl.UInt64: _parse_integer,
    pl.Float64: _parse_float,
    pl.Datetime: to_naive_utc,
    pl.Date: to_naive_utc,
}
