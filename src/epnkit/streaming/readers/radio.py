"""Formats of radio instruments that no kept library reads: Wind's averages, ORFEES."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from epnkit.streaming.readers.base import DamagedFileError
from epnkit.streaming.readers.tables import Table, read_records
from epnkit.streaming.times import DAY, SECOND

#: Nanoseconds of a microsecond.
_MICROSECOND = 1000

#: 1950, in nanoseconds since 1970.
_YEAR_1950 = -7305 * DAY

#: Where in a record of Wind's averages its number of frequencies stands.
_COUNT = slice(34, 36)

#: The parts of such a record whose length is the number of frequencies.
_SPECTRA = ("frequency", "mean", "least", "greatest")

#: What Wind's records call solar flux units at the antenna.
_SOLAR_FLUX_UNITS = 4

#: The bands of ORFEES, and the day in the name of a file.
_BANDS = range(1, 6)
_ORFEES_DAY = re.compile(r"orf(\d{4})(\d\d)(\d\d)_")


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
