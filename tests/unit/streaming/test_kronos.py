"""Kronos: records typed by hand, and files that are not as they should be."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from epnkit.streaming.readers.base import DamagedFileError
from epnkit.streaming.readers.kronos import (
    read_kronos_n1,
    read_kronos_n2,
    read_kronos_n3,
    read_kronos_n3b,
)
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


def write_n3b(path: Path, *records: tuple[int, int, float]) -> Path:
    """Write records of level N3b: the pair of level N2 that each is made of, and its intensity."""
    made = (
        struct.pack("<3I15f", 201218020, one, two, s, 2 * s, *(0.5,) * 6, 1, 2, 3, 20, 21, 10, 11)
        for one, two, s in records
    )
    path.write_bytes(b"".join(made))
    return path


def test_pairs_of_measurements_are_one_value_of_a_sweep(tmp_path: Path) -> None:
    day = 5658 + 20 / 24
    later = day + 1.5 / 86400
    measured = [(each, kilohertz, 1.0) for each in (day, later) for kilohertz in (3.5, 3.5, 7, 7)]
    below = write_n2(tmp_path / "P", *measured)
    path = write_n3b(tmp_path / "N3b", (4, 5, 30.0), (0, 1, 10.0), (2, 3, 20.0))
    table = read_kronos_n3b(path, below)
    assert [write_time(int(each)) for each in table.times] == [
        "2012-06-28T20:00:00.000Z",
        "2012-06-28T20:00:01.500Z",
    ]
    assert table.read("frequency", 0, 1)[0, :2].tolist() == [3.5, 7.0]
    assert table.read("s1", 0, 2)[:, 0].tolist() == [10.0, 30.0]
    assert table.read("s2", 0, 1)[0, :2].tolist() == [20.0, 40.0]
    last = [table.read(name, 1, 2)[0, 0] for name in ("v2", "th", "ph", "zr", "snx1", "snx2")]
    assert last == [0.5, 1.0, 2.0, 3.0, 20.0, 21.0]
    assert [table.read(name, 1, 2)[0, 0] for name in ("snz1", "snz2")] == [10.0, 11.0]
    assert np.isnan(table.read("s1", 1, 2)[0, 1:]).all()


def test_pairs_that_are_none_are_refused(tmp_path: Path) -> None:
    below = write_n2(tmp_path / "P", (1.0, 3.5, 1), (1.0, 3.5, 1), (1.0, 7.0, 1))
    with pytest.raises(DamagedFileError, match="needs 4 records of level N2"):
        read_kronos_n3b(write_n3b(tmp_path / "N3b", (0, 3, 1.0)), below)
    with pytest.raises(DamagedFileError, match="of different frequencies"):
        read_kronos_n3b(write_n3b(tmp_path / "N3b", (1, 2, 1.0)), below)
    (tmp_path / "cut").write_bytes(bytes(71))
    with pytest.raises(DamagedFileError, match="not whole records of 72"):
        read_kronos_n3b(tmp_path / "cut", below)


def test_an_hour_without_pairs_has_no_record(tmp_path: Path) -> None:
    below = write_n2(tmp_path / "P", (1.0, 3.5, 1))
    assert not read_kronos_n3b(write_n3b(tmp_path / "N3b"), below).times.size
