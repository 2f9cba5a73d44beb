"""SPICE: real names of files, two windows of one line, what is missing, and where it looked."""

from __future__ import annotations

import json
import re
from math import cos, radians, sin
from typing import Any

import astropy.units as u
import numpy as np
import polars as pl
import pytest
from astropy.coordinates import SkyCoord
from tests.support.granules import load_resource

from epnkit.mapping.declare import MappingResult

#: The item of which the tests of the published package sospice have both versions.
ITEM = "solo_L2_spice-n-exp_20220305T072522_100663707-014"
FIRST = "solo_L2_spice-n-exp_20220305T072522_V01_100663707-014.fits"
SECOND = "solo_L2_spice-n-exp_20220305T072522_V02_100663707-014.fits"

RELEASE = "https://spice.osups.universite-paris-saclay.fr/spice-data/release-2.0/level2/2022/03/05/"

#: What these tests assert of the file: scales in degrees, the turn, and Solar Orbiter's place.
POINTING: dict[str, Any] = {
    "CTYPE1": "HPLN-TAN",
    "CTYPE2": "HPLT-TAN",
    "CUNIT1": "deg",
    "CUNIT2": "deg",
    "CRPIX1": 1.0,
    "CRPIX2": 512.5,
    "CRVAL1": 0.091694158333333,
    "CRVAL2": -0.138730775,
    "CDELT1": 0.00027777777777778,
    "CDELT2": 0.000305,
    "PC1_1": 0.99987010573307,
    "PC1_2": 0.017696941938863,
    "PC2_1": -0.014678901147361,
    "PC2_2": 0.99987010573307,
    "NAXIS1": 1,
    "NAXIS2": 1024,
    "DATE-AVG": "2022-03-05T07:25:52.038",
    "HGLN_OBS": -3.3713006,
    "HGLT_OBS": -4.2335761,
    "CRLN_OBS": 26.1,
    "CRLT_OBS": -4.2335761,
    "DSUN_OBS": 0.52286922 * 149597870700.0,
    "RSUN_REF": 695700000.0,
    "XPOSURE": 59.3,
    "STUDY": "A study",
}

RECORD: dict[str, Any] = {
    "data_item_id": ITEM,
    "descriptor": "spice-n-exp",
    "level": "L2",
    "begin_time": "2022-03-05 07:25:22.000",
    "end_time": "2022-03-05 07:26:22.000",
    "filename": SECOND,
    "filesize": 12_345_600,
    "soop_name": "R_SMALL_MRES_MCAD_Connection-Mosaic",
    "detector": "SW",
    "wavemin": 70.16,
    "wavemax": 70.72,
    "fits.names": ["O III 703 / Mg IX 706", "Ne VIII 770 - Peak", "Ne VIII 770 - Full"],
    "fits.shortest": [70.16, 76.95, 76.71],
    "fits.longest": [70.72, 77.12, 77.33],
    "fits.header": json.dumps(POINTING),
    "fits.url": RELEASE + SECOND,
    "preview.url": RELEASE + SECOND.replace(".fits", ".png"),
}

#: What there is of a file that is not at hand.
ALONE = {name: None for name in RECORD if name.startswith(("fits.", "preview."))}

SPEED = 299792458.0


#: The types of fields that may be null.
TYPES = {
    **dict.fromkeys(("fits.shortest", "fits.longest"), pl.List(pl.Float64())),
    **dict.fromkeys(("fits.header", "fits.url", "preview.url"), pl.String()),
    **dict.fromkeys(("wavemin", "wavemax"), pl.Float64()),
    "fits.names": pl.List(pl.String()),
}


def apply(**changes: object) -> MappingResult:
    records = pl.DataFrame([{**RECORD, **changes}], schema_overrides=TYPES)
    return load_resource("spice").mapping.apply(records)


def granules(**changes: object) -> list[dict[str, Any]]:
    made = apply(**changes)
    assert made.refusals.is_empty(), made.refusals
    return made.granules.to_dicts()


def test_two_windows_of_one_line_are_told_apart() -> None:
    _, peak, whole = granules()
    assert (peak["granule_uid"], whole["granule_uid"]) == (f"{ITEM}_1", f"{ITEM}_2")
    assert peak["spectral_window"] == "Ne VIII 770 - Peak"
    assert peak["spectral_range_min"] == pytest.approx(SPEED / 77.12e-9, rel=1e-12)
    assert peak["spectral_range_max"] == pytest.approx(SPEED / 76.95e-9, rel=1e-12)
    assert whole["spectral_range_min"] == pytest.approx(SPEED / 77.33e-9, rel=1e-12)
    assert whole["spectral_range_max"] == pytest.approx(3.9081274670838e15, rel=1e-12)
    assert peak["obs_id"] == whole["obs_id"] == "100663707-014"
    assert (peak["spiobsid"], peak["raster_number"], peak["window_number"]) == (100663707, 14, 1)
    # 2022-03-05T07:25:22.
    assert peak["time_min"] == pytest.approx(2459643.809282408, abs=1e-9)
    assert peak["time_max"] - peak["time_min"] == pytest.approx(60 / 86400, abs=1e-9)
    assert peak["access_url"] == RELEASE + SECOND
    assert peak["access_estsize"] == 12057
    assert (peak["dataproduct_type"], peak["processing_level"]) == ("sp", 3)
    assert peak["measurement_type"] == "phot.radiance;em.UV.50-100nm"
    assert (peak["study"], peak["time_exp_max"]) == ("A study", 59.3)


def test_a_later_version_has_the_same_identifiers() -> None:
    first, second = granules(filename=FIRST), granules()
    assert [each["granule_uid"] for each in first] == [each["granule_uid"] for each in second]
    assert (first[0]["file_version"], second[0]["file_version"]) == (1, 2)
    # And the same key, so that it replaces the earlier one.
    assert load_resource("spice").key == ("data_item_id",)


def test_a_file_that_is_not_at_hand_has_what_the_archive_knows() -> None:
    (row,) = granules(**ALONE)
    assert row["granule_uid"] == f"{ITEM}_0"
    assert row["spectral_range_max"] == pytest.approx(SPEED / 70.16e-9, rel=1e-12)
    assert row["access_url"] == (
        "https://soar.esac.esa.int/soar-sl-tap/data?retrieval_type=LAST_PRODUCT"
        f"&product_type=SCIENCE&data_item_id={ITEM}"
    )
    for name in ("s_region", "c1min", "footprint_flags", "observer_distance", "spectral_window"):
        assert row[name] is None


def test_wavelengths_of_the_archive_are_in_two_units() -> None:
    (row,) = granules(**ALONE, wavemin=701.6, wavemax=707.2)
    assert row["spectral_range_max"] == pytest.approx(SPEED / 70.16e-9, rel=1e-12)
    (unknown,) = granules(**ALONE, wavemin=None, wavemax=None)
    assert (unknown["spectral_range_min"], unknown["spectral_range_max"]) == (None, None)


@pytest.mark.parametrize(
    ("descriptor", "level", "kind", "processing"),
    [
        ("spice-n-exp", "L2", "sp", 3),
        ("spice-w-exp", "L2", "sp", 3),
        ("spice-n-ras", "L2", "sc", 3),
        ("spice-w-sit", "L2", "ds", 3),
        ("spice-n-ras-int", "L3", "im", 5),
    ],
)
def test_products_have_their_types(descriptor: str, level: str, kind: str, processing: int) -> None:
    row = granules(descriptor=descriptor, level=level)[0]
    assert (row["dataproduct_type"], row["processing_level"]) == (kind, processing)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"begin_time": "MISSING"}, "MISSING"),
        ({"end_time": "MISSING"}, "MISSING"),
        (
            {"filename": "solo_L2_spice-n-exp_20220305T072522_V01.fits"},
            "the name of a file of SPICE",
        ),
    ],
)
def test_what_is_missing_is_refused(changes: dict[str, Any], why: str) -> None:
    assert any(why in reason for reason in apply(**changes).refusals["reason"])


def locate_corners() -> np.ndarray[Any, np.dtype[np.float64]]:
    """Give where sunpy has the corners of the slit on the Sun, Carrington degrees, shape (4, 2)."""
    from sunpy.coordinates import HeliographicCarrington, HeliographicStonyhurst, Helioprojective

    turn, ratio = radians(-0.9235), 0.000305 / 0.00027777777777778
    place = HeliographicStonyhurst(
        *(-3.3713006 * u.deg, -4.2335761 * u.deg, 0.52286922 * u.au), obstime=POINTING["DATE-AVG"]
    )
    x = np.array([-0.5, 0.5, 0.5, -0.5])
    y = np.array([-512.0, -512.0, 512.0, 512.0])
    # To first order: the projection changes the corners by less than a milliarcsecond.
    along = POINTING["CDELT1"] * (cos(turn) * x - sin(turn) * ratio * y) + POINTING["CRVAL1"]
    up = POINTING["CDELT2"] * (sin(turn) / ratio * x + cos(turn) * y) + POINTING["CRVAL2"]
    frame = Helioprojective(observer=place, obstime=place.obstime)
    seen = SkyCoord(along * u.deg, up * u.deg, frame=frame)
    there = seen.transform_to(HeliographicCarrington(observer=place, obstime=place.obstime))
    return np.column_stack([there.lon.to_value(u.deg) % 360, there.lat.to_value(u.deg)])


@pytest.mark.filterwarnings("ignore")
def test_the_slit_lies_where_sunpy_has_it_as_solar_orbiter_sees_it() -> None:
    row = granules()[0]
    numbers = re.findall(r"([-\d.]+)d", str(row["s_region"]))
    ring = np.array(numbers, dtype=float).reshape(-1, 2)
    for corner in locate_corners():
        assert np.hypot(*(ring - corner).T).min() < 0.05
    assert row["observer_distance"] == pytest.approx(0.52286922)
    assert row["subobserver_latitude_min"] == -4.2335761
