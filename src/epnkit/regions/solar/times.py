"""Times of observations as days of TT since J2000.0, which ephemerides are asked by."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from epnkit.regions.arrays import Floats
from epnkit.times import read_times

#: Times as callers have them: texts in any form that `epnkit.times` reads, or datetimes.
Times: TypeAlias = "ArrayLike | pl.Series"


def to_tt(times: Times, scale: str = "UTC") -> tuple[Floats, NDArray[np.bool_]]:
    """Return times as days of TT since J2000.0 (JD 2451545.0 TT), and which of them are times.

    Parameters
    ----------
    times : array_like of str or datetime64, or polars.Series, shape (n,)
        UTC, unless a text or `scale` says otherwise.
    scale : str
        The time scale of those that name none (FITS's TIMESYS).

    Returns
    -------
    days : ndarray, shape (n,)
        To better than a microsecond; 0 where there is no time.
    good : ndarray of bool, shape (n,)
        False where there is no time, or a text names a day or second that did not exist.
    """
    days = read_times(_as_series(times), scale).times.tt_since_j2000
    good = np.isfinite(days)
    return np.where(good, days, 0.0), good


def _as_series(times: Times) -> pl.Series:
    if isinstance(times, pl.Series) and times.dtype in (pl.String, pl.Datetime):
        return times
    array = np.atleast_1d(np.asarray(times))
    if array.dtype.kind == "M":
        return pl.Series(array.astype("datetime64[us]"))
    if array.dtype.kind == "S":
        array = np.char.decode(array, "latin-1")
    return pl.Series(array.astype(str).tolist(), dtype=pl.String)
