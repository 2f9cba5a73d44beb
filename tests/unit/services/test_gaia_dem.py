"""Gaia-DEM: records that the tests of MEDOC's client assert, and the identifier with a blank."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl
import pytest
from tests.conftest import ROOT

from epnkit import service as services

#: As SiTools2 gives it; the paths begin at the server's root.
RECORD: dict[str, Any] = {
    "download": "/sitools/DEM_aia_2012-08-10T00_05_.tar",
    "date_obs": datetime(2012, 8, 10, 0, 5, 1, 875_000),
    "sunum_193": 349340243,
    "filename": "DEM_aia_2012-08-10T00_05_",
    "temp_fits_rice": "/sitools/DEM_aia_2012-08-10T00_05_temp.fits",
    "em_fits_rice": "/sitools/DEM_aia_2012-08-10T00_05_em.fits",
    "width_fits_rice": "/sitools/DEM_aia_2012-08-10T00_05_width.fits",
    "chi2_fits_rice": "/sitools/DEM_aia_2012-08-10T00_05_chi2.fits",
}

HOST = "https://idoc-medoc.ias.u-psud.fr"


def granules(**changes: object) -> dict[str, dict[str, Any]]:
    service = services.read_service(ROOT / "resources" / "gaia_dem")
    found = service.mapping.apply(pl.DataFrame([{**RECORD, **changes}]))
    assert found.refusals.rows() == []
    return {row["granule_gid"]: row for row in found.granules.rows(named=True)}


def test_an_observation_is_four_maps() -> None:
    made = granules()
    assert [each["granule_uid"] for each in made.values()] == [
        "DEM-AIA-temp_2012-08-10T00-05-01.875",
        "DEM-AIA-em_2012-08-10T00-05-01.875",
        "DEM-AIA-width_2012-08-10T00-05-01.875",
        "DEM-AIA-chi2_2012-08-10T00-05-01.875",
    ]
    assert {each["obs_id"] for each in made.values()} == {"DEM-AIA_2012-08-10T00-05-01.875"}
    row = made["temperature"]
    assert row["time_min"] == row["time_max"] == pytest.approx(2456149.503493924, abs=5e-9)
    # 335 and 94 Angstrom.
    assert row["spectral_range_min"] == pytest.approx(8.949028597e15, rel=1e-9)
    assert row["spectral_range_max"] == pytest.approx(3.189281468e16, rel=1e-9)
    assert (row["dataproduct_type"], row["processing_level"]) == ("ma", 5)
    assert row["access_url"] == f"{HOST}/sitools/DEM_aia_2012-08-10T00_05_temp.fits"
    assert row["thumbnail_url"] == f"{HOST}/sitools/DEM_aia_2012-08-10T00_05_temp_64.png"
    assert row["access_estsize"] == 2048
    assert row["sunum"] == 349340243
    assert [each["measurement_type"] for each in made.values()] == [
        "phys.temperature.electron",
        "phys.emissMeasure",
        "phys.temperature.electron;stat.stdev",
        "stat.fit.chi2",
    ]


def test_the_identifier_has_no_blank_and_the_time_of_the_record() -> None:
    made = granules(date_obs=datetime(2023, 6, 14, 23, 34, 51, 622_000))
    row = made["width of the temperature distribution"]
    # The real one is DEM-AIA-width_2023-06-14 23:34:51.622000.
    assert row["granule_uid"] == "DEM-AIA-width_2023-06-14T23-34-51.622"
    assert row["time_min"] == pytest.approx(2460110.482541921, abs=5e-9)


def test_a_map_that_is_missing_is_no_granule() -> None:
    assert "chi squared of the fit" not in granules(chi2_fits_rice=None)
    assert len(granules(chi2_fits_rice=None)) == 3
