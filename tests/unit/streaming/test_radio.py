"""Formats of radio instruments: values typed by hand, and files that are not as they should be."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from epnkit.streaming.readers.base import DamagedFileError
from epnkit.streaming.readers.radio import read_orfees, read_wind_averages
from epnkit.streaming.readers.tables import TableFile
from epnkit.streaming.times import write_time


def average(seconds: int, frequency: tuple[float, ...], value: float, unit: int = 4) -> bytes:
    """Make a record of Wind's averages."""
    count = len(frequency)
    spectra = [np.full(count, factor * value, ">f4").tobytes() for factor in (1, 0.5, 2)]
    head = struct.pack(">B7xhi6hhhh3f", 76, 1, seconds, *(0,) * 6, 60, unit, count, 0, 0, 0)
    body = head + np.array(frequency, ">f4").tobytes() + b"".join(spectra)
    return struct.pack(">i", len(body)) + body + struct.pack(">i", len(body))


def test_averages_of_wind_are_read(tmp_path: Path) -> None:
    # 14 November 1994 is the 16388th day since 1950.
    start = 16388 * 86400 + 30
    content = average(start, (20.0, 40.0), 3.0) + average(start + 60, (20.0, 40.0), 5.0)
    (tmp_path / "a.dat").write_bytes(content)
    table = read_wind_averages(tmp_path / "a.dat")
    assert [write_time(int(each), 0) for each in table.times] == [
        "1994-11-14T00:00:30Z",
        "1994-11-14T00:01:30Z",
    ]
    assert table.read_axis("frequency").tolist() == [20.0, 40.0]
    assert [table.read(name, 1, 2).tolist() for name in ("mean", "least", "greatest")] == [
        [[5.0, 5.0]],
        [[2.5, 2.5]],
        [[10.0, 10.0]],
    ]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (average(1, (20.0, 40.0), 1.0) + average(2, (20.0, 50.0), 1.0), "frequencies change"),
        (average(1, (20.0, 40.0), 1.0) + average(2, (20.0,), 1.0), "not whole records"),
        (average(1, (20.0, 40.0), 1.0, unit=2), "not in solar flux units"),
        (average(1, (20.0, 40.0), 1.0)[:-4] + b"\0\0\0\7", "not of one length"),
        (b"", "not of one length"),
    ],
)
def test_averages_that_are_not_as_they_should_be(content: bytes, why: str, tmp_path: Path) -> None:
    (tmp_path / "a.dat").write_bytes(content)
    with (
        pytest.raises(DamagedFileError, match=why),
        TableFile(read_wind_averages).open(tmp_path / "a.dat"),
    ):
        pass


def write_orfees(path: Path, *, late: float = 0.0) -> Path:
    """Write five bands of two frequencies and three records; the last band is late, in ms."""
    columns, axes = [], []
    for band in range(1, 6):
        clock = np.array([[1000.0], [1100.0], [1200.0]]) + (late if band == 5 else 0.0)
        spectra = np.arange(6.0).reshape(3, 2) + 10 * band
        columns.append(fits.Column(f"TIME_B{band}", "1D", array=clock))
        columns.append(fits.Column(f"STOKESI_B{band}", "2E", array=spectra))
        columns.append(fits.Column(f"STOKESV_B{band}", "2E", array=-spectra))
        frequencies = np.array([[100.0 * band, 100.0 * band + 50]])
        axes.append(fits.Column(f"FREQ_B{band}", "2E", array=frequencies))
    tables = [
        fits.BinTableHDU.from_columns(axes, name="FREQUENCIES"),
        fits.BinTableHDU.from_columns(columns, name="SPECTRA"),
    ]
    fits.HDUList([fits.PrimaryHDU(), *tables]).writeto(path)
    return path


def test_bands_of_orfees_are_one_spectrum(tmp_path: Path) -> None:
    table = read_orfees(write_orfees(tmp_path / "int_orf20220402_081500_0.1.fts", late=20.0))
    assert [write_time(int(each)) for each in table.times] == [
        "2022-04-02T00:00:01.000Z",
        "2022-04-02T00:00:01.100Z",
        "2022-04-02T00:00:01.200Z",
    ]
    assert table.read_axis("frequency").tolist()[:4] == [100.0, 150.0, 200.0, 250.0]
    assert table.read("STOKESI", 1, 2)[0].tolist() == [12, 13, 22, 23, 32, 33, 42, 43, 52, 53]
    assert table.read("STOKESV", 0, 1)[0, 0] == -10


def test_bands_of_other_times_are_refused(tmp_path: Path) -> None:
    path = write_orfees(tmp_path / "orf20220402_081500.fts", late=150.0)
    with pytest.raises(DamagedFileError, match="more than a record apart"):
        read_orfees(path)


def test_a_file_of_orfees_without_a_day_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DamagedFileError, match="no day"):
        read_orfees(write_orfees(tmp_path / "spectra.fts"))
