"""ISO 8601 times in UTC to Julian dates in TT, many at a time, leap seconds counted."""

from __future__ import annotations

from typing import TypeAlias

import erfa
import numpy as np
from numpy.typing import ArrayLike, NDArray

from epnkit.regions._compile import Bytes, Floats, kernel

#: Times as callers have them: ISO text (``T`` or a space, fraction, ``Z`` allowed) or datetime64.
Times: TypeAlias = ArrayLike

_WIDTH = 40


@kernel
def number(text: Bytes, start: int, length: int) -> int:
    """Return the number that some digits spell, or -1."""
    total = 0
    for k in range(start, start + length):
        if text[k] < 48 or text[k] > 57:
            return -1
        total = 10 * total + (text[k] - 48)
    return total


@kernel
def fraction(text: Bytes, start: int) -> float:
    """Return the fraction after a point up to the end or a Z, or -1 when anything else is there."""
    total, unit = 0.0, 0.1
    at = start
    if text[at] == 46:
        at += 1
        while 48 <= text[at] <= 57:
            total += unit * (text[at] - 48)
            unit, at = unit / 10, at + 1
    at += 1 if text[at] == 90 else 0
    return total if text[at] == 0 else -1.0


@kernel
def read_time(text: Bytes, fields: Floats) -> None:
    """Read year, month, day, hour, minute and second; a bad text gives the month 0."""
    marks = text[4] == 45 and text[7] == 45
    fields[0], fields[1], fields[2] = number(text, 0, 4), number(text, 5, 2), number(text, 8, 2)
    fields[3:] = 0.0
    after = 0.0
    if marks and text[10] != 0:
        marks = (text[10] == 84 or text[10] == 32) and text[13] == 58 and text[16] == 58
        fields[3], fields[4], fields[5] = (
            number(text, 11, 2),
            number(text, 14, 2),
            number(text, 17, 2),
        )
        after = fraction(text, 19)
    if not marks or fields.min() < 0.0 or after < 0.0:
        fields[1] = 0.0
    fields[5] += after


@kernel
def read_times(text: Bytes) -> Floats:
    """Read many times, shape (n, width) to (n, 6)."""
    fields = np.empty((text.shape[0], 6))
    for k in range(text.shape[0]):
        read_time(text[k], fields[k])
    return fields


def as_text(times: Times) -> Bytes:
    """Return times as rows of bytes, shape (n, width)."""
    array = np.atleast_1d(np.asarray(times))
    if array.dtype.kind == "M":
        array = np.datetime_as_string(array, unit="us")
    if array.dtype.kind == "O":
        array = np.array([str(time) for time in array])
    if array.dtype.kind == "U":
        array = np.char.encode(array, "ascii", "replace")
    fixed = array.astype(f"S{_WIDTH}")
    return np.ascontiguousarray(fixed).view(np.uint8).reshape(-1, _WIDTH)


def to_tt(times: Times) -> tuple[Floats, NDArray[np.bool_]]:
    """Return times as days of TT since J2000.0 (JD 2451545.0 TT), and which of them are times.

    Parameters
    ----------
    times : array_like of str or datetime64, shape (n,)
        UTC.

    Returns
    -------
    days : ndarray, shape (n,)
        To better than a microsecond; 0 where there is no time.
    good : ndarray of bool, shape (n,)
        False where the text is not a time, or names a day or second that did not exist.
    """
    fields = read_times(as_text(times))
    year, month, day, hour, minute = np.nan_to_num(fields[:, :5]).astype(np.int32).T
    # The functions under erfa's, which report what is wrong with each time, not with one of them.
    high, low, status = erfa.ufunc.dtf2d("UTC", year, month, day, hour, minute, fields[:, 5])
    # 1: the day's leap seconds are not yet known. 2 and 3: a second after the end of its day.
    good = (status == 0) | (status == 1)
    high, low = np.where(good, high, 2451545.0), np.where(good, low, 0.0)
    high, low, _ = erfa.ufunc.utctai(high, low)
    high, low, _ = erfa.ufunc.taitt(high, low)
    return (high - 2451545.0) + low, good
