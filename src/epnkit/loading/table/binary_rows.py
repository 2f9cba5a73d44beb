"""Rows in the binary format of PostgreSQL's COPY.

PostgreSQL reads rows in it two to three times as quickly as lines of text: it looks for no ends of
lines and fields, and parses no numbers.  Nor does it convert anything, so that values are written
here only if they are what PostgreSQL would make of their text.  Other rows are copied as text, for
PostgreSQL to convert or to refuse.

References
----------
PostgreSQL's documentation, "COPY", section "Binary Format".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

import polars as pl

#: How many rows are encoded at a time: few enough for a processor's cache.
_ROWS = 1000

#: The types of PostgreSQL (without a modifier) that have a binary form, and what is written as it.
_BINARY_TYPES: dict[str, pl.DataType] = {
    "bigint": pl.Int64(),
    "boolean": pl.Boolean(),
    "bytea": pl.Binary(),
    "character": pl.String(),
    "character varying": pl.String(),
    "date": pl.Date(),
    "double precision": pl.Float64(),
    "integer": pl.Int32(),
    "real": pl.Float32(),
    "smallint": pl.Int16(),
    "text": pl.String(),
    "timestamp without time zone": pl.Datetime("us"),
    "uuid": pl.Binary(),
}

#: The first and the last value that PostgreSQL reads in the form of ISO 8601.
_YEARS: dict[str, tuple[Any, Any]] = {
    "date": (date(1, 1, 1), date(9999, 12, 31)),
    "timestamp without time zone": (datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999_999)),
}


def has_binary_form(kind: str) -> bool:
    """Return whether values of a type can be written in the binary format.

    Parameters
    ----------
    kind : str
        The type, as PostgreSQL's ``format_type`` writes it, without a modifier.
    """
    return kind in _BINARY_TYPES


def encode_rows(rows: pl.DataFrame, kinds: Mapping[str, str]) -> bytes | None:
    """Encode rows for ``COPY ... (FORMAT binary)``.

    Parameters
    ----------
    rows : polars.DataFrame
        The rows.
    kinds : mapping of str to str
        The type of each of their columns in the database, as for :func:`has_binary_form`.

    Returns
    -------
    bytes or None
        What COPY reads; None if there is a value that PostgreSQL would have to convert or to
        refuse, or if pgpq is not installed: there is none for each processor.
    """
    new_encoder = _find_encoder()
    if new_encoder is None:
        return None
    columns = [_convert(rows[name], kinds[name]) for name in rows.columns]
    if any(column is None for column in columns):
        return None
    table = pl.DataFrame(columns).to_arrow(compat_level=pl.CompatLevel.oldest()).combine_chunks()
    encoder = new_encoder(table.schema)
    batches = table.to_batches(max_chunksize=_ROWS)
    written = [encoder.write_header(), *map(encoder.write_batch, batches), encoder.finish()]
    return b"".join(written)


@cache
def _find_encoder() -> Callable[[Any], Any] | None:
    try:
        from pgpq import ArrowToPostgresBinaryEncoder
    except ModuleNotFoundError:
        return None
    return ArrowToPostgresBinaryEncoder


def _convert(values: pl.Series, kind: str) -> pl.Series | None:
    """Convert values to the form of a type, unless some have none, or not without a change."""
    form = _BINARY_TYPES.get(kind)
    if form is None:
        return None
    if values.dtype == pl.Null:
        return values.cast(form)
    if kind == "uuid" and values.dtype == pl.String:
        return _read_uuids(values)
    if form.is_integer() and values.dtype.is_integer():
        return _without_loss(values, values.cast(form, strict=False))
    if form.is_float() and (values.dtype.is_float() or values.dtype.is_integer()):
        return _convert_floats(values, form)
    if values.dtype != form:
        return None
    ends = _YEARS.get(kind)
    return values if ends is None or values.is_between(*ends).all() else None


def _read_uuids(values: pl.Series) -> pl.Series | None:
    """Read 32 hexadecimal digits as 16 bytes; PostgreSQL knows other forms."""
    read = values.str.decode("hex", strict=False)
    return _without_loss(values, read) if (read.bin.size() == 16).all() else None


def _without_loss(values: pl.Series, converted: pl.Series) -> pl.Series | None:
    return converted if converted.null_count() == values.null_count() else None


def _convert_floats(values: pl.Series, form: pl.DataType) -> pl.Series | None:
    """Convert numbers, except those beyond single precision, which PostgreSQL refuses."""
    if values.dtype.is_float() and values.dtype != form:
        # By the digits that a text has: 0.1 of single precision is 0.1, and not 0.10000000149.
        converted = values.cast(pl.String).cast(form, strict=False)
    else:
        converted = values.cast(form, strict=False)
    # A cast makes 0 or infinity of them.
    inside, kept = (each.is_finite() & (each != 0) for each in (values, converted))
    return _without_loss(values, converted) if kept.equals(inside) else None
