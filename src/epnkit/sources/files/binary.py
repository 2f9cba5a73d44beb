"""Binary files of records of one length: the first and the last of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np


class RecordLayout:
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

    def unpack(self, content: bytes) -> dict[str, Any]:
        """Take one record apart."""
        (record,) = np.frombuffer(content, self._type)
        return {name: record[name].tolist() for name in self._type.names or ()}


@dataclass(frozen=True)
class RecordsReader:
    """Reads such files: ``records``, their number, and the fields of the first and the last record.

    These are named ``first.NAME`` and ``last.NAME``.

    Parameters
    ----------
    layout : RecordLayout
        The fields of a record.
    """

    layout: RecordLayout

    def __call__(self, path: Path) -> Iterator[dict[str, Any]]:
        """Read one file."""
        size, length = path.stat().st_size, self.layout.size
        if size == 0 or size % length:
            raise ValueError(f"{size} bytes are not records of {length} bytes")
        with path.open("rb") as stream:
            ends = {
                "first": _read_record(stream, self.layout, 0),
                "last": _read_record(stream, self.layout, size - length),
            }
        found = {f"{end}.{name}": value for end, of in ends.items() for name, value in of.items()}
        yield {"records": size // length, **found}


def _read_record(stream: IO[bytes], layout: RecordLayout, start: int) -> dict[str, Any]:
    stream.seek(start)
    return layout.unpack(stream.read(layout.size))
