"""Polygons as the bytes that pgsphere holds them in, for those that are proven to be right.

pgsphere checks each polygon that it reads, every edge against every other.  What passes the same
check here can be given to the database as it is stored: the number of points (int32), then
longitude and latitude of each in radians (float64), in the byte order of the machine.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from epnkit.regions._compile import kernel
from epnkit.regions.arrays import Bytes, Flags, Floats, Integers
from epnkit.regions.geometry.sphere import LARGEST, gnomonic, is_aligned, is_simple

#: The most digits before the point of a longitude and of a latitude, and after it: as an integer
#: all of them fit a float64, and so does the power of ten, so that their quotient is the nearest.
_LONGITUDE, _LATITUDE, _DECIMALS = 3, 2, 10

_POINT, _ZERO_DIGIT, _MINUS = ord("."), ord("0"), ord("-")

#: Degrees in a radian, as pgsphere has it.
_DEGREES = 57.295779513082320877

#: What pgsphere takes for zero, in radians.
_ZERO = 1.0e-9


def polygon_bytes(literals: pl.Series) -> pl.Series:
    """Give polygons as pgsphere stores them.

    Parameters
    ----------
    literals : polars.Series
        Strings, as :func:`~epnkit.regions.geometry.text.polygon_literals` writes them; any others
        are allowed.

    Returns
    -------
    polars.Series
        Binary values; null where there is no polygon, or one that is not proven to pass pgsphere's
        check, or a text in another form: those are for pgsphere itself to read.
    """
    texts = literals.fill_null("")
    ends = texts.str.len_bytes().cum_sum().to_numpy().astype(np.int64)
    joined = np.frombuffer((texts.str.join("").item() or "").encode(), dtype=np.uint8)
    degrees, starts = read_literals(joined, ends)
    points = degrees / _DEGREES
    counts, content = np.diff(starts).astype(np.int32).tobytes(), points.tobytes()
    rows = zip(starts[:-1].tolist(), starts[1:].tolist(), prove(points, starts), strict=True)
    written = [
        counts[4 * k : 4 * k + 4] + content[16 * start : 16 * end] if good else None
        for k, (start, end, good) in enumerate(rows)
    ]
    return pl.Series(literals.name, written, dtype=pl.Binary)


@kernel
def read_literals(text: Bytes, ends: Integers) -> tuple[Floats, Integers]:
    """Read polygons in the form ``{(10.5d,-5.25d),...}``; one in another form has no points.

    Parameters
    ----------
    text : ndarray of uint8
        All texts, one after the other.
    ends : ndarray of int64, shape (polygons,)
        Where each ends.

    Returns
    -------
    degrees : ndarray, shape (n, 2)
        Longitudes and latitudes.
    starts : ndarray of int64, shape (polygons + 1,)
        Where each polygon begins, and the end of the last.
    """
    degrees = np.empty((np.sum(text == _POINT) // 2 + 1, 2))
    starts = np.zeros(ends.size + 1, dtype=np.int64)
    start = 0
    for k in range(ends.size):
        count = read_literal(text[start : ends[k]], degrees[starts[k] :])
        starts[k + 1] = starts[k] + count
        start = ends[k]
    return degrees[: starts[-1]], starts


@kernel
def read_literal(text: Bytes, degrees: Floats) -> int:
    """Read one polygon; return how many points it has, 0 if it is in another form."""
    if text.size < 2 or text[0] != 123:  # {
        return 0
    at, count = 1, 0
    while at < text.size and text[at] == 40:  # (
        lon, at = read_decimal(text, at + 1, _LONGITUDE, False)
        if at < 0 or not is_text(text, at, 100, 44):  # d,
            return 0
        lat, at = read_decimal(text, at + 2, _LATITUDE, True)
        if at < 0 or not is_text(text, at, 100, 41):  # d)
            return 0
        degrees[count, 0], degrees[count, 1] = lon, lat
        at, count = at + 2, count + 1
        if at == text.size - 1:
            return count if text[at] == 125 and count > 2 else 0  # }
        if text[at] != 44:  # ,
            return 0
        at += 1
    return 0


@kernel
def is_text(text: Bytes, at: int, first: int, second: int) -> bool:
    """Return whether two characters are next, and another after them."""
    return bool(at + 2 < text.size and text[at] == first and text[at + 1] == second)


@kernel
def read_decimal(text: Bytes, at: int, most: int, signed: bool) -> tuple[float, int]:
    """Read a decimal number and where it ends; that is -1 if it is in another form."""
    negative = signed and at < text.size and text[at] == _MINUS
    at += 1 if negative else 0
    value, whole, decimals, scale = 0, 0, -1, 1.0
    while at < text.size:
        if text[at] == _POINT and decimals < 0:
            decimals = 0
        elif 0 <= text[at] - _ZERO_DIGIT <= 9:
            value = 10 * value + (text[at] - _ZERO_DIGIT)
            whole += 1 if decimals < 0 else 0
            decimals += 0 if decimals < 0 else 1
            scale *= 1.0 if decimals < 1 else 10.0
            if whole > most or decimals > _DECIMALS:
                return 0.0, -1
        else:
            break
        at += 1
    if whole < 1 or decimals < 1:
        return 0.0, -1
    return (-value if negative else value) / scale, at


@kernel
def prove(points: Floats, starts: Integers) -> Flags:
    """Say of each polygon whether pgsphere takes it, and holds it as these very numbers.

    Parameters
    ----------
    points : ndarray, shape (n, 2)
        Longitudes and latitudes in radians.
    starts : ndarray of int64, shape (polygons + 1,)
        Where each polygon begins, and the end of the last.
    """
    good = np.zeros(starts.size - 1, dtype=np.bool_)
    for k in range(starts.size - 1):
        ring = points[starts[k] : starts[k + 1]]
        good[k] = ring.shape[0] > 2 and is_normal(ring) and is_sound(ring)
    return good


@kernel
def is_normal(ring: Floats) -> bool:
    """Return whether pgsphere would leave each number as it is."""
    for k in range(ring.shape[0]):
        lon, lat = ring[k]
        if lon < 0.0 or lon > 2 * np.pi - 2 * _ZERO or abs(lat) > np.pi / 2 - 2 * _ZERO:
            return False
        if 0.0 < lon < 2 * _ZERO or 0.0 < abs(lat) < 2 * _ZERO:
            return False
    return True


@kernel
def is_sound(ring: Floats) -> bool:
    """Return whether a ring of longitudes and latitudes passes pgsphere's check."""
    vectors = np.empty((ring.shape[0], 3))
    for k in range(ring.shape[0]):
        lon, lat = ring[k]
        vectors[k, 0] = np.cos(lat) * np.cos(lon)
        vectors[k, 1] = np.cos(lat) * np.sin(lon)
        vectors[k, 2] = np.sin(lat)
    if not 3 <= ring.shape[0] <= LARGEST:
        return False
    flat, narrow = gnomonic(vectors)
    return narrow and is_simple(flat) and not is_aligned(flat)
