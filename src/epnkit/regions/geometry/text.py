"""Polygons as text: pgsphere's literal and STC-S, with seven decimals (1e-7 degree, 1 m)."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from epnkit.regions._compile import kernel
from epnkit.regions.arrays import Bytes, Floats, Integers

#: The most bytes that a vertex takes: "(359.1234567d,-89.1234567d),".
VERTEX = 28


@kernel
def write_number(out: Bytes, at: int, value: int) -> int:
    """Write a number given in units of 1e-7; return where it ends."""
    if value < 0:
        out[at] = 45
        at, value = at + 1, -value
    whole, rest = value // 10000000, value % 10000000
    digits = 3 if whole > 99 else (2 if whole > 9 else 1)
    for k in range(digits - 1, -1, -1):
        out[at + k] = 48 + whole % 10
        whole //= 10
    out[at + digits] = 46
    for k in range(7, 0, -1):
        out[at + digits + k] = 48 + rest % 10
        rest //= 10
    return at + digits + 8


@kernel
def write_literal(out: Bytes, degrees: Floats) -> int:
    """Write ``{(10.0000000d,5.0000000d),...}``; return its length."""
    out[0] = 123
    at = 1
    for k in range(degrees.shape[0]):
        out[at] = 40
        at = write_number(out, at + 1, int(np.rint(degrees[k, 0] * 1e7)) % 3600000000)
        out[at], out[at + 1] = 100, 44
        at = write_number(out, at + 2, int(np.rint(degrees[k, 1] * 1e7)))
        out[at], out[at + 1], out[at + 2] = 100, 41, 44
        at += 3
    out[at - 1] = 125
    return at


@kernel
def write_literals(degrees: Floats, starts: Integers) -> tuple[Bytes, Integers]:
    """Write one literal a polygon: the bytes, and where each begins."""
    out = np.empty(VERTEX * degrees.shape[0] + 2 * starts.size, dtype=np.uint8)
    begins = np.zeros_like(starts)
    for k in range(starts.size - 1):
        length = 0
        if starts[k + 1] > starts[k]:
            length = write_literal(out[begins[k] :], degrees[starts[k] : starts[k + 1]])
        begins[k + 1] = begins[k] + length
    return out[: begins[-1]], begins


def polygon_literals(degrees: Floats, starts: Integers) -> list[str | None]:
    """Return polygons as pgsphere reads them, None if one has no vertices.

    Parameters
    ----------
    degrees : ndarray, shape (n, 2)
        Longitude and latitude of all vertices.
    starts : ndarray of int64, shape (polygons + 1,)
        Where each polygon begins, and the end of the last.
    """
    out, begins = write_literals(degrees, starts)
    whole, cuts = out.tobytes().decode("ascii"), begins.tolist()
    return [whole[a:b] or None for a, b in pairwise(cuts)]


def stc_text(degrees: Floats) -> str:
    """Return a polygon as the STC-S text that DALI clients draw: ``Polygon lon lat lon lat``."""
    return "Polygon " + " ".join(f"{number:.7f}" for number in degrees.ravel())
