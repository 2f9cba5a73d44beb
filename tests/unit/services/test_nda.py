"""NDA: what names, CDF attributes and FITS cards become."""

from __future__ import annotations

import pytest
from tests.support.granules import granule, map_records, reasons

#: The facts of this file are of maser4py's tests; its attributes of the public skeleton.
ROUTINE = {
    "path": "routine_jupiter/2016/01/srn_nda_routine_jup_edr_201601302247_201601310645_V12.cdf",
    "file_name": "srn_nda_routine_jup_edr_201601302247_201601310645_V12.cdf",
    "file_size": 1025,
    "url": "https://nda.example/a.cdf",
    "Parents": "J160131.RT1",
    "epoch_first": "2016-01-30T22:47:06.030000000",
    "epoch_last": "2016-01-31T06:45:58.680000000",
    "Frequency.min": 10.0,
    "Frequency.max": 39.92499923706055,
    "Frequency.unit": "MHz",
    "VESPA_time_sampling_step": 1.0,
}

#: From a public listing; the times of its content are of radiospectra's tests.
NEW = {
    "path": "soleil/2025/03/orn_nda_newroutine_sun_edr_202503260756_202503261556_v1.fits",
    "file_name": "orn_nda_newroutine_sun_edr_202503260756_202503261556_v1.fits",
    "file_size": 2048,
    "url": "https://nda.example/a.fits",
    "DATE-OBS": "2025-03-26T07:56:27.260",
}

COMPANIONS = {
    "summary.url": "https://nda.example/J160131.pdf",
    "summary.size": 10,
    "raw.url": "https://nda.example/J160131.RT1",
    "raw.size": 3000,
}


def test_a_real_file_has_the_times_of_its_spectra() -> None:
    row = granule("nda", **ROUTINE)
    assert row["time_min"] == pytest.approx(2457418.449375347, abs=1e-9)
    assert row["time_max"] == pytest.approx(2457418.781929167, abs=1e-9)
    assert row["granule_uid"] == "J160131_cdf"
    assert row["obs_id"] == "J160131"
    assert row["target_name"] == "Jupiter"
    assert row["access_estsize"] == 2


def test_single_precision_leaves_no_trace() -> None:
    row = granule("nda", **ROUTINE)
    assert (row["spectral_range_min"], row["spectral_range_max"]) == (1e7, 3.9925e7)


def test_an_observation_has_a_granule_a_file() -> None:
    rows = map_records("nda", **ROUTINE, **COMPANIONS).granules
    assert rows["granule_uid"].to_list() == ["J160131_cdf", "J160131_pdf", "J160131_rt1"]
    assert rows["processing_level"].to_list() == [2, 5, 1]
    assert rows["access_estsize"].to_list() == [2, 1, 3]
    assert rows["file_name"].to_list()[1:] == ["J160131.pdf", "J160131.RT1"]
    assert rows["time_min"].n_unique() == 1


def test_newroutine_is_known_by_its_name() -> None:
    row = granule("nda", **NEW)
    assert row["granule_uid"] == "orn_nda_newroutine_sun_edr_202503260756_202503261556_fits"
    # 2025-03-26 began at JD 2460760.5; 07:56:27.26 later, and 15:56 by its name.
    assert row["time_min"] == pytest.approx(2460760.5 + 28587.26 / 86400, abs=1e-9)
    assert row["time_max"] == pytest.approx(2460760.5 + 57360 / 86400, abs=1e-9)
    assert (row["spectral_range_min"], row["spectral_range_max"]) == (1e7, 8.8e7)
    assert (row["target_name"], row["target_class"]) == ("Sun", "star")


def test_years_of_two_figures_are_of_two_centuries() -> None:
    old = {
        "file_name": "srn_nda_routine_jup_edr_199101302247_199101310645_V12.cdf",
        "Parents": "J910131.RT1",
        "epoch_first": None,
        "epoch_last": None,
    }
    # 1991-01-30 began at JD 2448286.5.
    assert granule("nda", **{**ROUTINE, **old})["time_min"] == pytest.approx(
        2448286.5 + (22 * 60 + 47) / 1440, abs=1e-9
    )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"Parents": " "}, "is not the name of an observation"),
        ({"Parents": None}, "is not the name of an observation"),
        ({"epoch_first": "2016-02-10T22:47:06"}, "has content of another time"),
        ({"unreadable": "ValueError: cut"}, "it cannot be read: ValueError: cut"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(changes: dict[str, str], why: str) -> None:
    found = reasons("nda", **{**ROUTINE, **changes})
    assert any(why in reason for reason in found), found
