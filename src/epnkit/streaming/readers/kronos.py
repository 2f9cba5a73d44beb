"""Files of Cassini's Kronos database: binary records of levels N1, N2, N3b, N3d and N3e."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from epnkit.streaming.readers.base import DamagedFileError
from epnkit.streaming.readers.tables import Table, group_sweeps, read_records
from epnkit.streaming.times import DAY, SECOND

#: Nanoseconds of a microsecond.
_MICROSECOND = 1000

#: 1997, in nanoseconds since 1970.
_YEAR_1997 = 9862 * DAY

#: Records of Kronos: levels N1 and N2, as its source file has them.
_N1 = {"ydh": "<u4", "num": "<u4", "ti": "<u4", "fi": "<u4", "dti": "<i2", "c": "u1", "ant": "u1"}
_N1 |= {"agc1": "u1", "agc2": "u1", "auto1": "u1", "auto2": "u1", "cross1": "<i2", "cross2": "<i2"}
_N2 = {"ydh": "<u4", "num": "<u4", "t97": "<f8", "f": "<f4", "dt": "<f4", "df": "<f4"}
_N2 |= {"autoX": "<f4", "autoZ": "<f4", "crossR": "<f4", "crossI": "<f4", "ant": "i1"}

#: Records of levels N3d and N3e, of 40 bytes: each is made of a record of level N2, by its number.
_N3 = {"ydh": "<u4", "num": "(1,)<u4", **dict.fromkeys(("s", "q", "u", "v", "th", "ph"), "<f4")}
_N3 |= {"snx": "<f4", "snz": "<f4"}

#: Records of level N3b, of 72 bytes: each is made of a pair of records of level N2.
_N3B = {"ydh": "<u4", "num": "2<u4", **dict.fromkeys(("s", "q", "u", "v"), "2<f4")}
_N3B |= {**dict.fromkeys(("th", "ph", "zr"), "<f4"), "snx": "2<f4", "snz": "2<f4"}

#: The longest sweep of Kronos: more than the receiver's modes have (inferred).
_SWEEP = 400


def read_kronos_n1(path: Path) -> Table:
    """Read level N1 of Kronos, a record a frequency.

    Times are YYDDDSSSSS, the years counted from 1996, and centiseconds.
    """
    records = read_records(path, _N1)
    ti = records["ti"].astype(np.int64)
    years = (ti // 10**8 + 26).astype("M8[Y]").astype("M8[D]").astype(np.int64)
    days = years + ti // 10**5 % 1000 - 1
    times = days * DAY + ti % 10**5 * SECOND + records["c"].astype(np.int64) * (SECOND // 100)
    return Table(times, {name: records[name] for name in _N1})


def read_kronos_n2(path: Path) -> Table:
    """Read level N2 of Kronos, whose records of one time are a sweep.

    Times are days, of which the first is 1 January 1997.
    """
    records = read_records(path, _N2)
    return _group_sweeps({name: records[name] for name in ("autoX", "autoZ")}, records)


def read_kronos_n3(path: Path, below: Path) -> Table:
    """Read levels N3d or N3e of Kronos: records of one time are a sweep.

    Times and frequencies are those of the records of level N2 that they are made of, counted from
    0, as maser-data 0.5.2 takes them (maser.data.padc.cassini).

    Parameters
    ----------
    path : pathlib.Path
        The file.
    below : pathlib.Path
        The same hour in level N2.
    """
    records, measured = _read_made(path, _N3, below)
    return _group_sweeps({name: records[name] for name in list(_N3)[2:]}, measured[:, 0])


def read_kronos_n3b(path: Path, below: Path) -> Table:
    """Read level N3b of Kronos: what follows from pairs of measurements with two antennas.

    Each record is made of two records of level N2 of the same frequency, by their numbers counted
    from 0: ``s1`` and ``s2`` are the intensities in the first and in the second (the description of
    the data collection, doi:10.25935/1sxh-aq56, and maser-data 0.5.2).  The time is that of the
    first.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    below : pathlib.Path
        The same hour in level N2.
    """
    records, measured = _read_made(path, _N3B, below)
    if (measured["f"][:, 0] != measured["f"][:, 1]).any():
        raise DamagedFileError("it joins records of level N2 of different frequencies")
    columns = {
        f"{name}{number + 1}": records[name][:, number]
        for name in ("s", "q", "u", "v", "snx", "snz")
        for number in range(2)
    }
    columns |= {name: records[name] for name in ("th", "ph", "zr")}
    return _group_sweeps(columns, measured[:, 0])


def _read_made(
    path: Path, fields: Mapping[str, str], below: Path
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Read records in the order of those of level N2, and the k of these that each is made of."""
    records, measured = read_records(path, fields), read_records(below, _N2)
    records = records[np.argsort(records["num"][:, 0], kind="stable")]
    number = records["num"].astype(np.int64)
    if number.size and number.max() >= len(measured):
        raise DamagedFileError(f"it needs {number.max() + 1} records of level N2")
    return records, measured[number]


def _group_sweeps(columns: Mapping[str, NDArray[Any]], measured: NDArray[Any]) -> Table:
    """Join values of one time to sweeps, whose frequencies are those of records of level N2."""
    times = _read_t97(measured["t97"])
    return group_sweeps(times, {**columns, "frequency": measured["f"]}, _SWEEP)


def _read_t97(days: NDArray[np.float64]) -> NDArray[np.int64]:
    """Convert days, of which the first is 1 January 1997, to nanoseconds since 1970."""
    since = np.rint((days - 1) * (DAY / _MICROSECOND)).astype(np.int64)
    return np.asarray(_YEAR_1997 + since * _MICROSECOND, np.int64)
