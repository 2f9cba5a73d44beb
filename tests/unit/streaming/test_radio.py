"""Formats of radio instruments: values typed by hand, and files that are not as they should be."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from epnkit.streaming.readers.base import DamagedFileError
from epnkit.streaming.readers.radio import (
    read_kronos_n1,
    read_kronos_n2,
    read_kronos_n3,
    read_new_routine,
    read_orfees,
    read_wind_averages,
)
from epnkit.streaming.readers.tables import TableFile
from epnkit.streaming.times import write_time


def write_n2(path: Path, *records: tuple[float, float, float]) -> Path:
    """Write records of level N2: days since 1997, kHz, and V2/Hz."""
    path.write_bytes(
        b"".join(
            struct.pack("<IId7fb", 201218020, n, day, kilohertz, 160, 1, value, 2 * value, 0, 0, 11)
            for n, (day, kilohertz, value) in enumerate(records)
        )
    )
    return path


def test_records_of_kronos_of_one_time_are_a_sweep(tmp_path: Path) -> None:
    # 28 June 2012, 20 h: the 5658th day since 1997.
    day = 5658 + 20 / 24
    later = day + 1.5 / 86400
    records = [(day, 3.5, 1.0), (day, 7.0, 2.0), (later, 100.0, 3.0)]
    table = read_kronos_n2(write_n2(tmp_path / "P2012180.20", *records))
    assert [write_time(int(each)) for each in table.times] == [
        "2012-06-28T20:00:00.000Z",
        "2012-06-28T20:00:01.500Z",
    ]
    assert table.read("frequency", 0, 2)[:, :2].tolist()[0] == [3.5, 7.0]
    assert table.read("autoZ", 1, 2)[0, 0] == 6.0
    assert np.isnan(table.read("autoX", 1, 2)[0, 1:]).all()


def test_a_sweep_that_is_too_long_is_refused(tmp_path: Path) -> None:
    path = write_n2(tmp_path / "P", *[(1.0, float(n + 1), 1.0) for n in range(401)])
    with pytest.raises(DamagedFileError, match="401 records is longer than 400"):
        read_kronos_n2(path)


def test_times_of_the_receiver_of_cassini(tmp_path: Path) -> None:
    # Year 16 after 1996, day 180, 72001 s and 32 hundredths.
    record = struct.pack("<IIIIh6B2h", 201218020, 0, 1618072001, 5, 160, 32, *range(6), -7)
    (tmp_path / "R").write_bytes(record)
    table = read_kronos_n1(tmp_path / "R")
    assert write_time(int(table.times[0])) == "2012-06-28T20:00:01.320Z"
    assert [table.columns[name][0] for name in ("ant", "agc1", "cross2")] == [0, 1, -7]


@pytest.mark.parametrize("reader", [read_kronos_n1, read_kronos_n2])
def test_part_of_a_record_is_refused(reader: object, tmp_path: Path) -> None:
    (tmp_path / "cut").write_bytes(bytes(50))
    with pytest.raises(DamagedFileError, match="not whole records"):
        reader(tmp_path / "cut")  # type: ignore[operator]


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


def test_channels_of_new_routine_have_the_names_of_the_header(tmp_path: Path) -> None:
    primary = fits.PrimaryHDU()
    primary.header["CHANNEL1"], primary.header["CHANNEL2"] = "LL", "RR"
    data = np.arange(12.0).reshape(2, 3, 2)
    axis = fits.Column("FREQ", "3D", "MHz", array=np.array([[10.0, 49, 88]]))
    dates = np.array([2460760.5 + 0.25, 2460760.5 + 0.25 + 1 / 86400])
    spectra = [
        fits.Column("JD", "D", array=dates),
        fits.Column("DATA", "6E", dim="(2,3)", array=data),
    ]
    tables = [fits.BinTableHDU.from_columns(each) for each in ([axis], spectra)]
    fits.HDUList([primary, *tables]).writeto(tmp_path / "orn.fits")
    table = read_new_routine(tmp_path / "orn.fits")
    assert [write_time(int(each)) for each in table.times] == [
        "2025-03-26T06:00:00.000Z",
        "2025-03-26T06:00:01.000Z",
    ]
    assert table.read("LL", 1, 2).tolist() == [[6.0, 8.0, 10.0]]
    assert table.read("RR", 0, 1).tolist() == [[1.0, 3.0, 5.0]]
    assert table.read_axis("Frequency").tolist() == [10.0, 49.0, 88.0]
    assert table.read("degree", 0, 1)[0].tolist() == pytest.approx([1.0, 0.2, 1 / 9])


def write_n3(path: Path, *records: tuple[int, float]) -> Path:
    """Write records of level N3: which of level N2 each is made of, and its intensity."""
    made = (struct.pack("<II8f", 201218020, n, s, 0.5, 0, 0, 0, 0, 9, 8) for n, s in records)
    path.write_bytes(b"".join(made))
    return path


def test_polarisation_has_times_and_frequencies_of_the_level_below(tmp_path: Path) -> None:
    day = 5658 + 20 / 24
    later = day + 1.5 / 86400
    below = write_n2(tmp_path / "P", (day, 3.5, 1), (day, 7, 1), (later, 3.5, 1), (later, 7, 1))
    table = read_kronos_n3(write_n3(tmp_path / "N3e", (3, 30.0), (0, 10.0), (1, 20.0)), below)
    assert [write_time(int(each)) for each in table.times] == [
        "2012-06-28T20:00:00.000Z",
        "2012-06-28T20:00:01.500Z",
    ]
    assert table.read("s", 0, 2)[:, :2].tolist()[0] == [10.0, 20.0]
    assert table.read("frequency", 1, 2)[0, 0] == 7.0
    assert table.read("s", 1, 2)[0, 0] == 30.0
    assert np.isnan(table.read("s", 1, 2)[0, 1:]).all()
    assert table.read("snz", 0, 1)[0, 0] == 8.0


def test_polarisation_of_records_that_are_not_there_is_refused(tmp_path: Path) -> None:
    below = write_n2(tmp_path / "P", (1.0, 3.5, 1))
    with pytest.raises(DamagedFileError, match="needs 2 records of level N2"):
        read_kronos_n3(write_n3(tmp_path / "N3d", (1, 1.0)), below)
    (tmp_path / "cut").write_bytes(bytes(39))
    with pytest.raises(DamagedFileError, match="not whole records of 40"):
        read_kronos_n3(tmp_path / "cut", below)
