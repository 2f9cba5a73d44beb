"""Columns of tables in the types that all sources have."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from epnkit.sources.base import UNREADABLE

_KEPT = (pl.Boolean, pl.String, pl.Binary, pl.Date, pl.Time, pl.UInt64)


#: What may be of a year that Python does not have.
_DATED = (pl.Datetime, pl.Date)


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
    """Read a column of the type ``given`` as another one; null if there is no such column.

    A time that is none of the years 1 to 9999, which Python cannot hold, is null.
    """
    column = pl.lit(None) if given is None else pl.col(name)
    if isinstance(given, pl.Struct):
        column = pl.when(column.is_not_null()).then(column.struct.json_encode())
    if isinstance(given, pl.Duration):
        column = column.dt.to_string("iso")
    if isinstance(given, pl.Datetime) and given.time_zone is not None:
        column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    converted = column.cast(dtype, strict=False)
    if isinstance(dtype, _DATED):
        converted = pl.when(converted.dt.year().is_between(1, 9999)).then(converted)
    return converted.alias(name)


def convert_columns(
    given: Mapping[str, pl.DataType], types: Mapping[str, pl.DataType]
) -> list[pl.Expr]:
    """Read columns as other types, and add what names the values that are lost so.

    Parameters
    ----------
    given : mapping of str to polars.DataType
        The columns that there are, and their types.
    types : mapping of str to polars.DataType
        The columns that are wanted, and the types that they are to have.

    Returns
    -------
    list of polars.Expr
        The columns; :data:`~epnkit.sources.base.UNREADABLE` is one if a value may be lost.
    """
    columns = [convert_column(name, given.get(name), dtype) for name, dtype in types.items()]
    lost = find_lost(given, types)
    return columns if lost is None else [*columns, lost]


def find_lost(given: Mapping[str, pl.DataType], types: Mapping[str, pl.DataType]) -> pl.Expr | None:
    """Return what names the values that :func:`convert_column` makes null, or None.

    Parameters
    ----------
    given : mapping
        The columns that there are, and their types.
    types : mapping
        The types that they are to have.
    """
    lost = [
        pl.when(
            pl.col(name).is_not_null() & convert_column(name, given[name], dtype).is_null()
        ).then(_describe_lost(name, given[name], dtype))
        for name, dtype in types.items()
        if name in given and (field_type(given[name]) != dtype or isinstance(dtype, _DATED))
    ]
    if not lost:
        return None
    joined = pl.concat_str(lost, separator="; ", ignore_nulls=True)
    return pl.when(joined != "").then(joined).alias(UNREADABLE)


def _describe_lost(name: str, given: pl.DataType, dtype: pl.DataType) -> pl.Expr:
    shown = pl.lit("a value")
    if not given.is_nested() and given != pl.Binary:
        shown = pl.col(name).cast(pl.String).str.head(80).str.replace_all(";", ",", literal=True)
    what = "is no time of the years 1 to 9999"
    if not isinstance(dtype, _DATED):
        what = f"is not of type {dtype}"
    return pl.concat_str(pl.lit(f"{name}: "), shown, pl.lit(f" {what}"))
