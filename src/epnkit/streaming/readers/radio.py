"""Formats of radio instruments that no kept library reads: Kronos, Wind's averages, NDA, ORFEES."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from epnkit.streaming.readers.base import DamagedFileError
from epnkit.streaming.readers.tables import Table, group_sweeps, read_records
from epnkit.streaming.times import DAY, SECOND

#: Nanoseconds of a microsecond, and of what a Julian date of today resolves.
_MICROSECOND, _RESOLVED = 1000, 100_000

#: The Julian date of 1970.
_UNIX_EPOCH = 2440587.5

#: 1950 and 1997, in nanoseconds since 1970.
_YEAR_1950, _YEAR_1997 = -7305 * DAY, 9862 * DAY

#: Records of Kronos: levels N1 and N2, as its source file has them.
_N1 = {"ydh": "<u4", "num": "<u4", "ti": "<u4", "fi": "<u4", "dti": "<i2", "c": "u1", "ant": "u1"}
_N1 |= {"agc1": "u1", "agc2": "u1", "auto1": "u1", "auto2": "u1", "cross1": "<i2", "cross2": "<i2"}
_N2 = {"ydh": "<u4", "num": "<u4", "t97": "<f8", "f": "<f4", "dt": "<f4", "df": "<f4"}
_N2 |= {"autoX": "<f4", "autoZ": "<f4", "crossR": "<f4", "crossI": "<f4", "ant": "i1"}

#: Records of levels N3d and N3e, of 40 bytes: each is made of a record of level N2, by its number.
_N3 = {"ydh": "<u4", "num": "<u4", **dict.fromkeys(("s", "q", "u", "v", "th", "ph"), "<f4")}
_N3 |= {"snx": "<f4", "snz": "<f4"}

#: The longest sweep of Kronos: more than the receiver's modes have (inferred).
_SWEEP = 400

#: Where in a record of Wind's averages its number of frequencies stands.
_COUNT = slice(34, 36)

#: The parts of such a record whose length is the number of frequencies.
_SPECTRA = ("frequency", "mean", "least", "greatest")

#: What Wind's records call solar flux units at the antenna.
_SOLAR_FLUX_UNITS = 4

#: The bands of ORFEES, and the day in the name of a file.
_BANDS = range(1, 6)
_ORFEES_DAY = re.compile(r"orf(\d{4})(\d\d)(\d\d)_")


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
    columns = {"frequency": records["f"], "autoX": records["autoX"], "autoZ": records["autoZ"]}
    return group_sweeps(_read_t97(records["t97"]), columns, _SWEEP)


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
    records, measured = read_records(path, _N3), read_records(below, _N2)
    records = records[np.argsort(records["num"], kind="stable")]
    number = records["num"].astype(np.int64)
    if number.size and number[-1] >= len(measured):
        raise DamagedFileError(f"it needs {number[-1] + 1} records of level N2")
    columns = {name: records[name] for name in list(_N3)[2:]}
    columns["frequency"] = measured["f"][number]
    return group_sweeps(_read_t97(measured["t97"][number]), columns, _SWEEP)


def _read_t97(days: NDArray[np.float64]) -> NDArray[np.int64]:
    """Convert days, of which the first is 1 January 1997, to nanoseconds since 1970."""
    since = np.rint((days - 1) * (DAY / _MICROSECOND)).astype(np.int64)
    return np.asarray(_YEAR_1997 + since * _MICROSECOND, np.int64)


def read_wind_averages(path: Path) -> Table:
    """Read CDPP's averages of Wind's Waves: big-endian, each record between two lengths.

    Times are seconds since 1950, in the middle of what is averaged.
    """
    with path.open("rb") as file:
        count = int.from_bytes(file.read(_COUNT.stop)[_COUNT], "big")
    fields = {"before": ">i4", "preamble": "8u1", "receiver": ">i2", "seconds": ">i4"}
    fields |= {"calendar": "6>i2", "duration": ">i2", "unit": ">i2", "count": ">i2"}
    fields |= {"orbit": "3>f4", **dict.fromkeys(_SPECTRA, f"({count},)>f4"), "after": ">i4"}
    records = read_records(path, fields)
    _require_averages(records)
    times = records["seconds"].astype(np.int64) * SECOND + _YEAR_1950
    columns = {name: records[name] for name in _SPECTRA[1:]}
    return Table(times, columns, {"frequency": records["frequency"][0].astype(float)})


def _require_averages(records: NDArray[Any]) -> None:
    size = records.dtype.itemsize - 8
    if not len(records) or (records["before"] != size).any() or (records["after"] != size).any():
        raise DamagedFileError("its records are not of one length")
    if (records["frequency"] != records["frequency"][:1]).any():
        raise DamagedFileError("its frequencies change")
    if (records["unit"] != _SOLAR_FLUX_UNITS).any():
        raise DamagedFileError("its values are not in solar flux units")


def read_new_routine(path: Path) -> Table:
    """Read NewRoutine of Nançay's decameter array: two tables of a FITS file.

    One has the frequencies, the other Julian dates and spectra of the channels that the header
    names.  ``degree`` is that of circular polarisation, of the channels LL and RR.
    """
    from astropy.io import fits

    with fits.open(path) as units:
        header, frequencies, spectra = units[0].header, units[1].data, units[2].data
        data = spectra["DATA"]
        since = np.rint((spectra["JD"] - _UNIX_EPOCH) * (DAY / _RESOLVED)).astype(np.int64)
        names = [header[f"CHANNEL{number}"] for number in range(1, data.shape[2] + 1)]
        columns = {name: data[:, :, number].copy() for number, name in enumerate(names)}
        axis = np.asarray(frequencies.field(0)[0], float)
    return _PolarisedTable(since * _RESOLVED, columns, {"Frequency": axis})


class _PolarisedTable(Table):
    """Records of both hands, from which the degree of polarisation is made when it is read."""

    def read(self, name: str, start: int, stop: int) -> NDArray[Any]:
        """Read records of a variable; the degree is missing where there is no power."""
        if name != "degree":
            return super().read(name, start, stop)
        left, right = (super(_PolarisedTable, self).read(n, start, stop) for n in ("LL", "RR"))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((right - left) / (right + left))


def read_orfees(path: Path) -> Table:
    """Read ORFEES, and join its five bands: frequencies in one table, times and spectra in another.

    Times are milliseconds of the day, and those of the first band; the day is that of the file's
    name, at which the file begins.
    """
    from astropy.io import fits

    found = _ORFEES_DAY.search(path.name)
    if found is None:
        raise DamagedFileError("its name has no day")
    with fits.open(path) as units:
        frequencies, spectra = units["FREQUENCIES"].data, units["SPECTRA"].data
        clock = _read_clock(spectra)
        axis = np.concatenate([frequencies[f"FREQ_B{band}"].reshape(-1) for band in _BANDS])
        columns = {
            name: np.hstack([np.asarray(spectra[f"{name}_B{band}"]) for band in _BANDS])
            for name in ("STOKESI", "STOKESV")
        }
    day = int(np.datetime64("-".join(found.groups()), "D").astype(np.int64)) * DAY
    times = day + np.rint(clock * 1000).astype(np.int64) * _MICROSECOND
    return Table(times, columns, {"frequency": np.asarray(axis, float)})


def _read_clock(spectra: Any) -> NDArray[np.float64]:
    """Read the times of the first band, from which others may differ by less than a record."""
    clocks = [np.asarray(spectra[f"TIME_B{band}"], float).reshape(-1) for band in _BANDS]
    first = clocks[0]
    if any(len(each) != len(first) for each in clocks):
        raise DamagedFileError("its bands have not the same records")
    step = float(np.median(np.diff(first))) if len(first) > 1 else 0.0
    if any(np.abs(each - first).max(initial=0.0) > step for each in clocks):
        raise DamagedFileError("the times of its bands are more than a record apart")
    return first
