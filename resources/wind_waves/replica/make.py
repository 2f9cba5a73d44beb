"""A synthetic archive of Wind's Waves: spectra that were never observed.

Names and variables are those of the real archives; the folders are one for each data set.  The
times of 1 January 1999 are published.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from epnkit.replicas import synthetic
from epnkit.replicas.archive import draw_spectrogram, write_file

#: The name of each data set's files, its first day, and how many days there are.
_DATA_SETS = (
    ("wi_wa_rad1_l2_{}_v01.dat", datetime(1994, 11, 10), 120),
    ("wi_wa_rad1_l2_60s_{}_v01.dat", datetime(1994, 11, 14), 150),
    ("wi_wa_rad2_l2_60s_{}_v01.dat", datetime(1994, 11, 14), 150),
    ("WI_WA_TNR_L3_BQT_{}_1MN.DAT", datetime(1994, 11, 14), 100),
    ("WIN_RAD1_60S_{}.B3E", datetime(1994, 11, 14), 100),
    ("wind_waves_rad1_{}.R1", datetime(2005, 5, 1), 80),
    ("wind_waves_rad2_{}.R2", datetime(2005, 5, 1), 80),
    ("wi_wa_rad1_l3-akr_{}_v01.cdf", datetime(1999, 1, 2), 120),
    ("wi_wa_rad1_l3_df_{}_v02.cdf", datetime(1994, 11, 10), 120),
)


#: How many records a day of averages has, and how many frequencies: less than the real files.
_MINUTES, _CHANNELS = 96, 16

#: The receivers' lowest and highest frequency, in kHz.
_BANDS = {"rad1": (20.0, 1040.0), "rad2": (1075.0, 13825.0)}

#: Parts of a date: numpy's unit, the unit that it is counted in, and the first number.
_CALENDAR = {
    "month": ("M", "Y", 1),
    "day": ("D", "M", 1),
    "hour": ("h", "D", 0),
    "minute": ("m", "h", 0),
    "second": ("s", "m", 0),
}


def files(directory: Path) -> None:
    """Write a file for each data set and day."""
    for number, (pattern, first, days) in enumerate(_DATA_SETS):
        for count in range(days):
            day = first + timedelta(days=count)
            path = directory / _path(pattern, day)
            write_file(path, _content(pattern, day, number))
            if count % 2:
                write_file(path.with_suffix(".png"), _look())
    _write_traps(directory)


def _content(pattern: str, day: datetime, number: int) -> bytes:
    if pattern.endswith(".cdf"):
        return _cdf(day)
    if "_60s_" in pattern:
        return _averages(day, _BANDS["rad1" if "rad1" in pattern else "rad2"])
    return bytes(64 + number)


def _averages(day: datetime, band: tuple[float, float]) -> bytes:
    """Write averages of 60 s as CDPP has them: each record between two lengths, big-endian."""
    records = np.zeros(_MINUTES, _average_record(_CHANNELS))
    records["before"] = records["after"] = records.dtype.itemsize - 8
    times = np.datetime64(day, "s") + np.arange(_MINUTES) * np.timedelta64(86400 // _MINUTES, "s")
    since = (times - np.datetime64("1950-01-01", "s")).astype(np.int64)
    records["preamble"], records["seconds"], records["duration"] = 76, since, 60
    for part, (unit, base, first) in _CALENDAR.items():
        records[part] = (times.astype(f"M8[{unit}]") - times.astype(f"M8[{base}]")).astype(
            int
        ) + first
    records["year"] = times.astype("M8[Y]").astype(int) + 1970
    records["unit"], records["frequencies"] = 4, _CHANNELS
    records["frequency"] = np.linspace(*band, _CHANNELS)
    mean = synthetic.make_bursts(_MINUTES, _CHANNELS)
    records["mean"], records["least"], records["greatest"] = mean, mean / 2, mean * 2
    return records.tobytes()


def _average_record(channels: int) -> np.dtype[Any]:
    """Give a record of averages: header, orbit, frequencies, mean, least and greatest."""
    calendar = [(part, ">i2") for part in ("year", "month", "day", "hour", "minute", "second")]
    spectra = [(part, ">f4", (channels,)) for part in ("frequency", "mean", "least", "greatest")]
    return np.dtype(
        [
            ("before", ">i4"),
            ("preamble", "u1"),
            ("ccsds", "u1", (7,)),
            ("receiver", ">i2"),
            ("seconds", ">i4"),
            *calendar,
            ("duration", ">i2"),
            ("unit", ">i2"),
            ("frequencies", ">i2"),
            ("orbit", ">f4", (3,)),
            *spectra,
            ("after", ">i4"),
        ]
    )


def _path(pattern: str, day: datetime) -> str:
    folder = pattern.partition("_{}")[0].lower()
    return f"{folder}/{day:%Y}/{pattern.format(f'{day:%Y%m%d}')}"


def _write_traps(directory: Path) -> None:
    """Write two versions, a cut file, names of no day and no data set, and content of another."""
    first = directory / _path("wi_wa_rad1_l3-akr_{}_v01.cdf", datetime(1999, 1, 1))
    write_file(first, _cdf_of("1999-01-01T00:00:52.604899", "1999-01-01T23:56:25.677931"))
    later = datetime(2000, 2, 29)
    for version in ("v01", "v02"):
        write_file(directory / _path("wi_wa_rad2_l2_60s_{}_" + version + ".dat", later), bytes(64))
    df = "wi_wa_rad1_l3_df_{}_v02.cdf"
    write_file(directory / _path(df, later), _cdf(later)[:600])
    write_file(directory / _path(df, later + timedelta(days=1)), _cdf(later + timedelta(days=9)))
    write_file(directory / "wi_wa_rad1_l2" / "2001" / "wi_wa_rad1_l2_20010229_v01.dat", bytes(64))
    write_file(directory / "wi_wa_rad1_l2" / "2001" / "wi_wa_rad1_l9_20010228_v01.dat", bytes(64))


def _cdf(day: datetime) -> bytes:
    end = day + timedelta(hours=23, minutes=56)
    return _cdf_of(*(f"{time:%Y-%m-%dT%H:%M:%S.%f}" for time in (day, end)))


def _cdf_of(begin: str, end: str) -> bytes:
    attributes = {"TITLE": "Wind/Waves/RAD1", "TEXT": synthetic.NOTICE}
    return synthetic.write_cdf(
        attributes, {"Epoch": synthetic.make_epochs(begin, end), **_spectra()}
    )


@cache
def _spectra() -> dict[str, synthetic.CdfVariable]:
    return {
        "FREQUENCY": synthetic.CdfVariable(
            synthetic.REAL4, np.array([20.0, 1040.0], "f4"), attributes={"UNITS": "kHz"}
        ),
        "STOKES_I": synthetic.CdfVariable(synthetic.REAL4, np.array([1e-20, 2e-20], "f4")),
    }


@cache
def _look() -> bytes:
    return draw_spectrogram()
