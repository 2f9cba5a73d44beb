"""ChroTel, LARS and BBI: the values of the one public example, angles and fields, embargoes."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import polars as pl
import pytest
from tests.support.granules import load_resource

from epnkit.loading.prepare.preparation import Preparation, PreparedBatch
from epnkit.sources.config.settings import read_settings
from epnkit.sources.config.types import take_types

pytestmark = pytest.mark.filterwarnings("ignore:leap-second")

COMMON: dict[str, Any] = {
    "updated": datetime(2014, 9, 4),
    "description.OBSRVTRY": "Observatorio del Teide",
    "description.TELESCOP": "a telescope",
    "description.INSTRUME": "an instrument",
    "description.WAVEUNIT": -9.0,
    "file.url": "https://a.example/file.fits",
    "file.size": 4096,
    "previews.urls": ["https://a.example/previews.files/one/binary"],
    "licence": "https://licence.example/",
}

RECORDS: dict[str, dict[str, Any]] = {
    "chrotel": {
        **COMMON,
        "name": "chroTel_20140902_110310_ha",
        "description.DATE-BEG": "2014-09-02T11:03:10.000",
        "description.DATE-END": "2014-09-02T11:03:10.100",
        "description.WAVELNTH": 656.2,
        "description.XPOSURE": 0.1,
        "description.STEPS": 1,
        "file.url": "https://a.example/chrotel_ha_lev1.0_20140902_110310.fits.gz",
    },
    "lars": {
        **COMMON,
        "name": "lars_20160912_004",
        "description.DATE-BEG": "2016-09-12T10:00:00.000",
        "description.DATE-END": "2016-09-12T10:20:00.000",
        "description.WAVELNTH": 615.2,
        "description.WAVEMIN": 614.9,
        "description.WAVEMAX": 615.5,
        "description.THETA": 0.0,
        "description.MU": 1.0,
        "description.XCEN": 0.0,
        "description.YCEN": 0.0,
        "description.FOVX": 10.0,
        "description.WAVEREF": "laser frequency comb",
    },
    "bbi": {
        **COMMON,
        "name": "bbi_20160424_003",
        "description.DATE_BEG": "2016-04-24T08:45:00.000",
        "description.DATE_END": "2016-04-24T08:45:30.000",
        "description.WAVELNTH": 430.7,
        "description.BTYPE": "burst",
        "description.HELIOPROJECTIVE_X_MIN": 205.0,
        "description.HELIOPROJECTIVE_X_MAX": 295.0,
        "description.HELIOPROJECTIVE_Y_MIN": 140.0,
        "description.HELIOPROJECTIVE_Y_MAX": 200.0,
        "description.ATMOS_R0_MIN": 0.05,
        "description.ATMOS_R0_MAX": 0.12,
    },
}


def prepare(name: str, /, **changes: Any) -> PreparedBatch:
    service = load_resource(name)
    given = {key.replace("__", "."): value for key, value in changes.items()}
    types = take_types(read_settings(service.source_file))
    records = pl.DataFrame([{**RECORDS[name], **given}], schema=types)
    return Preparation(service, "https://d.example/?ID=", datetime(2026, 6, 1)).prepare(records)


def make_granule(name: str, /, **changes: Any) -> dict[str, Any]:
    made = prepare(name, **changes)
    assert made.refusals.is_empty(), made.refusals.rows()
    return made.granules.row(0, named=True)


def test_the_example_of_chrotel_has_its_time_and_its_line() -> None:
    row = make_granule("chrotel")
    assert row["granule_uid"] == "chroTel_20140902_110310_ha"
    assert row["obs_id"] == "chroTel_20140902_110310"
    assert row["time_min"] == pytest.approx(2456902.960532407, abs=1e-9)
    # A filter of 0.05 nm around 656.2 nm, which is 4.568614112e14 Hz.
    assert row["spectral_range_min"] == pytest.approx(299792458 / 656.225e-9, rel=1e-12)
    assert row["spectral_range_max"] == pytest.approx(299792458 / 656.175e-9, rel=1e-12)
    assert (row["granule_gid"], row["dataproduct_type"]) == ("H-alpha", "im")
    assert row["file_name"] == "chrotel_ha_lev1.0_20140902_110310.fits.gz"
    assert row["access_format"] == "application/x-gzip"
    # The whole disc has the point below the observer and a coverage, and no box.
    assert row["subobserver_latitude_min"] == pytest.approx(7.21, abs=0.01)
    assert row["subobserver_longitude_max"] == pytest.approx(201.44, abs=0.01)
    assert row["coverage"].startswith("0/")
    assert "c1min" not in row


def test_helium_is_scanned_in_seven_steps() -> None:
    row = make_granule(
        "chrotel",
        name="chroTel_20140902_110310_he",
        description__WAVELNTH=1083.0,
        description__STEPS=7,
    )
    assert (row["scan_steps"], row["measurement_type"]) == (7, "phot.radiance;em.IR.NIR")
    width = 299792458 / 1082.93e-9 - 299792458 / 1083.07e-9
    assert row["spectral_range_max"] - row["spectral_range_min"] == pytest.approx(width, rel=1e-9)


def test_lars_points_at_the_middle() -> None:
    row = make_granule("lars")
    assert (row["theta"], row["mu"], row["theta_origin"]) == (0.0, 1.0, "given")
    # 10 arcseconds at the middle are 0.6 degrees, around the latitude that faces the Earth (B0 by
    # sunpy 6).
    assert row["c2max"] - row["c2min"] == pytest.approx(0.6, abs=0.02)
    assert (row["c2max"] + row["c2min"]) / 2 == pytest.approx(7.226, abs=0.01)
    assert row["spectral_range_min"] == pytest.approx(299792458 / 615.5e-9, rel=1e-12)


def test_bbi_has_the_angle_of_its_pointing() -> None:
    row = make_granule("bbi")
    assert row["theta_origin"] == "pointing"
    # asin of 302.3 arcseconds over the Sun's radius that day, 954.6.
    assert row["theta"] == pytest.approx(18.46, abs=0.03)
    assert row["granule_gid"] == "burst"
    assert (row["fried_parameter_min"], row["fried_parameter_max"]) == (0.05, 0.12)
    turned = make_granule(
        "bbi", description__HELIOPROJECTIVE_X_MIN=295.0, description__HELIOPROJECTIVE_X_MAX=205.0
    )
    assert turned["s_region"] == row["s_region"]


def test_a_field_beyond_the_limb_has_no_region() -> None:
    row = make_granule(
        "bbi", description__HELIOPROJECTIVE_X_MIN=1200.0, description__HELIOPROJECTIVE_X_MAX=1290.0
    )
    assert (row["footprint_flags"], row["s_region"], row["theta"]) == ("off_limb", None, None)


@pytest.mark.parametrize("name", RECORDS)
def test_an_embargo_leaves_no_address_of_the_archive(name: str) -> None:
    closed = make_granule(name, embargo__until=datetime(2030, 1, 1))
    assert closed["release_date"] == datetime(2030, 1, 1)
    assert "a.example" not in " ".join(map(str, closed.values()))
    kinds = [link["semantics"] for link in json.loads(closed["epnkit_links"])]
    assert kinds == ["#auxiliary", "#documentation", "#documentation"]
    opened = make_granule(name)
    kinds = [link["semantics"] for link in json.loads(opened["epnkit_links"])]
    assert kinds == ["#this", "#preview", "#auxiliary", "#documentation", "#documentation"]


@pytest.mark.parametrize("name", RECORDS)
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"description__WAVEUNIT": 4.8e-38}, "is not a unit of wavelength"),
        ({"END": "020-09-06T10:21:12.000"}, "is not a time"),
        ({"name": "strange"}, "is not the name of an observation"),
    ],
)
def test_a_broken_header_is_quarantined(name: str, changes: dict[str, Any], reason: str) -> None:
    end = "description__DATE_END" if name == "bbi" else "description__DATE-END"
    made = prepare(name, **{end if key == "END" else key: v for key, v in changes.items()})
    assert made.granules.is_empty()
    assert any(reason in told for told in made.refusals["reason"])
