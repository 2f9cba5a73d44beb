"""Columns of a VOTable as series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from epnkit.sources.values.documents import convert_value
from epnkit.sources.values.unreadable import CONVERSION_ERRORS, Problems, add_problems, null_misfits

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
    problems: Problems = {}
    columns = [
        _build_series(name, _column_values(answer[field]), dtype, problems)
        for field, (name, dtype) in zip(answer.fieldnames, types.items(), strict=True)
    ]
    return add_problems(pl.DataFrame(columns), problems)


def _build_series(
    name: str, values: list[Any], dtype: pl.DataType, problems: Problems
) -> pl.Series:
    def build(given: Sequence[Any]) -> pl.Series:
        return pl.Series(name, given, dtype=dtype, strict=True)

    def convert(value: Any) -> Any:
        return None if value is None else convert_value(value, dtype)

    try:
        return build(values)
    except CONVERSION_ERRORS:
        # A field of another type in a later answer, or of one that the source file declares.
        def fit(value: Any) -> pl.Series:
            return build([convert(value)])

        kept = null_misfits(name, values, fit, problems, f"is not of type {dtype}")
        return build([convert(value) for value in kept])


def last_values(answer: Any, names: Sequence[str]) -> tuple[Any, ...]:
    """Take some fields of an answer's last row, as the service gave them.

    Parameters
    ----------
    answer : pyvo.dal.DALResults
        The answer, of at least one row.
    names : sequence of str
        The fields, in any case.
    """
    fields = {field.lower(): field for field in answer.fieldnames}
    return tuple(_column_values(answer[fields[name.lower()]][-1:])[0] for name in names)


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


def _decode(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _plain_value(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return _plain_value(value.tolist())  # which makes masked values None, also a single one
    if isinstance(value, list):
        return [_plain_value(part) for part in value]
    if isinstance(value, bytes):
        return _decode(value)
    if isinstance(value, str):
        return value or None
    return None if isinstance(value, float) and np.isnan(value) else value
