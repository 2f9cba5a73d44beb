"""Synoptic maps: the record that the tests of MEDOC's client assert, and names of images."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl
import pytest
from tests.conftest import ROOT

from epnkit import service as services

RECORD: dict[str, Any] = {
    "preview": "/sitools/syn171.png",
    "download": "/sitools/syn171_20040302.005959_efz20040302.010014.fts",
    "obs_date": datetime(2004, 3, 2),
    "wavelength": 171,
    "index": 2635,
    "filename": "syn171/syn171_20040302.005959_efz20040302.010014.fts",
    "crea_date": datetime(2004, 3, 16),
}


def make(**changes: object) -> Any:
    service = services.read_service(ROOT / "resources" / "medoc_synoptic")
    return service.mapping.apply(pl.DataFrame([{**RECORD, **changes}]))


def test_a_map_of_2004() -> None:
    row = make().granules.row(0, named=True)
    assert row["granule_uid"] == "syn171_20040302.005959_efz20040302.010014"
    assert row["granule_gid"] == "EIT 171 Angstrom"
    assert row["obs_id"] == "EUV-SYN_20040302_000000"
    assert row["time_min"] == row["time_max"] == 2453066.5
    # 171 Angstrom.
    assert row["spectral_range_min"] == pytest.approx(1.7531722e16, rel=1e-7)
    assert (row["c1min"], row["c1max"], row["c2min"], row["c2max"]) == (0, 360, -90, 90)
    assert row["instrument_host_name"] == "Solar and Heliospheric Observatory#SOHO"
    assert row["access_url"] == (
        "https://idoc-medoc.ias.u-psud.fr/sitools/syn171_20040302.005959_efz20040302.010014.fts"
    )
    assert row["thumbnail_url"] == "https://idoc-medoc.ias.u-psud.fr/sitools/syn171.png"
    assert row["image_file"] == "efz20040302.010014"


@pytest.mark.parametrize(
    ("image", "instrument"),
    [
        ("efz20040302.010014", "EIT"),
        ("20110501_001530_n4euB", "EUVI"),
        ("aia.lev1.171A_2011-05-01", "AIA"),
        ("unknown", None),
    ],
)
def test_the_instrument_is_known_by_the_name_of_an_image(
    image: str, instrument: str | None
) -> None:
    row = make(filename=f"syn171/syn171_20110501.005959_{image}.fts").granules.row(0, named=True)
    assert row["instrument_name"] == instrument


def test_another_form_of_a_name_is_refused() -> None:
    found = make(filename="syn171/map.fts")
    assert found.granules.is_empty()
    assert found.refusals["column"].to_list() == ["granule_uid"]
