"""Packing batches of records in Arrow's IPC format (https://arrow.apache.org/docs/format)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from epnkit.sources.values.keys import key_expression


@dataclass(frozen=True)
class PackedBatch:
    """A batch of records, ready to be stored.

    Parameters
    ----------
    keys : list of str
        The key of each.
    content : bytes
        The records, in Arrow's IPC format.
    """

    keys: list[str]
    content: bytes

    @classmethod
    def of(cls, keys: pl.Series, records: pl.DataFrame) -> PackedBatch:
        """Pack records with their keys."""
        content = io.BytesIO()
        records.write_ipc(content, compression="zstd")
        return cls(keys.to_list(), content.getvalue())


def escape_nul(text: pl.Expr) -> pl.Expr:
    """Write a NUL, which PostgreSQL's texts cannot hold, as two characters."""
    return text.str.replace_all("\x00", "\\0", literal=True)


def record_keys(records: pl.DataFrame, names: Sequence[str]) -> pl.Series:
    """Write the key of each record as the state tables hold it.

    Parameters
    ----------
    records : polars.DataFrame
        The records.
    names : sequence of str
        The fields that make the key; :mod:`epnkit.sources.values.keys` says how it is written.
    """
    return records.select(key_expression(names).alias("key")).to_series()


def unpack(content: bytes) -> pl.DataFrame:
    """Unpack the records of a batch, each value in its original type."""
    return pl.read_ipc(io.BytesIO(content))
