"""Time scales: from UTC, TAI, TT, TDB, GPS and others to Julian dates in UTC, and to TT.

A Julian date in UTC follows SOFA's convention for days that end with a leap second: the day has
86,401 seconds, so that each instant has its own date (SOFA, "Time Scales and Calendar Tools",
section 3.5; :func:`erfa.dtf2d`).  Names of scales are those of FITS (FITS 4.0, table 30).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import erfa
import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

#: A time scale.
Scale = Literal["UTC", "TAI", "TT", "TDB", "TCG", "TCB", "GPS"]

#: The Julian date at which unix time begins, 1970-01-01T00:00:00.
UNIX_EPOCH = 2440587.5

#: The Julian date of the epoch J2000.0.
J2000 = 2451545.0

#: Seconds of a day without a leap second.
DAY = 86400.0

#: Seconds by which TAI is ahead of GPS time, always.
_TAI_MINUS_GPS = 19.0

#: What FITS and others call the scales.
SCALE_NAMES: dict[str, Scale] = {
    "": "UTC",
    "Z": "UTC",
    "UTC": "UTC",
    "UT": "UTC",
    "GMT": "UTC",
    "TAI": "TAI",
    "IAT": "TAI",
    "TT": "TT",
    "TDT": "TT",
    "ET": "TT",
    "TDB": "TDB",
    "TCG": "TCG",
    "TCB": "TCB",
    "GPS": "GPS",
}


@dataclass(frozen=True)
class UtcTimes:
    """Times in UTC as Julian dates of two parts, whose sum is the date; NaN where there is none.

    Parameters
    ----------
    midnight : numpy.ndarray, shape (n,)
        The Julian date at which the day begins.
    fraction : numpy.ndarray, shape (n,)
        The part of the day that has passed; of a day of 86,401 seconds if it has a leap second.
    """

    midnight: Floats
    fraction: Floats

    @property
    def julian_date(self) -> Floats:
        """Julian dates (UTC), which a double holds to 2.3e-10 of a day."""
        return self.midnight + self.fraction

    @property
    def tt_since_j2000(self) -> Floats:
        """Days of TT since J2000.0 (JD 2451545.0 TT)."""
        known = np.isfinite(self.midnight + self.fraction)
        first = np.where(known, self.midnight, J2000)
        second = np.where(known, self.fraction, 0.0)
        tai = _without_warnings(erfa.ufunc.utctai, first, second)
        tt = _without_warnings(erfa.ufunc.taitt, *tai)
        return np.where(known, (tt[0] - J2000) + tt[1], np.nan)


def ends_with_leap_second(days: Floats) -> NDArray[np.bool_]:
    """Say for days since 1970 whether their last minute has 61 seconds."""
    return np.isin(days, _LEAP_DAYS)


def utc_times(days: Floats, seconds: Floats) -> UtcTimes:
    """Join days since 1970 and seconds of the day (UTC) to times."""
    length = np.where(ends_with_leap_second(days), DAY + 1.0, DAY)
    return UtcTimes(UNIX_EPOCH + days, seconds / length)


def to_utc(days: Floats, seconds: Floats, scale: Scale) -> UtcTimes:
    """Convert days since 1970 and seconds of the day, both in a scale, to UTC.

    Parameters
    ----------
    days, seconds : numpy.ndarray, shape (n,)
        NaN where there is no time.
    scale : str
        The scale.
    """
    if scale == "UTC":
        return utc_times(days, seconds)
    known = np.isfinite(days + seconds)
    first = np.where(known, days, 0.0) + UNIX_EPOCH
    second = np.where(known, seconds, 0.0) / DAY
    tai = _TO_TAI[scale](first, second)
    utc = _without_warnings(erfa.ufunc.taiutc, *tai)
    midnight = np.floor(utc[0] + utc[1] - 0.5) + 0.5
    fraction = (utc[0] - midnight) + utc[1]
    return UtcTimes(np.where(known, midnight, np.nan), np.where(known, fraction, np.nan))


def _without_warnings(convert: Callable[..., tuple[Floats, ...]], *parts: Floats) -> list[Floats]:
    """Call a function under erfa's, which warns of the future; drop its status."""
    return list(convert(*parts)[:2])


def _tai_of_tt(first: Floats, second: Floats) -> list[Floats]:
    return _without_warnings(erfa.ufunc.tttai, first, second)


def _tai_of_tdb(first: Floats, second: Floats) -> list[Floats]:
    # As seen from the centre of the Earth; the time of day of the place changes 2 microseconds.
    difference = erfa.ufunc.dtdb(first, second, 0.0, 0.0, 0.0, 0.0)
    return _tai_of_tt(*_without_warnings(erfa.ufunc.tdbtt, first, second, difference))


def _tai_of_tcg(first: Floats, second: Floats) -> list[Floats]:
    return _tai_of_tt(*_without_warnings(erfa.ufunc.tcgtt, first, second))


def _tai_of_tcb(first: Floats, second: Floats) -> list[Floats]:
    return _tai_of_tdb(*_without_warnings(erfa.ufunc.tcbtdb, first, second))


#: From each scale to TAI, as Julian dates of two parts.
_TO_TAI: dict[Scale, Callable[[Floats, Floats], list[Floats]]] = {
    "TAI": lambda first, second: [first, second],
    "GPS": lambda first, second: [first, second + _TAI_MINUS_GPS / DAY],
    "TT": _tai_of_tt,
    "TDB": _tai_of_tdb,
    "TCG": _tai_of_tcg,
    "TCB": _tai_of_tcb,
}


def _leap_days() -> Floats:
    """List the days before each leap second, from erfa's table of TAI - UTC."""
    table = erfa.leap_seconds.get()
    whole = table[table["year"] >= 1972][1:]  # the first entry starts the whole seconds
    first = np.array([f"{row['year']}-{row['month']:02d}-01" for row in whole], "datetime64[D]")
    return np.array([int(day) for day in first.astype(np.int64)], dtype=np.float64) - 1.0


_LEAP_DAYS = _leap_days()
