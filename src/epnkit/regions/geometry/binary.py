"""Polygons as the bytes that pgsphere holds them in, for those that are proven to be right.

pgsphere checks each polygon that it reads, every edge against every other.  What passes the same
check here can be given to the database as it is stored: the number of points (int32), then
longitude and latitude of each in radians (float64), in the byte order of the machine.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from epnkit.regions._compile import Flags, Floats, Integers, kernel
from epnkit.regions.geometry.sphere import GOOD, check_pgsphere, gnomonic, is_aligned

#: A literal whose numbers are decimal degrees that a float64 holds to the last digit.
_POINT = r"\(\d{1,3}\.\d{1,10}d,-?\d{1,2}\.\d{1,10}d\)"
_LITERAL = rf"^\{{{_POINT}(?:,{_POINT}){{2,}}\}}$"

#: A number of a literal.
_NUMBER = r"-?\d+\.\d+"

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
    in_form = literals.str.contains(_LITERAL).fill_null(value=False)
    rows = in_form.arg_true()
    chosen = literals.gather(rows)
    numbers = chosen.str.extract_all(_NUMBER)
    starts = np.concatenate([[0], np.cumsum(numbers.list.len().to_numpy() // 2)]).astype(np.int64)
    degrees = numbers.explode().cast(pl.Float64).to_numpy().reshape(-1, 2)
    points = np.ascontiguousarray(degrees) / _DEGREES
    proven = prove(points, starts) if len(starts) > 1 else np.zeros(0, dtype=np.bool_)
    written = [
        np.int32(end - start).tobytes() + points[start:end].tobytes() if good else None
        for start, end, good in zip(starts[:-1], starts[1:], proven, strict=True)
    ]
    none = pl.Series(literals.name, [None], dtype=pl.Binary).new_from_index(0, len(literals))
    return none.scatter(rows, pl.Series(written, dtype=pl.Binary))


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
        good[k] = is_normal(ring) and is_sound(ring)
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
    flat, narrow = gnomonic(vectors)
    return narrow and check_pgsphere(vectors) == GOOD and not is_aligned(flat)
