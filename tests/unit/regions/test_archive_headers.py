"""Headers as archives write them: split dates, time scales, units, axes, observers.

Where nothing else is said, right values are sunpy 4.1.2's with astropy 6: ``sun.L0`` for the middle
of the disc, transformations of ``HeliocentricMeanEcliptic`` for observers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from epnkit.fits.dates import date_candidates, time_scale
from epnkit.fits.keywords import Keywords
from epnkit.regions import Flag, Footprints, fields
from epnkit.regions.images.headers import read_headers
from epnkit.regions.images.observer import observer_scene

#: astropy may find its table of leap seconds too old, on the first time that it converts.
pytestmark = pytest.mark.filterwarnings("ignore:leap-second")


def make_image(**more: Any) -> dict[str, Any]:
    """Make the header of an image of the middle of the Sun, 200 by 100 pixels of 2 arcseconds."""
    return {
        "NAXIS": 2,
        "NAXIS1": 200,
        "NAXIS2": 100,
        "CTYPE1": "HPLN-TAN",
        "CTYPE2": "HPLT-TAN",
        "CRPIX1": 100.5,
        "CRPIX2": 50.5,
        "CDELT1": 2.0,
        "CDELT2": 2.0,
        "CRVAL1": 0.0,
        "CRVAL2": 0.0,
        "CUNIT1": "arcsec",
        "CUNIT2": "arcsec",
        **more,
    }


def middle(found: Footprints, row: int = 0) -> float:
    """Return the longitude in the middle of a footprint."""
    assert found.errors[row] is None
    width = (found.c1max[row] - found.c1min[row]) % 360
    return float((found.c1min[row] + width / 2) % 360)


@pytest.mark.parametrize(
    ("keywords", "longitude"),
    [
        ({"DATE-OBS": "2005-03-03", "TIME-OBS": "23:50:00"}, 277.505),
        ({"DATE-OBS": "2005-03-03", "TIME-OBS": "23:50:00.123456"}, 277.505),
        ({"DATE-OBS": "2005-03-03", "TIME-OBS": "235000.123456"}, 277.505),
        ({"DATE_OBS": "2005-03-03", "TIME_OBS": "23:50:00.0"}, 277.505),
        ({"DATE-OBS": "2005-03-03T23:50:00", "TIME-OBS": "01:00:00"}, 277.505),
        ({"DATE-OBS": "2005-03-03"}, 290.587),
        # EIT: a day before a whole time; a day alone would give 337.357.
        ({"DATE-OBS": "11-DEC-96", "DATE_OBS": "1996-12-11T19:00:14.254Z"}, 326.924),
        ({"DATE-OBS": "11-DEC-96", "TIME-OBS": "19:00:14"}, 326.924),
        ({"DATE-OBS": "UNKNOWN", "DATE_OBS": "1996-12-11T19:00:14.254Z"}, 326.924),
        ({"DATE-OBS": " ", "DATE-AVG": "1996-12-11T19:00:14.254"}, 326.924),
        ({"DATE-OBS": "2014-05-01T07:08:45"}, 43.81190),
        ({"DATE-OBS": "2014-05-01T07:08:45", "TIMESYS": "UTC (TBR)"}, 43.81190),
        ({"DATE-OBS": "2014-05-01T07:08:45", "TIMESYS": "TAI"}, 43.81725),
        ({"DATE-OBS": "2014-05-01", "TIME-OBS": "07:08:45", "TIMESYS": "tai"}, 43.81725),
        ({"T_OBS": "2014.05.01_07:08:45_TAI", "TIMESYS": "UTC"}, 43.81725),
        ({"DATE-OBS": "2014-05-01", "TIME_OBS": "070845"}, 43.81190),
        ({"DATE-OBS": "2014-05-01", "UT": "7:8:45 UT"}, 43.81190),
        ({"DATE-OBS": "2014-05-01", "UTC": "07:08:45.0Z"}, 43.81190),
        ({"DATE-OBS": "01-MAY-14", "TIME": "07:08:45"}, 43.81190),
        ({"MJD-OBS": 56778.297743056}, 43.81190),
        ({"DATE-OBS": "unknown day", "MJD-OBS": "56778.298148148", "TIMESYS": "TAI"}, 43.81190),
    ],
)
def test_the_time_of_an_observation(keywords: dict[str, str], longitude: float) -> None:
    assert middle(fields([make_image(**keywords)])) == pytest.approx(longitude, abs=2e-3)


@pytest.mark.parametrize(
    "keywords",
    [
        # A time of day that is none does not make the day's midnight the time of an image.
        {"DATE-OBS": "2014-05-01", "TIME-OBS": "25:61:00"},
        {"DATE-OBS": "05/06/98", "TIME-OBS": "07:08:45"},
        {"MJD-OBS": -1e31},
        {"MJD-OBS": 99999999.0},
        {"DATE-OBS": "2014-05-01T07:08:45", "TIMESYS": "LOCAL"},
    ],
)
def test_what_is_no_time_of_an_observation_is_refused(keywords: dict[str, Any]) -> None:
    assert "bad date" in str(fields([make_image(**keywords)]).errors[0])


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("CRPIX1", float("inf")),
        ("CRVAL2", float("nan")),
        ("CDELT1", float("nan")),
        ("CDELT2", "two"),
        ("CROTA2", float("nan")),
        ("PC1_2", float("inf")),
        ("CD001001", "x"),
        ("NAXIS1", 0),
        ("NAXIS2", -5),
        ("NAXIS1", 2**40),
    ],
)
def test_a_keyword_that_holds_no_number_is_not_taken_for_a_missing_one(
    keyword: str, value: object
) -> None:
    header = make_image(**{"DATE-OBS": "2014-05-01T07:08:45", keyword: value})
    assert f"{keyword} is" in str(fields([header]).errors[0])


#: What fills keywords: ISTP's and netCDF's values, and angles that there are not.
FILLED = {
    "HGLN_OBS": {"HGLN_OBS": -1e31, "HGLT_OBS": -1e31},
    "HGLT_OBS": {"HGLN_OBS": 3.0, "HGLT_OBS": 200.0},
    "CRLN_OBS": {"CRLN_OBS": -1e31, "CRLT_OBS": -1e31},
    "OBS_L0": {"OBS_L0": 9.96921e36, "OBS_B0": 9.96921e36},
    "DSUN_OBS": {"DSUN_OBS": 9.96921e36},
    "HAEX_OBS": {"HAEX_OBS": -1e31, "HAEY_OBS": -1e31, "HAEZ_OBS": -1e31},
    "HEC_X": {"HEC_X": float("nan"), "HEC_Y": 1.0, "HEC_Z": 1.0},
}


@pytest.mark.parametrize("filled", FILLED)
def test_what_fills_the_keywords_of_an_observer_is_no_place(filled: str) -> None:
    plain = make_image(**{"DATE-OBS": "2014-05-01T07:08:45"})
    found = fields([plain, {**plain, **FILLED[filled]}])
    assert found.errors == [None, None]
    assert found.s_region[1] == found.s_region[0]


@pytest.mark.parametrize("types", [("SOLARX", "SOLARY"), ("Solar X", "Solar Y")])
def test_axes_of_the_sun_in_more_spellings(types: tuple[str, str]) -> None:
    date = {"DATE-OBS": "2014-05-01T07:08:45"}
    plain = fields([make_image(**date)])
    found = fields([make_image(CTYPE1=types[0], CTYPE2=types[1], **date)])
    assert found.s_region == plain.s_region


def test_the_time_scale_is_seen_in_the_fifth_decimal() -> None:
    # 35 s at 13.2 degrees a day are 0.0053 degree.
    header = make_image(**{"DATE-OBS": "2014-05-01T07:08:45"})
    utc, tai = fields([header, {**header, "TIMESYS": "TAI"}]).c1min
    assert tai - utc == pytest.approx(0.00535, abs=2e-4)


def test_candidates_have_a_time_of_day_first() -> None:
    keywords = Keywords({"DATE-OBS": "11-DEC-96", "DATE_OBS": "1996-12-11T19:00:14Z"})
    assert date_candidates(keywords) == ["1996-12-11T19:00:14Z", "11-DEC-96"]
    assert time_scale(keywords) == "UTC"


@pytest.mark.parametrize("unit", ["ARCSEC", "Arcsec", "arcsecs", "ArcSeconds", " arcsec "])
def test_units_in_any_case(unit: str) -> None:
    date = {"DATE-OBS": "2014-05-01T07:08:45"}
    plain = fields([make_image(**date)])
    assert fields([make_image(CUNIT1=unit, CUNIT2=unit, **date)]).s_region == plain.s_region
    degrees = {"CDELT1": 2 / 3600, "CDELT2": 2 / 3600, "CUNIT1": "DEG", "CUNIT2": "Degrees"}
    assert middle(fields([make_image(**date, **degrees)])) == pytest.approx(43.812, abs=2e-3)


@pytest.mark.parametrize(
    "axis",
    [
        {"NAXIS": 3, "NAXIS3": 1, "CTYPE3": "TIME", "CDELT3": 0.0, "CRVAL3": 0.0, "CRPIX3": 1.0},
        {"NAXIS": 3, "NAXIS3": 5, "CTYPE3": "WAVE", "CUNIT3": "Angstroms", "CDELT3": 0.1},
        {"NAXIS": 3, "NAXIS3": 4, "CTYPE3": "", "CDELT3": 1.0},
        {"NAXIS": 4, "NAXIS3": 4, "CTYPE3": "STOKES", "NAXIS4": 2, "CTYPE4": "UTC", "CDELT4": 0.0},
        {"NAXIS": 2, "WCSAXES": 3, "CTYPE3": "TIME", "CUNIT3": "fortnight", "CDELT3": 0.0},
        {"NAXIS": 3, "NAXIS3": 9, "CTYPE3": "Time", "PC3_1": 0.2, "PC1_1": 1.0, "PC2_2": 1.0},
    ],
)
def test_other_axes_do_not_matter(axis: dict[str, Any]) -> None:
    date = {"DATE-OBS": "2014-05-01T07:08:45"}
    plain, cube = fields([make_image(**date), make_image(**date, **axis)]).s_region
    assert plain is not None
    assert cube == plain


def test_celestial_axes_may_come_last() -> None:
    plain = make_image(**{"DATE-OBS": "2014-05-01T07:08:45"})
    moved = {key: value for key, value in plain.items() if not key[-1].isdigit()}
    moved |= {f"{key[:-1]}{int(key[-1]) + 1}": plain[key] for key in plain if key[-1].isdigit()}
    moved |= {"NAXIS": 3, "NAXIS1": 7, "CTYPE1": "AWAV", "CDELT1": 0.0}
    assert fields([moved]).s_region == fields([plain]).s_region


@pytest.mark.parametrize(
    ("wide", "high", "step"),
    [(360, 180, 0.0111111), (360, 180, 2 / 180), (720, 360, 0.005556), (3600, 1440, -2 / 1440)],
)
def test_a_map_even_in_sine_latitude_that_has_no_unit(wide: int, high: int, step: float) -> None:
    # All of the sphere, 4 pi steradian: 41,252.96 square degrees.
    header = {
        "NAXIS": 2,
        "NAXIS1": wide,
        "NAXIS2": high,
        "CTYPE1": "CRLN-CEA",
        "CTYPE2": "CRLT-CEA",
        "CRPIX1": (wide + 1) / 2,
        "CRPIX2": (high + 1) / 2,
        "CRVAL1": 180.0,
        "CRVAL2": 0.0,
        "CDELT1": 360 / wide,
        "CDELT2": step,
    }
    found = fields([header, {**header, "CUNIT1": "deg", "CUNIT2": "deg"}])
    assert (found.c2min[0], found.c2max[0]) == pytest.approx((-90, 90))
    assert found.area_deg2[0] == pytest.approx(41252.96, abs=0.01)
    # An exact unit goes before a guess.
    assert found.c2max[1] == pytest.approx(1.0, abs=1e-3)


#: A place near SOHO's of 2004-03-01T01:00:10, and the same by each family of axes.
DATE = {"DATE-OBS": "2004-03-01T01:00:10"}
FAMILIES = {
    "HEC": {"HEC_X": -139500000.0, "HEC_Y": 47200000.0, "HEC_Z": 180000.0},
    "HAE": {"HAEX_OBS": -1.395e11, "HAEY_OBS": 4.72e10, "HAEZ_OBS": 1.8e8},
    "HEE": {"HEEX_OBS": 147261442371.0, "HEEY_OBS": 1468788648.0, "HEEZ_OBS": 180695011.0},
    "HEQ": {"HEQX_OBS": 146113182604.0, "HEQY_OBS": 1470711753.0, "HEQZ_OBS": -18354761675.0},
    "HCI": {"HCIX_OBS": 11449719696.0, "HCIY_OBS": 145671304802.0, "HCIZ_OBS": -18354761675.0},
    "HGS": {"HGLN_OBS": 0.5766949, "HGLT_OBS": -7.1596408, "DSUN_OBS": 147268877907.0},
    "HGC": {"CRLN_OBS": 94.5272175, "CRLT_OBS": -7.1596408, "DSUN_OBS": 147268877907.0},
    "MDI": {"OBS_L0": 94.5272175, "OBS_B0": -7.1596408, "OBS_DIST": 0.98443163},
}


@pytest.mark.parametrize("family", FAMILIES)
def test_the_observer_by_each_family_of_keywords(family: str) -> None:
    # The Earth's longitude is 93.951.
    header = make_image(TELESCOP="SOHO", **DATE, **FAMILIES[family])
    scene, flags = observer_scene(read_headers([header])[0])
    assert flags == Flag(0)
    assert np.degrees(scene[6]) % 360 == pytest.approx(94.527218, abs=2e-3)
    assert np.degrees(scene[5]) == pytest.approx(-7.159641, abs=2e-3)
    assert 695700 / scene[4] == pytest.approx(147268877.9, rel=1e-6)
    found = fields([header])
    assert middle(found) == pytest.approx(94.527, abs=5e-3)
    assert found.words(0) == ""


@pytest.mark.parametrize(
    ("keywords", "assumed", "kilometres"),
    [
        # The Earth was 148,231,300 km away; L1 is a hundredth nearer.
        ({"TELESCOP": "SOHO", "INSTRUME": "EIT"}, True, 0.99 * 148.2313e6),
        ({"OBSRVTRY": "STEREO_A"}, True, 148.2313e6),
        ({"TELESCOP": "SOLO/EUI/FSI"}, True, 148.2313e6),
        ({"OBSRVTRY": "Solar Orbiter"}, True, 148.2313e6),
        ({"TELESCOP": "SDO/AIA"}, False, 148.2313e6),
        ({"TELESCOP": "Kitt Peak"}, False, 148.2313e6),
        ({}, False, 148.2313e6),
        # A radius in pixels of another size says nothing; in the right ones it does.
        ({"TELESCOP": "SOHO", "SOLAR_R": 6000.0}, True, 0.99 * 148.2313e6),
        ({"TELESCOP": "SOHO", "SOLAR_R": 489.0}, True, 695700 / np.sin(np.radians(978 / 3600))),
        ({"HGLN_OBS": 0.0, "HGLT_OBS": 0.0}, False, 148.2313e6),
        (
            {"CRLN_OBS": 0.0, "CRLT_OBS": 0.0, "HEC_X": 0.0, "HEC_Y": 0, "HEC_Z": 0},
            False,
            148.2313e6,
        ),
    ],
)
def test_an_assumed_observer_is_flagged(
    keywords: dict[str, Any], assumed: bool, kilometres: float
) -> None:
    header = make_image(**DATE, **keywords)
    scene, _ = observer_scene(read_headers([header])[0])
    found = fields([header])
    assert found.words(0) == ("observer-assumed" if assumed else "")
    assert 695700 / scene[4] == pytest.approx(kilometres, rel=1e-3)
    assert np.degrees(scene[5]) == pytest.approx(-7.224, abs=0.002)
    assert middle(found) == pytest.approx(93.951, abs=5e-3)


def test_an_image_without_types_in_arcseconds_is_of_the_sun() -> None:
    # Yohkoh/SXT of sunpy's tests.
    header = make_image(CTYPE1=" ", CTYPE2="", **{"DATE-OBS": "2014-05-01T07:08:45"})
    assert middle(fields([header])) == pytest.approx(43.812, abs=2e-3)


def test_numbers_as_text_and_keywords_in_lower_case_are_read() -> None:
    header = make_image(**{"DATE-OBS": "2014-05-01T07:08:45"})
    lower = {key.lower(): str(value) for key, value in header.items()}
    assert fields([lower]).s_region == fields([header]).s_region
