"""HFC1T3: bursts with the observatories of the real producer."""

from __future__ import annotations

import json

import polars as pl
import pytest
from tests.conftest import ROOT

from epnkit import service as services
from epnkit.mapping.declare import MappingResult

#: A made-up burst; the observatory is the first row of rabat3_203_observatory.csv.
RECORD = {
    "id_type_iii": 1,
    "run_date": "2012-01-01T00:00:00",
    "cc": "4703",
    "cc_y_mhz": 1.075,
    "time_start": "2005-05-01T07:46:55.000",
    "time_end": "2005-05-01T07:56:55.000",
    "br_y0_mhz": 1.075,
    "br_y1_mhz": 13.824999809265137,
    "br_y2_mhz": 1.075,
    "br_y3_mhz": 13.824999809265137,
    "drift_start": -0.5,
    "lvl_trust": 80,
    "multiple": 0,
    "snapshot_path": "https://archive.example/t3/",
    "snapshot_fn": "a.png",
    "date_obs": "2005-05-01T00:00:00",
    "url": "https://archive.example/a.fits",
    "qclk_url": "https://archive.example",
    "qclk_fname": "b.png",
    "observat": "WIND",
    "instrume": "WAVES",
    "telescop": "RAD2",
    "wavemin": 21.6066,
    "wavemax": 278.8767,
    "waveunit": "m",
    "code": "RABAT3",
    "version": "2.0.3",
}

NO_LIMITS = {f"br_y{corner}_mhz": None for corner in range(4)}


def map_record(**changes: object) -> MappingResult:
    service = services.read_service(ROOT / "resources" / "hfc1t3")
    schema = dict.fromkeys(NO_LIMITS, pl.Float64)
    frame = pl.DataFrame([{**RECORD, **changes}], schema_overrides=schema)
    return service.mapping.apply(frame)


def test_a_burst_has_its_own_limits_without_the_noise_of_single_precision() -> None:
    row = map_record().granules.row(0, named=True)
    assert row["time_min"] == pytest.approx(2453491.824247685, abs=1e-9)
    assert row["spectral_range_min"] == pytest.approx(1.075e6, rel=1e-12)
    assert row["spectral_range_max"] == pytest.approx(13.825e6, rel=1e-12)
    assert row["granule_uid"] == "t3_20050501_074655_1075"
    assert row["thumbnail_url"] == "https://archive.example/t3/a.png"


def test_its_contour_lies_in_its_limits() -> None:
    document = json.loads(map_record().granules["contour"][0].replace("%22", '"'))
    (ring,) = document["features"][0]["geometry"]["coordinates"]
    # 2005-05-01T07:46:55 is unix time 1114933615.
    assert min(ring)[0] == 1114933615.0
    assert max(ring)[0] == 1114934215.0
    assert {frequency for _, frequency in ring} == {1.075, 13.825}


@pytest.mark.parametrize(
    ("band", "low", "high"),
    [
        # The producer's rows: RAD2 in m (21.6066 m is 13.875 MHz, though its FREQMAX is 13.825),
        # RAD1 in MHz, and HFR in m.
        ({}, 1.075e6, 13.875e6),
        ({"wavemin": 0.020, "wavemax": 1.040, "waveunit": "MHz"}, 2.0e4, 1.04e6),
        ({"wavemin": 18.7077, "wavemax": 2398.3396}, 1.25e5, 16.025e6),
    ],
)
def test_without_limits_the_instrument_s_band_counts(
    band: dict[str, object], low: float, high: float
) -> None:
    row = map_record(**NO_LIMITS, **band).granules.row(0, named=True)
    assert row["spectral_range_min"] == pytest.approx(low, rel=1e-5)
    assert row["spectral_range_max"] == pytest.approx(high, rel=1e-5)
    assert row["contour"] is None


def test_a_code_that_does_not_close_is_refused() -> None:
    found = map_record(cc="4476")
    assert len(found.granules) == 0
    assert found.refusals["column"].to_list() == ["contour"]
