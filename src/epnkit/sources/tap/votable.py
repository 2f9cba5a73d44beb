"""Columns of a VOTable as series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

#: The types of VOTable (section 2.1) that aren't text here.
_TYPES: dict[str, pl.DataType] = {
    "boolean": pl.Boolean(),
    "bit": pl.Boolean(),
    "unsignedByte": pl.Int64(),
    "short": pl.Int64(),
    "int": pl.Int64(),
    "long": pl.Int64(),
    "float": pl.Float64(),
    "double": pl.Float64(),
}


def column_types(answer: Any) -> dict[str, pl.DataType]:
    """Choose a type for each FIELD of an answer, by its name in lower case."""
    return {str(described.name).lower(): _column_type(described) for described in answer.fielddescs}


def build_frame(answer: Any, types: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Build a batch of an answer's rows, whose fields are those of the types, in their order."""
    columns = [
        pl.Series(name, _column_values(answer[field]), dtype=dtype, strict=False)
        for field, (name, dtype) in zip(answer.fieldnames, types.items(), strict=True)
    ]
    return pl.DataFrame(columns)


def _column_type(described: Any) -> pl.DataType:
    known = _TYPES.get(str(described.datatype), pl.String())
    several = known != pl.String() and described.arraysize not in (None, "", "1")
    return pl.List(known) if several else known


def _column_values(column: Any) -> list[Any]:
    """Take the values of a column; masked ones and not-a-numbers become null."""
    values = [None if v is None else _plain_value(v) for v in column]
    mask = getattr(column, "mask", None)
    if mask is None or np.ndim(mask) != 1:
        return values
    return [None if hidden else value for value, hidden in zip(values, mask, strict=True)]


def _plain_value(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return _plain_value(value.tolist())  # which makes masked values None, also a single one
    if isinstance(value, list):
        return [_plain_value(part) for part in value]
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, str):
        return value or None
    return None if isinstance(value, float) and np.isnan(value) else value
