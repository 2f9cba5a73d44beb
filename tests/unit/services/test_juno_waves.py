"""Juno/Waves: what names and CDF variables become."""

from __future__ import annotations

import pytest
from tests.support.granules import granule, reasons

NAME = "jno_wav_cdr_lesia_20170329_v02"

#: The facts of this file are of maser4py's tests: 86400 spectra from 48.828 Hz to 40.5 MHz.
RECORD = {
    "file_name": f"{NAME}.cdf",
    "file_size": 1024,
    "url": f"https://juno.example/{NAME}.cdf",
    "epoch_first": "2017-03-29T00:00:00.500000000",
    "epoch_last": "2017-03-29T23:59:59.500000000",
    "Frequency.min": 0.04882799834012985,
    "Frequency.max": 40500.0,
    "Frequency.unit": "kHz",
}


def test_a_day_has_its_times_and_frequencies() -> None:
    row = granule("juno_waves", **RECORD)
    assert row["granule_uid"] == NAME
    # 2017-03-29 began at JD 2457841.5.
    assert row["time_min"] == pytest.approx(2457841.5 + 0.5 / 86400, abs=1e-9)
    assert row["time_max"] == pytest.approx(2457842.5 - 0.5 / 86400, abs=1e-9)
    assert row["spectral_range_min"] == pytest.approx(48.828, abs=1e-9)
    assert row["spectral_range_max"] == pytest.approx(4.05e7, abs=1e-3)


def test_without_times_the_day_of_the_name_counts() -> None:
    row = granule("juno_waves", **{**RECORD, "epoch_first": None, "epoch_last": None})
    assert (row["time_min"], row["time_max"]) == (2457841.5, 2457842.5)


def test_the_unit_is_the_files() -> None:
    told = {"Frequency.min": 0.05, "Frequency.max": 40.5, "Frequency.unit": "MHz"}
    row = granule("juno_waves", **{**RECORD, **told})
    assert row["spectral_range_max"] == pytest.approx(4.05e7, abs=1e-3)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (
            {"epoch_first": "2017-03-30T00:00:00", "epoch_last": "2017-03-30T23:59:59"},
            "has content of another time",
        ),
        ({"file_name": "jno_wav_cdr_lesia_2017_v02.cdf"}, "is not the name of a day's file"),
        ({"unreadable": "ValueError: cut"}, "it cannot be read"),
        ({"Frequency.unit": "furlong"}, "is not a unit"),
    ],
)
def test_a_wrong_file_is_refused(changes: dict[str, str], why: str) -> None:
    found = reasons("juno_waves", **{**RECORD, **changes})
    assert any(why in reason for reason in found), found
