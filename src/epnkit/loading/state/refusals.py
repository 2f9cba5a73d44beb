"""The refusals of a run, buffered in a file until the run ends, since they may be many."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from typing import Any
from weakref import finalize

import polars as pl

from epnkit.loading.prepare.columns import REFUSAL

#: How many reasons a message lists, the most frequent first.
_COUNTED = 4


def name_reason(field: str | None, reason: str) -> str:
    """Return a reason with its column and without its value, so that equal ones can be counted.

    Examples
    --------
    >>> name_reason("time_min", "'soon' is not a time")
    'time_min: is not a time'
    """
    what, _, rest = reason.partition(": ")
    value, _, complaint = reason.partition("' ")
    if reason.startswith("'") and complaint:
        plain = complaint
    else:
        plain = what if rest and value else reason
    return f"{field}: {plain}" if field else plain


class Refusals:
    """Refusals in their order; only the first, and one batch at a time, are in memory."""

    def __init__(self) -> None:
        #: The first refusal; empty if there is none yet.
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

    def count_reasons(self) -> str:
        """Count the refusals by their reasons, the most frequent first, and name the first."""
        counted: Counter[str] = Counter()
        for batch in self:
            pairs = zip(batch["field"], batch["reason"], strict=True)
            counted.update(name_reason(field, reason) for field, reason in pairs)
        listed = [f"{count} {reason}" for reason, count in counted.most_common(_COUNTED)]
        others = len(counted) - len(listed)
        more = [f"{others} reasons more"] if others > 0 else []
        first = f"the first is {self.first['record_key']}: {self.first['reason']}"
        return "; ".join([*listed, *more, first])
