"""SOLARNET's keywords, and the names of observations, with the values of public examples."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from epnkit.mapping import Mapping, named_observation, solarnet

KEYWORDS: dict[str, Any] = {
    "DATE-BEG": "2017-09-29T09:12:31.250",
    "DATE-END": "2017-09-29T09:25:01.000",
    "WAVELNTH": 1083.39,
    "WAVEMIN": None,
    "WAVEMAX": None,
    "WAVEUNIT": -9.0,
    "XPOSURE": 1.0,
    "OBSRVTRY": "Teide Observatory",
    "TELESCOP": "GREGOR",
    "INSTRUME": "GRIS",
}


def apply(**changes: Any) -> Any:
    record = pl.DataFrame(
        [{**KEYWORDS, **changes}], schema_overrides={"WAVEMIN": pl.Float64, "WAVEMAX": pl.Float64}
    )
    return Mapping(solarnet()).apply(record)


def test_an_observation_has_its_times_and_its_wavelength() -> None:
    row = apply().granules.row(0, named=True)
    # 2017-09-29 began at JD 2458025.5.
    assert row["time_min"] == pytest.approx(2458025.5 + (9 * 3600 + 751.25) / 86400, abs=1e-9)
    assert row["time_max"] == pytest.approx(2458025.5 + (9 * 3600 + 1501) / 86400, abs=1e-9)
    assert row["spectral_range_min"] == pytest.approx(299792458 / 1083.39e-9, rel=1e-12)
    assert row["spectral_range_max"] == row["spectral_range_min"]
    assert row["time_exp_min"] == 1.0
    assert row["instrument_host_name"] == "Teide Observatory#GREGOR"


def test_limits_of_wavelengths_become_frequencies_the_other_way_round() -> None:
    row = apply(WAVEMIN=656.1, WAVEMAX=656.3).granules.row(0, named=True)
    assert row["spectral_range_min"] == pytest.approx(299792458 / 656.3e-9, rel=1e-12)
    assert row["spectral_range_max"] == pytest.approx(299792458 / 656.1e-9, rel=1e-12)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"WAVEUNIT": 4.8e-38}, "'4.8e-38' is not a unit of wavelength, frequency or energy"),
        ({"DATE-END": "020-09-06T10:11:12"}, "'020-09-06T10:11:12' is not a time"),
        ({"WAVELNTH": 0.0}, "0.0 is not a wavelength, frequency or energy above zero"),
    ],
)
def test_a_broken_header_is_refused(changes: dict[str, Any], reason: str) -> None:
    made = apply(**changes)
    assert made.granules.is_empty()
    assert reason in made.refusals["reason"].to_list()


CHROTEL = r"^chroTel_(?P<day>\d{8}_\d{6})_(?:ha|ca|he)$"


@pytest.mark.parametrize(
    ("name", "begin", "reason"),
    [
        ("chroTel_20140902_110310_ha", "2014-09-02T11:03:10", None),
        # The night began the day before.
        ("chroTel_20140901_230310_ha", "2014-09-02T01:00:00", None),
        ("chroTel_20140902_110310_hb", "2014-09-02T11:03:10", "is not the name of an observation"),
        ("chroTel_20141402_110310_ha", "2014-09-02T11:03:10", None),
        ("chroTel_20140802_110310_ha", "2014-09-02T11:03:10", "names another day than its begin"),
        ("chroTel_20140903_110310_ha", "2014-09-02T11:03:10", "names another day than its begin"),
    ],
)
def test_a_name_is_of_its_day(name: str, begin: str, reason: str | None) -> None:
    found = named_observation(pl.Series([name]), pl.Series([begin]), pattern=CHROTEL)
    told = found.reasons[0]
    if reason is None:
        assert (found.values[0], told) == (name, None)
    else:
        assert found.values[0] is None
        assert reason in told
