"""A synthetic archive of Wind's Waves: spectra that were never observed.

Names and variables are those of the real archives; the folders are one for each data set.  The
times of 1 January 1999 are published.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

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


def files(directory: Path) -> None:
    """Write a file for each data set and day."""
    for number, (pattern, first, days) in enumerate(_DATA_SETS):
        for count in range(days):
            day = first + timedelta(days=count)
            path = directory / _path(pattern, day)
            write_file(path, _cdf(day) if pattern.endswith(".cdf") else bytes(64 + number))
            if count % 2:
                write_file(path.with_suffix(".png"), _look())
    _write_traps(directory)


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
