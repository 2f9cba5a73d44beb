"""The numbers of an ASDF file, out of those of its blocks alone that are asked for.

The layout is that of the ASDF Standard 1.6.0, "Low-level file layout"; the arrays' nodes are those
of its schema ``core/ndarray-1.0.0``.
"""

from __future__ import annotations

import bz2
import struct
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from epnkit.sources.files.limits import open_file

#: What a block begins with, and the bytes of its header: flags, compression, and three sizes.
_MAGIC, _HEADER = b"\xd3BLK", struct.Struct(">I4sQQQ")

#: The most bytes of one block that are read, and of what it is decompressed to.
LARGEST_BLOCK: Final = 64 * 1024**2

#: How a block is decompressed, by its header.
_DECOMPRESS: Final[dict[bytes, Callable[[bytes], bytes]]] = {
    b"\0\0\0\0": lambda content: content,
    b"zlib": lambda content: _inflate(zlib.decompressobj(), content),
    b"bzp2": lambda content: _inflate(bz2.BZ2Decompressor(), content),
}

#: A node of an array in a tree, as a plain map; or a list of numbers; or a number.
Node = Any


def read_arrays(path: Path, after: int, nodes: list[Node]) -> list[NDArray[np.float64]]:
    """Read arrays of an ASDF file; blocks that none of them needs are passed over.

    Parameters
    ----------
    path : pathlib.Path
        The file, which may be compressed.
    after : int
        Where its tree ends.
    nodes : list
        The arrays, as its tree has them; quantities and plain numbers too.

    Returns
    -------
    list of ndarray
        The numbers of each, in its own shape.

    Raises
    ------
    ValueError
        If a block is missing, too large or compressed in an unknown way, or an array does not lie
        within its block.
    """
    plain = [_unwrap_quantity(node) for node in nodes]
    wanted = {node["source"] for node in plain if isinstance(node, Mapping) and "source" in node}
    if not all(isinstance(number, int) and number >= 0 for number in wanted):
        raise ValueError("an array lies in another file")
    blocks: dict[int, bytes] = {}
    if wanted:
        with open_file(path) as stream:
            blocks = _read_blocks(stream, after, wanted)
    return [_build_array(node, blocks) for node in plain]


def _unwrap_quantity(node: Node) -> Node:
    """Take the numbers of a quantity, whose unit the caller knows."""
    return node["value"] if isinstance(node, Mapping) and "value" in node else node


def _read_blocks(stream: IO[bytes], after: int, wanted: set[int]) -> dict[int, bytes]:
    _find_first_block(stream, after)
    found: dict[int, bytes] = {}
    for number in range(max(wanted) + 1):
        if number and stream.read(4) != _MAGIC:
            raise ValueError(f"it has no block {number}")
        (length,) = struct.unpack(">H", _read_exactly(stream, 2))
        header = _read_exactly(stream, length)
        if length < _HEADER.size:
            raise ValueError(f"the header of block {number} is too short")
        _, compression, allocated, used, size = _HEADER.unpack_from(header)
        if number not in wanted:
            _skip(stream, allocated)
            continue
        if max(used, size) > LARGEST_BLOCK or used > allocated:
            raise ValueError(f"block {number} is larger than {LARGEST_BLOCK} bytes")
        if compression not in _DECOMPRESS:
            raise ValueError(f"block {number} is compressed by {compression!r}")
        found[number] = _DECOMPRESS[compression](_read_exactly(stream, used))
        _skip(stream, allocated - used)
    return found


def _find_first_block(stream: IO[bytes], after: int) -> None:
    """Go behind the mark of the first block; there may be blanks and padding before it."""
    _skip(stream, after)
    before = b""
    for _ in range(65536):
        before = before[-3:] + stream.read(1)
        if before == _MAGIC:
            return
    raise ValueError("it has no blocks")


def _skip(stream: IO[bytes], size: int) -> None:
    if stream.seekable():
        stream.seek(size, 1)
        return
    while size > 0:
        chunk = stream.read(min(size, 1024**2))
        if not chunk:
            raise ValueError("it ends within a block")
        size -= len(chunk)


def _read_exactly(stream: IO[bytes], size: int) -> bytes:
    content = stream.read(size)
    if len(content) != size:
        raise ValueError("it ends within a block")
    return content


def _inflate(decompressor: Any, content: bytes) -> bytes:
    made: bytes = decompressor.decompress(content, LARGEST_BLOCK)
    if not decompressor.eof:
        raise ValueError("a block is damaged, or larger than it may be once it is decompressed")
    return made


def _build_array(node: Node, blocks: Mapping[int, bytes]) -> NDArray[np.float64]:
    if not isinstance(node, Mapping):
        return np.asarray(node, dtype=np.float64)
    if "source" not in node:
        return np.asarray(node.get("data"), dtype=np.float64)
    kind = np.dtype(str(node["datatype"]))
    kind = kind.newbyteorder("<") if node.get("byteorder") == "little" else kind.newbyteorder(">")
    if kind.hasobject:
        raise ValueError("an array holds no numbers")
    view: NDArray[Any] = np.ndarray(
        tuple(node["shape"]),
        kind,
        blocks[node["source"]],
        node.get("offset", 0),
        node.get("strides"),
    )
    # Strides of 0 make a small block as large as one likes.
    if view.size * 8 > LARGEST_BLOCK:
        raise ValueError("an array is larger than it may be")
    return np.array(view, dtype=np.float64)
