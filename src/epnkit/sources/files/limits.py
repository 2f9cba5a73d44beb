"""What a file of a foreign format may cost: bytes, depth, time and memory, all declared here."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

#: The most bytes of headers that a FITS file may have before the unit that is wanted.
LARGEST_HEADER = 16 * 1024**2

#: The most bytes that are decompressed of one file.
LARGEST_DECOMPRESSED = 2 * 1024**3

#: The most bytes of an ASDF file that are read to find the end of its tree.
LARGEST_TREE = 64 * 1024**2

#: The most bytes of a PDS3 file that are read to find the end of its label.
LARGEST_LABEL = 4 * 1024**2

#: The largest JSON file, in bytes: it is parsed whole.
LARGEST_JSON = 256 * 1024**2

#: The largest JSON file that is parsed in the process that asks for it, in bytes.
SMALL_JSON = 256 * 1024

#: How deep documents and labels may be nested.
DEEPEST = 100

#: The most values of one document, those under YAML's aliases counted each time.
MOST_VALUES = 1_000_000

#: What holds no other values, told by its type for speed.
_LEAVES = frozenset([str, bool, int, float, bytes, type(None)])

#: How long a reader may work on one file, or on a thousand lines of it, in seconds.
LONGEST = 30

#: How long the process of a reader may take until it begins with its first file, in seconds.
LONGEST_START = 60

#: How much memory a reader may take beyond what it has at its start, in bytes.
MOST_MEMORY = 1024**3


#: What compressed files begin with (RFC 1952; bzip2; the .xz file format 1.2), whatever their name.
_COMPRESSED: dict[bytes, Callable[[Path], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
}


def open_file(path: Path) -> IO[bytes]:
    """Open a file, decompressed up to a limit if it is compressed (gzip, bzip2, xz)."""
    stream = path.open("rb")
    begin = stream.peek(6)
    for mark, open_compressed in _COMPRESSED.items():
        if begin.startswith(mark):
            stream.close()
            return io.BufferedReader(LimitedStream(open_compressed(path), LARGEST_DECOMPRESSED))
    return stream


def is_compressed(path: Path) -> bool:
    """Say whether a file is compressed, as :func:`open_file` knows it; not of one that is gone."""
    try:
        with path.open("rb") as stream:
            begin = stream.read(6)
    except OSError:
        return False
    return any(begin.startswith(mark) for mark in _COMPRESSED)


class LimitedStream(io.RawIOBase):
    """A stream that refuses to give more than a number of bytes.

    Parameters
    ----------
    stream : binary file
        What is read.
    most : int
        The number of bytes.
    """

    def __init__(self, stream: IO[bytes], most: int) -> None:
        self._stream, self._most = stream, most

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer.

        Raises
        ------
        ValueError
            If the stream is larger than it may be.
        """
        content = self._stream.read(min(len(buffer), 1024**2))
        self._most -= len(content)
        if self._most < 0:
            raise ValueError("it is larger than it may be once it is decompressed")
        buffer[: len(content)] = content
        return len(content)

    def close(self) -> None:
        """Close what is read."""
        self._stream.close()
        super().close()


def require_bounded(document: Any) -> None:
    """Refuse a document that is too deep or too large, or that holds itself.

    What stands in several places of it (YAML's aliases) is counted in each, without going there.

    Raises
    ------
    ValueError
        With what is wrong.
    """
    if not isinstance(document, Mapping | list | tuple):
        return
    if _count_values(document, 0, {}, set()) > MOST_VALUES:
        raise ValueError(f"it has more than {MOST_VALUES} values")


def _count_values(node: Any, depth: int, counts: dict[int, int], above: set[int]) -> int:
    """Count the values of a tree; plain ones are counted without a call, for there are many."""
    if id(node) in above:
        raise ValueError("it holds itself")
    if depth > DEEPEST:
        raise ValueError(f"it is nested more than {DEEPEST} levels deep")
    if id(node) in counts:
        return counts[id(node)]
    above.add(id(node))
    count = 1
    for inner in node.values() if isinstance(node, Mapping) else node:
        is_tree = type(inner) not in _LEAVES and isinstance(inner, Mapping | list | tuple)
        count += _count_values(inner, depth + 1, counts, above) if is_tree else 1
    above.discard(id(node))
    counts[id(node)] = count
    return count
