"""Values that stand for none: the -999.99 of an index table, the N/A of a label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

#: How far a number may be from the one that is declared, as a share of it: single precision.
_PRECISION = 1e-6


def set_null_values(records: pl.DataFrame, declared: Mapping[str, Any]) -> pl.DataFrame:
    """Set to null what stands for no value.

    Parameters
    ----------
    records : polars.DataFrame
        The records.
    declared : dict of str to a number, a text, or a tuple of them
        For each field the values that say that there is none; fields that the records do not have
        are left out.

    Examples
    --------
    >>> index = pl.DataFrame({"phase": ["12.5", "-999.99", "N/A"]})
    >>> set_null_values(index, {"phase": (-999.99, "N/A")})["phase"].to_list()
    ['12.5', None, None]
    """
    fields = [name for name in declared if name in records.columns]
    return records.with_columns(
        pl.when(~_is_one_of(records, name, declared[name])).then(pl.col(name)) for name in fields
    )


def _is_one_of(records: pl.DataFrame, name: str, declared: Any) -> pl.Expr:
    values = declared if isinstance(declared, tuple) else (declared,)
    texts = [value for value in values if isinstance(value, str)]
    numbers = [value for value in values if not isinstance(value, str)]
    column, dtype = pl.col(name), records.schema[name]
    found = pl.lit(value=False)
    if texts and dtype == pl.String:
        found = found | column.str.strip_chars().is_in(texts)
    if numbers and (dtype == pl.String or dtype.is_numeric()):
        read = column.cast(pl.Float64, strict=False)
        near = [(read - value).abs() <= abs(value) * _PRECISION for value in numbers]
        found = found | pl.any_horizontal(near)
    return found.fill_null(value=False)
