"""Times of streams: nanoseconds since 1970 in UTC, read from requests and written as texts.

Leap seconds have no number of their own here, nor in Das2 and most clients of HAPI: a record within
one is given the last nanosecond before it.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Nanoseconds: TypeAlias = NDArray[np.int64]

SECOND = 1_000_000_000
DAY = 86_400 * SECOND

#: The Julian date of 1970-01-01T00:00:00.
_UNIX_EPOCH = 2440587.5

#: HAPI's restricted ISO 8601 (HAPI 3.3.1, section 3.7.6), cut at any part; years as numpy has them
#: in 64 bits of nanoseconds.
_HAPI_TIME = re.compile(
    r"(?P<year>1[7-9]\d\d|2[01]\d\d)"
    r"(?:-(?:(?P<month>\d\d)(?:-(?P<day>\d\d))?|(?P<doy>\d\d\d)))?"
    r"(?:T(?P<hour>\d\d)(?::?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:\.(?P<digits>\d{0,18}))?)?)?)?"
    r"Z?"
)

#: Units of numpy's times by the digits of a second.
_UNITS = {0: "s", 3: "ms", 6: "us", 9: "ns"}


def parse_time(text: str) -> int:
    """Read a time of a request.

    Parameters
    ----------
    text : str
        HAPI's restricted ISO 8601: ``2016-01-30T22:47Z``, ``2016-030Z``.

    Returns
    -------
    int
        Nanoseconds since 1970; digits beyond are cut.

    Raises
    ------
    ValueError
        If it is none.

    Examples
    --------
    >>> parse_time("1970-002Z") == parse_time("1970-01-02T00:00Z") == DAY
    True
    """
    found = _HAPI_TIME.fullmatch(text)
    if found is None or (found["hour"] and not (found["day"] or found["doy"])):
        raise ValueError("it is no restricted ISO 8601 time")
    return _parse_day(found) * DAY + _parse_clock(found)


def _parse_day(found: re.Match[str]) -> int:
    if found["doy"]:
        first = np.datetime64(f"{found['year']}-01-01", "D")
        day = first + np.timedelta64(int(found["doy"]) - 1, "D")
        if int(found["doy"]) < 1 or str(day)[:4] != found["year"]:
            raise ValueError("the year has no such day")
    else:
        day = np.datetime64(f"{found['year']}-{found['month'] or '01'}-{found['day'] or '01'}", "D")
    return int(day.astype(np.int64))


def _parse_clock(found: re.Match[str]) -> int:
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    fraction = int(f"{found['digits'] or '':0<9}"[:9])
    midnight = (hour, minute, second, fraction) == (24, 0, 0, 0)
    if not midnight and (hour > 23 or minute > 59 or second > 60):
        raise ValueError("the day has no such time")
    if second == 60:  # a leap second begins where the next day does
        fraction = 0
    return (hour * 3600 + minute * 60 + second) * SECOND + fraction


def write_times(times: Nanoseconds, digits: int) -> NDArray[np.bytes_]:
    """Write times as HAPI's texts of one length.

    Parameters
    ----------
    times : numpy.ndarray, shape (n,)
        Nanoseconds since 1970.
    digits : {0, 3, 6, 9}
        Digits of a second.

    Examples
    --------
    >>> write_times(np.array([1_500]), 6).tolist()
    [b'1970-01-01T00:00:00.000001Z']
    """
    stamps = times.astype("M8[ns]").astype(f"M8[{_UNITS[digits]}]")
    texts = np.datetime_as_string(stamps).astype(bytes)
    return np.char.add(texts, b"Z")


def write_time(time: int, digits: int = 3) -> str:
    """Write one time as HAPI's text."""
    return bytes(write_times(np.array([time]), digits)[0]).decode()


def time_length(digits: int) -> int:
    """Return the characters of a time with these digits of a second."""
    return 20 + (digits + 1 if digits else 0)


def cut(times: Nanoseconds, digits: int) -> Nanoseconds:
    """Cut times to digits of a second, so that each format has the same."""
    step = 10 ** (9 - digits)
    return np.asarray(times // step * step)


def from_julian_date(date: float) -> int:
    """Convert a Julian date (UTC) to nanoseconds since 1970; right to 20 microseconds."""
    days, rest = divmod(date - _UNIX_EPOCH, 1.0)
    return int(days) * DAY + round(rest * 86_400e6) * 1000


def to_julian_date(time: int) -> float:
    """Convert nanoseconds since 1970 to a Julian date (UTC)."""
    return _UNIX_EPOCH + time // DAY + time % DAY / DAY


def from_tt2000(values: NDArray[Any]) -> Nanoseconds:
    """Convert CDF's TT2000 to nanoseconds since 1970, a leap second to the end of its day."""
    from epnkit.modules import requires_extra

    with requires_extra("cdf"):
        from cdflib.epochs import CDFepoch

    parts = np.atleast_2d(np.asarray(CDFepoch.breakdown_tt2000(values), dtype=np.int64))
    return _join_parts(parts)


def _join_parts(parts: NDArray[np.int64]) -> Nanoseconds:
    """Join year, month, day, hour, minute, second, and thousandths thrice."""
    months = (parts[:, 0] - 1970) * 12 + parts[:, 1] - 1
    days = months.astype("M8[M]").astype("M8[D]").astype(np.int64) + parts[:, 2] - 1
    seconds = (parts[:, 3] * 60 + parts[:, 4]) * 60 + parts[:, 5]
    fraction = (parts[:, 6] * 1000 + parts[:, 7]) * 1000 + parts[:, 8]
    leap = parts[:, 5] > 59
    times = days * DAY + seconds * SECOND + np.where(leap, 0, fraction)
    return np.asarray(np.where(leap, times - 1, times), dtype=np.int64)


def write_duration(span: timedelta) -> str:
    """Write a span as ISO 8601 has it.

    Examples
    --------
    >>> write_duration(timedelta(days=1, seconds=1.5))
    'P1DT1.5S'
    """
    seconds = span.seconds + span.microseconds / 1e6
    clock = f"T{seconds:.6f}".rstrip("0").rstrip(".") + "S" if seconds else ""
    days = f"{span.days}D" if span.days or not clock else ""
    return f"P{days}{clock}"


#: Dates of epn_core are rounded to some 20 microseconds: what is nearer to a step is on it.
ROUNDED = 50_000


def cut_down(time: int, digits: int) -> int:
    """Cut a rounded time of a granule to digits of a second, so that no record is before it.

    A whole second is taken for one, since most files begin with one.
    """
    step = 10 ** (9 - digits)
    whole = (time + ROUNDED) // SECOND * SECOND
    if abs(time - whole) <= ROUNDED:
        return int(whole)
    return int((time - ROUNDED) // step * step)


def step_up(time: int, digits: int) -> int:
    """Raise a rounded time of a granule to the next step, so that every record is before it."""
    step = 10 ** (9 - digits)
    return int(((time + ROUNDED) // step + 1) * step)
