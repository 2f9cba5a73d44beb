"""A small picture that clients show for the server."""

from __future__ import annotations

import struct
import zlib
from functools import cache

import numpy as np

#: Pixels of a side.
_SIZE = 48


@cache
def make_logo() -> bytes:
    """Draw a burst that drifts down in frequency, as a PNG of 48 by 48 pixels."""
    time, depth = np.meshgrid(np.arange(_SIZE) / _SIZE, np.arange(_SIZE) / _SIZE)
    delay = time - 0.25 - 0.4 * depth**2
    grey = 30 + 210 * np.where(delay > 0, np.exp(-np.abs(delay) / 0.15), 0.0)
    rows = b"".join(b"\0" + row.tobytes() for row in grey.astype(np.uint8))
    header = struct.pack(">IIBBBBB", _SIZE, _SIZE, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*each) for each in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    """Write a chunk of a PNG file (PNG, section 5.3)."""
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)
