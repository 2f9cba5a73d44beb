"""Where the Earth is as seen from the Sun, interpolated between fixed dates.

A date has the same position to the last bit whatever dates it is computed with: an import that
reads a record again among others must find its footprint unchanged.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import erfa
import numpy as np

from epnkit.regions.arrays import Floats, Integers

#: Days between the nodes of the interpolation. The Moon swings the Earth 4,700 km in 27.3 days; a
#: polynomial of degree 7 through four nodes of this step follows it to 2e-11 au.
STEP: Final = 2.0


def to_tdb(days: Floats) -> Floats:
    """Return TDB for TT, both in days since J2000.0 (to 30 microseconds; 1 km of the orbit)."""
    anomaly = np.radians(357.53 + 0.98560028 * days)
    spread = 0.001657 * np.sin(anomaly) + 0.000014 * np.sin(2 * anomaly)
    out: Floats = days + spread / 86400
    return out


def earth_state(days: Floats) -> tuple[Floats, Floats]:
    """Return position (au) and velocity (au/day) of the Earth from the Sun, each shape (n, 3).

    Parameters
    ----------
    days : ndarray, shape (n,)
        TDB, days since J2000.0.
    """
    # The function under erfa's, which warns outside 1900 to 2100 with one warning for all.
    heliocentric, _, _ = erfa.ufunc.epv00(2451545.0, days)
    return heliocentric["p"], heliocentric["v"]


def _find_nodes(days: Floats) -> tuple[Integers, Integers]:
    """Return the numbers of the nodes that the days need, and where each day's four begin."""
    first = np.floor(days / STEP).astype(np.int64) - 1
    needed = np.unique(first[:, None] + np.arange(4))
    return needed, np.searchsorted(needed, first)


@cache
def _hermite_coefficients() -> Floats:
    """Return the coefficients of the degree 7 Hermite basis, shape (8 data, 8 powers).

    Data are the values at nodes 0 to 3, then the slopes (in steps) there.
    """
    at = np.arange(4.0)[:, None]
    powers = np.arange(8)
    slopes = np.where(powers > 0, powers * at ** np.maximum(powers - 1, 0), 0.0)
    inverse = np.linalg.inv(np.vstack([at**powers, slopes])).T
    # All are multiples of 1/108.  Without this, their last digits would depend on how many threads
    # the library of linear algebra has, and with them footprints on the machine that draws them.
    out: Floats = np.rint(inverse * 108) / 108
    return out


def interpolate(days: Floats) -> Floats:
    """Return the Earth's position, shape (n, 3), from nodes `STEP` days apart."""
    needed, begin = _find_nodes(days)
    position, velocity = earth_state(needed * STEP)
    part = days / STEP - needed[begin]
    # Not by a matrix product, whose rounding depends on how many rows there are.
    basis = np.einsum("ij,kj->ik", part[:, None] ** np.arange(8), _hermite_coefficients())
    out = np.zeros((days.size, 3))
    for node in range(4):
        out += basis[:, node, None] * position[begin + node]
        out += basis[:, 4 + node, None] * velocity[begin + node] * STEP
    return out


def earth_position(days: Floats) -> Floats:
    """Return the Earth's position from the Sun in au, ICRS axes, shape (n, 3).

    Parameters
    ----------
    days : ndarray, shape (n,)
        TT, days since J2000.0; each distinct day is computed once.
    """
    distinct, back = np.unique(to_tdb(days), return_inverse=True)
    out: Floats = interpolate(distinct)[back]
    return out
