"""Batches of records in Arrow's IPC format (https://arrow.apache.org/docs/format), to be kept."""

from __future__ import annotations

import io
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


def unpacked(content: bytes) -> pl.DataFrame:
    """Give the records of a batch back, each value in the type it had."""
    return pl.read_ipc(io.BytesIO(content))
