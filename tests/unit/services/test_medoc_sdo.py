"""AIA and HMI of SDO: records with the numbers and times of real headers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl
import pytest
from tests.conftest import ROOT

from epnkit import service as services

#: An image: RECNUM, DATE-OBS, EXPTIME, WAVELNTH and T_REC of its header.
AIA: dict[str, Any] = {
    "recnum": 69981867,
    "sunum": 187457863,
    "series_name": "aia.lev1",
    "date__obs": datetime(2011, 2, 15, 0, 0, 0, 340_000),
    "wavelnth": 171,
    "ias_location": "/SUM12/D187457863/S00000",
    "exptime": 2.000191,
    "t_rec_index": 1076803235,
    "ias_path": "idoc-medoc.ias.u-psud.fr/SUM12/D187457863/S00000/image_lev1.fits",
    "harpnum": None,
}

#: A patch: RECNUM, DATE-OBS, HARPNUM and T_REC (2024.06.28_00:00:00_TAI) of its header.
PATCH: dict[str, Any] = {
    **AIA,
    "recnum": 9170526,
    "series_name": "hmi.sharp_720s",
    "date__obs": datetime(2024, 6, 27, 23, 58, 46, 200_000),
    "wavelnth": 6173,
    "exptime": None,
    "t_rec_index": 1380120,
    "ias_path": "https://idoc-medoc.ias.u-psud.fr/SUM9/D1/S00000",
    "harpnum": 11465,
}

DISC = {**PATCH, "harpnum": None}


def apply(record: dict[str, Any], **changes: object) -> pl.DataFrame:
    service = services.read_service(ROOT / "resources" / "medoc_sdo")
    schema = {"exptime": pl.Float64, "harpnum": pl.Int64, "t_rec_index": pl.Int64}
    frame = pl.DataFrame([{**record, **changes}], schema_overrides=schema)
    applied = service.mapping.apply(frame)
    assert applied.refusals.rows() == []
    return applied.granules


def granule(record: dict[str, Any], **changes: object) -> dict[str, Any]:
    return apply(record, **changes).row(0, named=True)


def test_an_image_of_aia() -> None:
    row = granule(AIA)
    assert row["granule_uid"] == "aia.lev1_69981867"
    assert (row["granule_gid"], row["obs_id"]) == ("AIA 171 Angstrom", "AIA_20110215T000000")
    assert row["time_min"] == pytest.approx(2455607.5000039353, abs=1e-9)
    assert (row["time_max"] - row["time_min"]) * 86400 == pytest.approx(2.000191, abs=1e-4)
    assert row["time_exp_min"] == row["time_exp_max"] == 2.000191
    assert row["spectral_range_min"] == row["spectral_range_max"]
    assert row["spectral_range_min"] == pytest.approx(299792458 / 171e-10)
    assert row["measurement_type"] == "phot.count;em.UV.10-50nm"
    assert (row["target_region"], row["processing_level"]) == ("solar-corona", 3)
    # CRLT_OBS of its header is -6.820544; the Earth is seen at a few thousandths of a degree less.
    assert row["subobserver_latitude_min"] == pytest.approx(-6.820544, abs=0.01)
    assert row["coverage"].startswith("0/")
    folder = "https://idoc-medoc.ias.u-psud.fr/SUM12/D187457863/S00000"
    assert row["access_url"] == f"{folder}/image_lev1.fits"
    assert row["thumbnail_url"] == f"{folder}/image_lev1_64.png"
    assert (row["access_format"], row["access_estsize"]) == ("application/fits", 32768)
    assert row["file_name"] == "aia.lev1_171A_2011-02-15T00-00-00_69981867.image_lev1.fits"
    assert (row["recnum"], row["t_rec"], row["harp_number"]) == (69981867, None, None)


def test_a_patch_of_hmi_has_the_slot_of_its_header() -> None:
    row = granule(PATCH)
    assert row["granule_uid"] == "hmi.sharp_720s_9170526"
    assert row["granule_gid"] == "HMI active region patch"
    # The slot is of the next day, in TAI; its middle is 23:59:23 in UTC.
    assert row["t_rec"] == "2024.06.28_00:00:00_TAI"
    middle = (row["time_min"] + row["time_max"]) / 2
    assert middle == pytest.approx(2460489.5 - 37 / 86400, abs=1e-8)
    assert row["time_max"] - row["time_min"] == pytest.approx(720 / 86400, abs=1e-8)
    assert (row["feature_name"], row["harp_number"]) == ("HARP 11465", 11465)
    assert row["coverage"] is None
    assert row["subobserver_longitude_min"] is None
    assert row["access_url"] == "https://idoc-medoc.ias.u-psud.fr/SUM9/D1/S00000/magnetogram.fits"
    assert row["access_estsize"] == 643
    assert row["file_name"] == "hmi.sharp_720s_6173A_2024-06-27T23-58-46_11465.magnetogram.fits"


def test_a_product_of_hmi_without_a_slot_has_the_time_of_its_date() -> None:
    row = granule(DISC, t_rec_index=None)
    # 2024-06-27T23:58:46.2 in UTC.
    assert row["time_min"] == row["time_max"]
    assert row["time_min"] == pytest.approx(2460489.5 - 73.8 / 86400, abs=1e-9)


@pytest.mark.parametrize("index", [-(2**31), 2**40])
def test_a_slot_beyond_all_years_refuses_its_record(index: int) -> None:
    service = services.read_service(ROOT / "resources" / "medoc_sdo")
    frame = pl.DataFrame([DISC, {**DISC, "recnum": 1, "t_rec_index": index}])
    applied = service.mapping.apply(frame.cast({"exptime": pl.Float64, "harpnum": pl.Int64}))
    assert len(applied.granules) == 1
    assert applied.refusals.select("record", "column").rows()[0] == (1, "time_min")
    assert "is not a time of the years 1 to 9999" in applied.refusals["reason"][0]


@pytest.mark.parametrize(
    ("series", "title", "file", "kind"),
    [
        ("hmi.m_720s", "HMI magnetogram", "magnetogram", "phys.magField;em.opt.R"),
        ("hmi.m_720s_nrt", "HMI magnetogram, near real time", "magnetogram", None),
        ("hmi.ic_720s", "HMI continuum", "continuum", "phot.count;em.opt.R"),
        (
            "hmi.ic_nolimbdark_720s",
            "HMI continuum without limb darkening",
            "continuum",
            "phot.count;em.opt.R",
        ),
        ("hmi.v_720s", "HMI dopplergram", "Dopplergram", "spect.dopplerVeloc.opt"),
        ("hmi.sharp_cea_720s_nrt", "HMI active region patch, remapped, near real time", "Br", None),
    ],
)
def test_the_products_of_hmi(series: str, title: str, file: str, kind: str | None) -> None:
    row = granule(DISC, series_name=series)
    assert row["granule_gid"] == title
    assert row["access_url"].endswith(f"/{file}.fits")
    assert row["measurement_type"] == kind or kind is None
    assert row["instrument_name"] == "Helioseismic and Magnetic Imager#HMI"
    assert row["target_region"] == "solar-photosphere"
    assert row["spectral_range_min"] == pytest.approx(299792458 / 6173e-10)
    assert (row["coverage"] is None) == series.startswith("hmi.sharp")
    remapped = series.startswith("hmi.sharp_cea")
    assert row["map_projection"] == ("CEA" if remapped else None)
    assert row["dataproduct_type"] == ("ma" if remapped else "im")


@pytest.mark.parametrize(
    ("wavelength", "band", "region"),
    [
        (94, "em.X-ray.soft", "solar-corona"),
        (131, "em.UV.10-50nm", "solar-corona"),
        (335, "em.UV.10-50nm", "solar-corona"),
        (1600, "em.UV.100-200nm", "solar-chromosphere"),
        (4500, "em.opt.B", "solar-photosphere"),
    ],
)
def test_the_bands_of_aia(wavelength: int, band: str, region: str) -> None:
    row = granule(AIA, wavelnth=wavelength)
    assert row["measurement_type"] == f"phot.count;{band}"
    assert row["target_region"] == region


@pytest.mark.parametrize(
    "changes", [{"ias_location": ""}, {"ias_location": None}, {"ias_path": ""}]
)
def test_what_is_not_at_medoc_has_no_file(changes: dict[str, str | None]) -> None:
    row = granule(AIA, **changes)
    assert row["access_url"] is None
    assert row["thumbnail_url"] is None
    assert row["access_format"] is None
    assert row["access_estsize"] is None


@pytest.mark.parametrize("exposure", [0.0, -1.0, None])
def test_an_image_without_an_exposure_is_of_a_moment(exposure: float | None) -> None:
    row = granule(AIA, exptime=exposure)
    assert row["time_max"] == row["time_min"]
    assert row["time_exp_min"] is None


def test_images_of_a_cycle_belong_together() -> None:
    first, other = (
        granule(AIA, date__obs=datetime(2011, 2, 15, 0, 0, second, 340_000)) for second in (11, 12)
    )
    assert first["obs_id"] == "AIA_20110215T000000"
    assert other["obs_id"] == "AIA_20110215T000012"


@pytest.mark.parametrize("series", ["hmi.z_720s", "aia.lev9", "hmi.m_45s"])
def test_a_series_that_is_not_known_is_refused(series: str) -> None:
    service = services.read_service(ROOT / "resources" / "medoc_sdo")
    found = service.mapping.apply(pl.DataFrame([{**PATCH, "series_name": series}]))
    assert found.granules.height == 0
    ((_, column, reason, _),) = found.refusals.rows()
    assert column == "granule_uid"
    assert "is of a series that is not known" in reason
