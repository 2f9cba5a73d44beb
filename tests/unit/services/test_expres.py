"""ExPRES: what configurations become, the real one among them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.support.granules import granule, of_folder, reasons

NAME = "expres_earth_jupiter_io_vipal_lossc-wid1deg_3kev_20150430_v01"

#: A configuration as it is published, its fields of interest.
RECORD = {
    "file_name": f"{NAME}.json",
    "url": f"https://expres.example/{NAME}.json",
    "SIMU.NAME": "Io2015-04-30",
    "OBSERVER.SC": "Earth",
    "OBSERVER.PARENT": "Jupiter",
    "OBSERVER.SCTIME": "201504300000",
    "TIME.MIN": 0.0,
    "TIME.MAX": 1440.0,
    "TIME.NBR": 1440,
    "FREQUENCY.TYPE": "Linear",
    "FREQUENCY.MIN": 0.009999999776482582,
    "FREQUENCY.MAX": 44.0,
    "FREQUENCY.NBR": 781,
    "SOURCE": ['{"NAME": "Source1", "SAT": "Io"}'],
}


@pytest.mark.shared
def test_the_real_configuration(
    samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(samples / "expres" / f"{NAME}.json", tmp_path)
    row = of_folder("expres", tmp_path, monkeypatch).granules.row(0, named=True)
    assert row["granule_uid"] == NAME
    assert (row["time_min"], row["time_max"]) == (2457142.5, 2457143.5)
    assert (row["spectral_range_min"], row["spectral_range_max"]) == (1e4, 4.4e7)
    assert (row["target_name"], row["target_class"]) == ("Jupiter#Io", "planet#satellite")
    assert row["instrument_host_name"] == "Earth"


def test_frequencies_are_mhz_and_nothing_more() -> None:
    row = granule("expres", **RECORD)
    # The service's own CDF files say 1e5 to 4.4e8, "MHz*10e6".
    assert (row["spectral_range_min"], row["spectral_range_max"]) == (1e4, 4.4e7)
    assert row["spectral_sampling_step_min"] == pytest.approx(56397.4, abs=0.1)
    assert row["time_sampling_step_min"] == 60


def test_emission_without_a_moon_is_the_planets() -> None:
    row = granule("expres", **{**RECORD, "SOURCE": ['{"SAT": ""}', '{"NAME": "Source2"}']})
    assert (row["target_name"], row["target_class"]) == ("Jupiter", "planet")


def test_frequencies_that_are_not_linear_have_no_step() -> None:
    row = granule("expres", **{**RECORD, "FREQUENCY.TYPE": "Log"})
    assert row["spectral_sampling_step_min"] is None


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"OBSERVER.SCTIME": "201505010000", "SIMU.NAME": "Io"}, "has content of another time"),
        ({"OBSERVER.SCTIME": "201504290000", "SIMU.NAME": "Io"}, "has content of another time"),
        ({"SIMU.NAME": "Io2015-04-29"}, "is called by another date"),
        ({"OBSERVER.SCTIME": "2015043"}, "is not a time"),
        ({"file_name": "notes.json"}, "is not the name of a simulation"),
        ({"unreadable": "JSONDecodeError: cut"}, "it cannot be read"),
    ],
)
def test_a_configuration_that_contradicts_itself_is_refused(
    changes: dict[str, str], why: str
) -> None:
    found = reasons("expres", **{**RECORD, **changes})
    assert any(why in reason for reason in found), found
