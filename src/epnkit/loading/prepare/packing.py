"""Batches of records in Arrow's IPC format (https://arrow.apache.org/docs/format), to be kept."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Batch:
    """Records, ready to be kept.

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
    def of(cls, keys: pl.Series, records: pl.DataFrame) -> Batch:
        """Pack records with the key of each."""
        content = io.BytesIO()
        records.write_ipc(content, compression="zstd")
        return cls(keys.to_list(), content.getvalue())


def writable(text: pl.Expr) -> pl.Expr:
    """Write a NUL, which PostgreSQL's texts cannot hold, as two characters."""
    return text.str.replace_all("\x00", "\\0", literal=True)


def keys_of(records: pl.DataFrame, names: Sequence[str]) -> pl.Series:
    """Write the key of each record as the books hold it.

    Parameters
    ----------
    records : polars.DataFrame
        The records.
    names : sequence of str
        The fields that make the key; their values stand in a row, with bars in between.
    """
    parts = [pl.col(name).cast(pl.String).fill_null("") for name in names]
    return records.select(writable(pl.concat_str(parts, separator="|")).alias("key")).to_series()


def unpacked(content: bytes) -> pl.DataFrame:
    """Give the records of a batch back, each value in the type it had."""
    return pl.read_ipc(io.BytesIO(content))
