"""Columns of tables in the types that all sources have."""

from __future__ import annotations

import polars as pl

_KEPT = (pl.Boolean, pl.String, pl.Binary, pl.Date, pl.Time, pl.UInt64)


def field_type(dtype: pl.DataType) -> pl.DataType:
    """Choose a field's type: 64 bits for numbers, naive UTC for times, text for what is nested."""
    if isinstance(dtype, pl.List):
        return pl.List(field_type(dtype.inner() if isinstance(dtype.inner, type) else dtype.inner))
    if isinstance(dtype, _KEPT):
        return dtype
    if dtype.is_integer():
        return pl.Int64()
    if dtype.is_numeric():
        return pl.Float64()
    return pl.Datetime("us") if isinstance(dtype, pl.Datetime) else pl.String()


def convert_column(name: str, given: pl.DataType | None, dtype: pl.DataType) -> pl.Expr:
    """Read a column of the type ``given`` as another one; null if there is no such column."""
    column = pl.lit(None) if given is None else pl.col(name)
    if isinstance(given, pl.Struct):
        column = column.struct.json_encode()
    if isinstance(given, pl.Datetime) and given.time_zone is not None:
        column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return column.cast(dtype).alias(name)
