"""A synthetic archive of Juno's Waves: calibrated spectra that were never observed.

Names, folders and variables are those of the real archive.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from epnkit.replicas import synthetic
from epnkit.replicas.archive import draw_spectrogram, write_file

#: For each version its folder, its first day and how many days there are.
_VERSIONS = (
    ("v01", "l3a", datetime(2016, 4, 9), 500),
    ("v02", "l3a_v02", datetime(2016, 4, 9), 530),
)


#: How many records a day has, and how many frequencies: far less than the real files.
_RECORDS, _CHANNELS = 73, 24


def files(directory: Path) -> None:
    """Write a file a day, and its picture but for some days."""
    for version, folder, first, days in _VERSIONS:
        for number in range(days):
            day = first + timedelta(days=number)
            path = directory / _path(folder, day, version)
            write_file(path, _cdf(day))
            if number % 40 != 39:
                write_file(path.with_suffix(".png"), _look())
    _write_traps(directory)


def _path(folder: str, day: datetime, version: str) -> str:
    return f"{folder}/data/cdf/{day:%Y/%m}/jno_wav_cdr_lesia_{day:%Y%m%d}_{version}.cdf"


def _write_traps(directory: Path) -> None:
    """Write a cut file, one of another day, one without times, and one that is called otherwise."""
    days = [datetime(2020, 2, 26) + timedelta(days=number) for number in range(5)]
    content = _cdf(days[0])
    write_file(directory / _path("l3a_v02", days[0], "v02"), content[:700])
    write_file(directory / _path("l3a_v02", days[2], "v02"), content)
    variables = {**_spectra(), "Epoch": synthetic.CdfVariable(synthetic.TT2000, np.zeros(0, "i8"))}
    write_file(
        directory / _path("l3a_v02", days[3], "v02"), synthetic.write_cdf(_attributes(), variables)
    )
    write_file(directory / "l3a_v02/data/cdf/jno_wav_cdr_lesia_2020_v02.cdf", content)


def _attributes() -> dict[str, Any]:
    return {
        "TITLE": "Juno/Waves estimated flux density",
        "TEXT": synthetic.NOTICE,
        "Source_name": "JNO>Juno",
        "Data_type": "CDR>Calibrated Data Record",
    }


def _cdf(day: datetime) -> bytes:
    ends = [f"{time:%Y-%m-%dT%H:%M:%S.%f}" for time in (day, day + timedelta(seconds=86399))]
    if day == datetime(2016, 12, 31):
        ends[1] = "2016-12-31T23:59:60.000000"
    times = synthetic.space_times(*ends, _RECORDS) if ":60" not in ends[1] else ends
    spectra = _spectra(len(times))
    return synthetic.write_cdf(_attributes(), {"Epoch": synthetic.make_epochs(*times), **spectra})


@cache
def _spectra(records: int = 2) -> dict[str, synthetic.CdfVariable]:
    frequencies = np.geomspace(0.048828, 40500.0, _CHANNELS).astype("f4")
    data = (1e-20 * 10 ** (synthetic.make_bursts(records, _CHANNELS) / 60)).astype("f4")
    units = {"UNITS": "kHz", "FILLVAL": np.float32(-1e31)}
    return {
        "Data": synthetic.CdfVariable(
            synthetic.REAL4,
            data,
            attributes={"UNITS": "W m**-2 Hz**-1", "FILLVAL": np.float32(-1e31)},
        ),
        "Background": synthetic.CdfVariable(synthetic.REAL4, data[0], False),
        "Frequency": synthetic.CdfVariable(synthetic.REAL4, frequencies, False, units),
    }


@cache
def _look() -> bytes:
    return draw_spectrogram()
