"""Nançay's decameter array: the degree of polarisation, by hand and from damaged files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from epnkit.replicas import synthetic
from epnkit.streaming.readers.base import DamagedFileError
from epnkit.streaming.readers.nda import RoutineCdf, compute_degree, read_new_routine
from epnkit.streaming.times import write_time


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


def write_routine(path: Path, attributes: dict[str, Any], hand: str = "RR") -> Path:
    """Write two records of three frequencies."""
    left = np.array([[100, 100, 132], [255, 0, 7]], "u1")
    right = np.array([[100, 132, 100], [255, 255, 255]], "u1")
    times = ("2016-01-30T22:00:00.000", "2016-01-30T22:00:01.000")
    variables = {
        "Epoch": synthetic.make_epochs(*times),
        "LL": synthetic.CdfVariable(synthetic.UINT1, left, attributes={"FILLVAL": np.uint8(7)}),
        hand: synthetic.CdfVariable(synthetic.UINT1, right),
        "Frequency": synthetic.CdfVariable(
            synthetic.REAL4, np.array([10, 20, 39.925], "f4"), False
        ),
    }
    path.write_bytes(synthetic.write_cdf({"TEXT": synthetic.NOTICE, **attributes}, variables))
    return path


def ratio(decibels: float) -> float:
    """Compute the degree by its definition."""
    power = 10 ** (decibels / 10)
    return (power - 1) / (power + 1)


@pytest.mark.parametrize(
    ("attributes", "decibels"),
    [({}, 10.0), ({"NDA_power_resolution": 10.0}, 10.0), ({"NDA_power_resolution": 5.0}, 5.0)],
)
def test_a_division_of_the_screen_is_32_counts(
    tmp_path: Path, attributes: dict[str, Any], decibels: float
) -> None:
    with RoutineCdf().open(write_routine(tmp_path / "a.cdf", attributes)) as file:
        assert [write_time(int(each)) for each in file.times] == [
            "2016-01-30T22:00:00.000Z",
            "2016-01-30T22:00:01.000Z",
        ]
        assert file.read_axis("Frequency").tolist() == pytest.approx([10, 20, 39.925])
        degree = file.read("degree", 0, 2)
        assert file.read("RR", 0, 1)[0].tolist() == [100, 132, 100]
        assert (file.missing("degree"), file.missing("LL")) == ({}, {"FILLVAL": 7.0})
    assert degree[0].tolist() == pytest.approx([0.0, ratio(decibels), -ratio(decibels)])
    # The most that the receiver can tell, and a value of which one hand is missing.
    assert degree[1, :2].tolist() == pytest.approx([0.0, ratio(255 / 32 * decibels)])
    assert np.isnan(degree[1, 2])


def test_three_times_the_power_is_half_polarised() -> None:
    decibels = 10 * np.log10(np.array([3.0, 1 / 3]))
    assert compute_degree(decibels).tolist() == pytest.approx([0.5, -0.5])


@pytest.mark.parametrize("value", ["ten", 0.0, -10.0, np.nan])
def test_a_division_that_is_none_is_refused(tmp_path: Path, value: Any) -> None:
    path = write_routine(tmp_path / "a.cdf", {"NDA_power_resolution": value})
    with (
        RoutineCdf().open(path) as file,
        pytest.raises(DamagedFileError, match="no number above zero"),
    ):
        file.read("degree", 0, 1)


def test_a_file_without_a_hand_is_refused(tmp_path: Path) -> None:
    path = write_routine(tmp_path / "a.cdf", {}, hand="XX")
    with RoutineCdf().open(path) as file, pytest.raises(DamagedFileError, match="RR"):
        file.read("degree", 0, 1)
