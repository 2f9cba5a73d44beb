"""Binary files of records of one length: the first and the last of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from epnkit.sources.files.readers import Reader


class Layout:
    """The fields of a record, packed, in the order in which they lie.

    Parameters
    ----------
    fields : sequence of tuple of str
        Name and type of each field, the type as numpy writes it: ``<u4``, ``<f8``, ``2<f4``.

    Raises
    ------
    TypeError
        Where numpy knows no such type.
    """

    def __init__(self, fields: Sequence[tuple[str, str]]) -> None:
        self._type = np.dtype(list(fields))

    @property
    def size(self) -> int:
        """The length of a record, in bytes."""
        return int(self._type.itemsize)

    def take(self, content: bytes) -> dict[str, Any]:
        """Take one record apart."""
        (record,) = np.frombuffer(content, self._type)
        return {name: record[name].tolist() for name in self._type.names or ()}


def records_reader(layout: Layout) -> Reader:
    """Make a reader of such files.

    It gives ``records``, their number, and the fields of the first and of the last record, named
    ``first.NAME`` and ``last.NAME``.

    Parameters
    ----------
    layout : Layout
        The fields of a record.
    """

    def read(path: Path) -> Iterator[dict[str, Any]]:
        size = path.stat().st_size
        if size == 0 or size % layout.size:
            raise ValueError(f"{size} bytes are not records of {layout.size} bytes")
        with path.open("rb") as stream:
            ends = {
                "first": _record(stream, layout, 0),
                "last": _record(stream, layout, size - layout.size),
            }
        found = {f"{end}.{name}": value for end, of in ends.items() for name, value in of.items()}
        yield {"records": size // layout.size, **found}

    return read


def _record(stream: IO[bytes], layout: Layout, start: int) -> dict[str, Any]:
    stream.seek(start)
    return layout.take(stream.read(layout.size))
