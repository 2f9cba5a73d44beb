"""Fields of view of FITS headers, made and real."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io.fits import Header
from mocpy import MOC

from epnkit.regions import Flag, Footprints, fields

#: astropy may find its table of leap seconds too old, on the first time that it converts.
pytestmark = pytest.mark.filterwarnings("ignore:leap-second")

SKY = 41252.96125
OBSERVER = {
    "DATE-OBS": "2014-05-06T07:08:09",
    "DSUN_OBS": 1.5e11,
    "RSUN_REF": 6.957e8,
    "HGLN_OBS": 20.0,
    "HGLT_OBS": -4.0,
}


def _image(lon: str = "HPLN-TAN", lat: str = "HPLT-TAN", **more: Any) -> dict[str, Any]:
    """Make the header of an image of 200 by 100 pixels of 2 arcseconds."""
    return {
        "NAXIS": 2,
        "NAXIS1": 200,
        "NAXIS2": 100,
        "CTYPE1": lon,
        "CTYPE2": lat,
        "CRPIX1": 100.5,
        "CRPIX2": 50.5,
        "CDELT1": 2.0,
        "CDELT2": 2.0,
        "CRVAL1": 0.0,
        "CRVAL2": 0.0,
        "CUNIT1": "arcsec",
        "CUNIT2": "arcsec",
        **OBSERVER,
        **more,
    }


def _map(wide: int, high: int, **more: Any) -> dict[str, Any]:
    """Make the header of a Carrington map with pixels of one degree."""
    return {
        "NAXIS": 2,
        "NAXIS1": wide,
        "NAXIS2": high,
        "CTYPE1": "CRLN-CAR",
        "CTYPE2": "CRLT-CAR",
        "CRPIX1": (wide + 1) / 2,
        "CRPIX2": (high + 1) / 2,
        "CDELT1": 1.0,
        "CDELT2": 1.0,
        "CRVAL1": 0.0,
        "CRVAL2": 0.0,
        "CUNIT1": "deg",
        "CUNIT2": "deg",
        **more,
    }


def _numbers(found: Footprints) -> list[float]:
    return [float(v[0]) for v in (found.c1min, found.c1max, found.c2min, found.c2max)]


def _read(path: Path) -> Header:
    text = path.read_text(errors="replace")
    return Header.fromstring(text, sep="\n" if "\n" in text else "")


@pytest.mark.parametrize("turn", [0.0, 33.0, 180.0, -100.0])
def test_the_corners_of_an_image_are_where_sunpy_has_them(turn: float) -> None:
    from sunpy.coordinates import frames

    a = np.radians(turn)
    header = _image(
        CRVAL1=300.0,
        CRVAL2=-200.0,
        PC1_1=np.cos(a),
        PC1_2=-np.sin(a),
        PC2_1=np.sin(a),
        PC2_2=np.cos(a),
    )
    found = fields([header])
    viewer = SkyCoord(
        20 * u.deg,
        -4 * u.deg,
        1.5e8 * u.km,
        obstime=OBSERVER["DATE-OBS"],
        frame=frames.HeliographicStonyhurst,
    )
    corners = np.array([[-200, -100], [200, -100], [200, 100], [-200, 100]])
    x, y = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]) @ corners.T
    frame = frames.Helioprojective(observer=viewer, obstime=OBSERVER["DATE-OBS"])
    seen = SkyCoord((x + 300) * u.arcsec, (y - 200) * u.arcsec, frame=frame)
    there = seen.transform_to(frames.HeliographicCarrington(observer=viewer))
    ring = found.vertices(0)
    for lon, lat in zip(there.lon.to_value(u.deg), there.lat.to_value(u.deg), strict=True):
        assert np.hypot(ring[:, 0] - lon, ring[:, 1] - lat).min() < 1e-3
    assert found.errors == [None]
    assert found.pixels[0] == 20000
    assert len(ring) < 30


def test_a_field_over_the_limb_is_cut_and_one_beside_it_is_none() -> None:
    over, beside = fields([_image(CRVAL1=960.0)]), fields([_image(CRVAL1=1900.0)])
    assert "clipped" in over.words(0)
    assert over.s_region[0] is not None
    assert (beside.words(0), beside.s_region, beside.errors) == ("off-limb", [None], [None])
    assert np.isnan(beside.c1min[0])


def test_a_full_disk_is_the_hemisphere_that_is_seen() -> None:
    found = fields([_image(CDELT1=20.0, CDELT2=40.0), _image(CDELT1=3000.0, CDELT2=3000.0)])
    for row in (0, 1):
        assert found.words(row) == "clipped"
        assert found.area_deg2[row] == pytest.approx(SKY / 2 * (1 - 6.957e8 / 1.5e11), rel=2e-3)
        # The pole of the southern sky is in view.
        assert (found.c1min[row], found.c1max[row], found.c2min[row]) == (0, 360, -90)


def test_a_field_from_limb_to_limb_has_a_coverage() -> None:
    found = fields([_image(CDELT1=12.0, CDELT2=15.0)])
    assert Flag.NO_POLYGON & int(found.flags[0])
    covered = MOC.from_string(found.coverage[0], format="ascii").sky_fraction * SKY
    assert covered == pytest.approx(found.area_deg2[0], rel=0.05)
    assert covered < SKY / 2


def test_without_an_observer_the_earth_looks() -> None:
    bare = {key: value for key, value in _image().items() if key not in OBSERVER}
    dated = fields([{**bare, "DATE-OBS": "2014-05-06T07:08:09.5Z"}])
    from sunpy.coordinates.sun import B0, L0

    west, east, south, north = _numbers(dated)
    assert (west + east) / 2 == pytest.approx(L0("2014-05-06T07:08:09.5").to_value(u.deg), abs=0.01)
    middle = B0("2014-05-06T07:08:09.5").to_value(u.deg)
    assert (south + north) / 2 == pytest.approx(middle, abs=0.2)
    assert "bad date" in str(fields([bare]).errors[0])


@pytest.mark.parametrize("key", ["RSUN_OBS", "SOLAR_R"])
def test_the_apparent_radius_tells_the_distance(key: str) -> None:
    apparent = np.degrees(np.arcsin(6.957e8 / 1.5e11)) * 3600
    told = {**_image(), key: apparent / (2 if key == "SOLAR_R" else 1)}
    del told["DSUN_OBS"]
    assert np.allclose(_numbers(fields([told])), _numbers(fields([_image()])), atol=1e-9)


def test_an_observer_inside_the_sun_is_refused() -> None:
    found = fields([_image(DSUN_OBS=5e8)])
    assert found.flags.tolist() == [Flag.BAD]
    assert "no observer" in str(found.errors[0])


def test_longitudes_may_be_negative_or_count_rotations() -> None:
    for start in (-27.0, 333.0, 360 * 2200 + 333.0):
        found = fields([_map(20, 10, CRVAL1=start)])
        assert np.allclose(_numbers(found), [323, 343, -5, 5])
    across = fields([_map(20, 10, CDELT1=-1.0)])
    assert np.allclose(_numbers(across), [350, 10, -5, 5])
    assert across.s_region[0] is not None


def test_a_stonyhurst_map_is_turned() -> None:
    from sunpy.coordinates.sun import L0

    header = _map(20, 10, CTYPE1="HGLN-CAR", CTYPE2="HGLT-CAR", CRVAL1=30.0)
    west = _numbers(fields([{**header, "DATE-OBS": "2014-05-06T00:00:00"}]))[0]
    assert west == pytest.approx((L0("2014-05-06").to_value(u.deg) + 20) % 360, abs=0.01)


def test_a_synoptic_map_in_sine_latitude_is_the_whole_sphere() -> None:
    header = _map(
        720,
        360,
        CTYPE1="CRLN-CEA",
        CTYPE2="CRLT-CEA",
        CDELT1=-0.5,
        CDELT2=2 / 360,
        CUNIT1="Degree",
        CUNIT2="Sine Latitude",
    )
    found = fields([header, {**header, "CDELT2": 1 / 360, "NAXIS1": 100}])
    assert np.allclose(_numbers(found), [0, 360, -90, 90])
    assert found.area_deg2[0] == pytest.approx(SKY)
    assert found.coverage[0] is not None
    assert found.c2max[1] == pytest.approx(30)
    assert found.s_region[1] is not None


def test_a_map_centred_off_the_equator_is_oblique() -> None:
    header = _map(30, 20, CTYPE1="CRLN-CEA", CTYPE2="CRLT-CEA", CRVAL1=-27.0, CRVAL2=40.0)
    found = fields([header])
    assert found.words(0) == ""
    # Equal areas, whatever the pole.
    assert found.area_deg2[0] == pytest.approx(600, rel=2e-3)
    assert found.c2max[0] == pytest.approx(50, abs=0.5)


@pytest.mark.parametrize("lat", [2.0, 89.0])
def test_an_image_of_the_sky_lies_on_the_sky(lat: float) -> None:
    header = _image(
        "RA---TAN",
        "DEC--TAN",
        CRVAL1=0.0,
        CRVAL2=lat,
        CDELT1=-0.02,
        CDELT2=0.02,
        CUNIT1="deg",
        CUNIT2="deg",
    )
    found = fields([header], moc_order=8)
    assert found.words(0) == ""
    assert found.area_deg2[0] == pytest.approx(8, rel=0.01)
    assert len(found.vertices(0)) == 4
    assert found.coverage[0] is not None
    assert found.c1min[0] > found.c1max[0] or found.c1max[0] == 360


def test_an_image_of_the_whole_sky_has_a_coverage() -> None:
    header = _map(400, 200, CTYPE1="RA---AIT", CTYPE2="DEC--AIT")
    found = fields([header], wide_order=4)
    assert found.words(0) == "no-polygon"
    covered = MOC.from_string(found.coverage[0], format="ascii")
    assert covered.sky_fraction == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (None, "no image header"),
        ({}, "bad image header"),
        (_image("LINEAR", "LINEAR"), "celestial"),
        (_image("GLON-TAN", "GLAT-TAN"), "GLON"),
        (_image(CUNIT1="furlong"), "bad image header"),
        ({k: v for k, v in _image().items() if k != "NAXIS1"}, "NAXIS"),
    ],
)
def test_a_bad_header_is_a_named_error_and_stops_nothing(
    header: dict[str, Any] | None, why: str
) -> None:
    found = fields([_image(), header])
    assert found.errors[0] is None
    assert found.flags.tolist() == [0, Flag.BAD]
    assert why in str(found.errors[1])


@pytest.mark.shared
def test_sharp_patches_lie_at_the_same_place_in_both_projections(samples: Path) -> None:
    names = ("hmi_sharp_magnetogram", "hmi_cea_sharp_magnetogram")
    found = fields([_read(samples / "medoc" / f"{name}.header") for name in names])
    assert found.errors == [None, None]
    lon = (found.c1min + (found.c1max - found.c1min) % 360 / 2) % 360
    assert lon == pytest.approx([360 - 27.39] * 2, abs=1)
    assert (found.c2min + found.c2max) / 2 == pytest.approx([5.34, 5.34], abs=0.2)
    assert found.area_deg2[1] == pytest.approx(689 * 363 * 0.03**2, rel=2e-3)
    assert np.diff(found.starts).max() < 30


@pytest.mark.shared
def test_real_synoptic_maps_are_the_whole_sphere(samples: Path) -> None:
    # The sample of MDI tells a step that would lead beyond the poles.
    names = ("hmi_synoptic", "mdi_synoptic")
    found = fields([_read(samples / "medoc" / f"{name}.header") for name in names])
    assert found.errors == [None, None]
    assert found.area_deg2 == pytest.approx([SKY, SKY], rel=1e-3)
    assert all(found.coverage)


@pytest.mark.shared
def test_images_of_eit_lofar_and_dkist_are_drawn(samples: Path) -> None:
    paths = (
        "medoc/efz20040301.010016_s.header",
        "lofar/SB058-t0032-image.sunpymap.header",
        "lofar/SB058-t0032-image.wsclean.header",
        "dkist/VISP_HEADER.hdr",
    )
    found = fields([_read(samples / path) for path in paths])
    assert found.errors == [None] * 4
    assert all(found.s_region)
    assert [found.words(row) for row in range(4)] == ["", "clipped", "", ""]
    # LOFAR's Sun of April is in Pisces.
    assert found.c1min[2] < 21.33 < found.c1max[2]
    # DKIST's slit: 0.05 arcsec by 76.
    assert found.pixels[3] == 2555
