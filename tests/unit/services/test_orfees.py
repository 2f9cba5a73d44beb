"""ORFEES: names of files, and times whose date and time of day lie apart."""

from __future__ import annotations

import polars as pl
import pytest
from tests.conftest import ROOT

from epnkit import service as services
from epnkit.mapping.declare import MappingResult

RECORD = {
    "file": "int_orf20220402_132000_1.fts",
    "date_obs": "2022-04-02",
    "time_obs": "13:20:00.000",
    "date_end": "2022-04-03",
    "time_end": "00:00:00.000",
    "freq_start": 144.0,
    "freq_stop": 1004.0,
    "time_step": 1000.0,
    "exp_time": 1000.0,
    "physpara": "STOKESI",
    "bunits": "SFU",
    "size": 1025,
    "url": "https://archive.example/int_orf20220402_132000_1.fts",
    "quicklook": "https://archive.example/QL/Orfees/orfees20220402.png",
    "@timestamp": "2022-04-02T13:20:00.000Z",
}


def map_record(**changes: object) -> MappingResult:
    service = services.read_service(ROOT / "resources" / "orfees")
    return service.mapping.apply(pl.DataFrame([{**RECORD, **changes}]))


def test_a_file_is_a_dynamic_spectrum() -> None:
    row = map_record().granules.row(0, named=True)
    # 2022-04-02 began at JD 2459671.5.
    assert row["time_min"] == pytest.approx(2459671.5 + 13 / 24 + 20 / 1440, abs=1e-9)
    assert row["time_max"] == pytest.approx(2459672.5, abs=1e-9)
    assert row["spectral_range_min"] == pytest.approx(1.44e8, rel=1e-12)
    assert row["spectral_range_max"] == pytest.approx(1.004e9, rel=1e-12)
    assert row["time_sampling_step_min"] == 1.0
    assert row["access_estsize"] == 2
    assert row["obs_id"] == "orfees_20220402"
    assert row["dataproduct_type"] == "ds"


@pytest.mark.parametrize(
    "name", ["orf20220402_132000", "int_orf20220402_132000_1", "int_orf20241110_120000_0.1"]
)
def test_only_the_last_ending_of_a_name_is_cut(name: str) -> None:
    row = map_record(file=f"{name}.fts").granules.row(0, named=True)
    assert row["granule_uid"] == name
    assert row["file_name"] == f"{name}.fts"


@pytest.mark.parametrize("name", ["orfees 2024.fts", "orf20220402.fts", "nrh.fts", ""])
def test_another_name_is_refused(name: str) -> None:
    found = map_record(file=name)
    assert len(found.granules) == 0
    assert "is no name of a file of ORFEES" in found.refusals["reason"][0]


def test_limits_the_wrong_way_round_are_put_in_order() -> None:
    row = map_record(freq_start=1004.0, freq_stop=144.0).granules.row(0, named=True)
    assert row["spectral_range_min"] == pytest.approx(1.44e8, rel=1e-12)
