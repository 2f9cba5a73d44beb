"""The refusals of a run, buffered in a file until the run ends: they may be many."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import Any
from weakref import finalize

import polars as pl

from epnkit.loading.prepare.columns import REFUSAL


class Refusals:
    """Refusals in their order; memory holds only the first, and one batch at a time."""

    def __init__(self) -> None:
        #: The first of all; empty before there is one.
        self.first: dict[str, Any] = {}
        self._lengths: list[int] = []
        self._file = tempfile.TemporaryFile(prefix="epnkit-refusals-")  # noqa: SIM115 - see next
        finalize(self, self._file.close)

    def append(self, refused: pl.DataFrame) -> None:
        """Add a batch, as :data:`~epnkit.loading.prepare.columns.REFUSAL`, unless it is empty."""
        if not len(refused):
            return
        if not self.first:
            self.first = refused.row(0, named=True)
        begin = self._file.seek(0, 2)
        refused.select(*REFUSAL).write_ipc_stream(self._file)
        self._lengths.append(self._file.tell() - begin)

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """Yield the batches again."""
        begin = 0
        for length in self._lengths:
            self._file.seek(begin)
            yield pl.read_ipc_stream(self._file.read(length))
            begin += length
