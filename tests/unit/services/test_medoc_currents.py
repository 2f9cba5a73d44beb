"""Electric currents: a real header of a patch, the map that MEDOC showed, and odd headers."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import astropy.units as u
import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from tests.support.granules import granule, load_resource, reasons

Floats = NDArray[np.float64]

NAME = "hmi.sharp_cea_720s.11465.20240628_000000_TAI.jr"

#: What the header of a patch has that sunpy tests with (hmi_cea_sharp_magnetogram.header): that of
#: a magnetogram, whose unit is no current's.
REAL: dict[str, Any] = {
    "file_name": f"{NAME}.fits",
    "file_size": 501_120,
    "url": f"https://medoc.example/{NAME}.fits",
    "T_REC": "2024.06.28_00:00:00.000_TAI",
    "DATE-OBS": "2024-06-27T23:58:46.200",
    "HARPNUM": 11465,
    "NOAA_AR": 13733,
    "NOAA_ARS": "13733",
    "CTYPE1": "CRLN-CEA",
    "CTYPE2": "CRLT-CEA",
    "CUNIT1": "degree",
    "CUNIT2": "degree",
    "CRPIX1": 345.0,
    "CRPIX2": 182.0,
    "CRVAL1": -27.3923531,
    "CRVAL2": 5.34054995,
    "CDELT1": 0.0299999993,
    "CDELT2": 0.0299999993,
    "NAXIS1": 689,
    "NAXIS2": 363,
    "CRLN_OBS": 25.1685467,
    "CRLT_OBS": 2.5659585,
    "WAVELNTH": 6173.0,
    "BUNIT": "Mx/cm^2",
    "DATAMIN": -442.4,
    "DATAMAX": 562.6,
    "MEANJZD": 0.236068085,
    "TOTUSJZ": 1727521360000.0,
    "QUALITY": 0,
}

#: A time and numbers that MEDOC showed; the slot is the one whose DATE-OBS that is.
SHOWN: dict[str, Any] = {
    **REAL,
    "file_name": "hmi.sharp_cea_720s.377.20110215_040000_TAI.jr.fits",
    "T_REC": "2011.02.15_04:00:00.000_TAI",
    "DATE-OBS": "2011-02-15T03:58:12.000",
    "HARPNUM": 377,
    "NOAA_AR": 11158,
    "NOAA_ARS": "11158",
    "BUNIT": "A/m^2",
    "DATAMIN": -0.18,
    "DATAMAX": 0.21,
}


def days(text: str) -> float:
    """Give the Julian date of a time in UTC."""
    return 2451544.5 + (datetime.fromisoformat(text) - datetime(2000, 1, 1)).total_seconds() / 86400


def test_the_slot_of_a_real_header_is_in_tai_and_of_the_day_after() -> None:
    row = granule("medoc_currents", **REAL)
    assert row["granule_uid"] == NAME
    assert row["obs_id"] == "hmi.sharp_cea_720s.11465.20240628_000000_TAI"
    assert row["time_min"] == pytest.approx(days("2024-06-27T23:58:46.200"), abs=2e-9)
    # 37 seconds before midnight.
    assert row["time_max"] == pytest.approx(days("2024-06-27T23:59:23"), abs=2e-9)
    assert row["t_rec"] == "2024.06.28_00:00:00.000_TAI"


def test_without_date_obs_the_slot_counts() -> None:
    row = granule("medoc_currents", **{**REAL, "DATE-OBS": None})
    assert row["time_min"] == row["time_max"] == pytest.approx(2460489.49957176, abs=2e-9)
    named = granule("medoc_currents", **{**REAL, "DATE-OBS": None, "T_REC": None})
    assert named["time_min"] == pytest.approx(2460489.49957176, abs=2e-9)


def test_the_map_that_medoc_showed() -> None:
    row = granule("medoc_currents", **SHOWN)
    assert row["granule_uid"] == "hmi.sharp_cea_720s.377.20110215_040000_TAI.jr"
    assert row["time_min"] == pytest.approx(2455607.665416667, abs=1e-9)
    # TAI was 34 seconds ahead of UTC then.
    assert row["time_max"] == pytest.approx(days("2011-02-15T03:59:26"), abs=2e-9)
    assert (row["harp_number"], row["noaa_number"]) == (377, "11158")
    assert row["feature_name"] == "HARP 377#NOAA 11158"
    assert row["measurement_type"] == "phys.current.density"
    assert (row["current_density_min"], row["current_density_max"]) == (-0.18, 0.21)
    assert row["current_density_mean"] == pytest.approx(2.36068085e-4, rel=1e-9)
    assert row["total_current"] == 1.72752136e12
    assert (row["dataproduct_type"], row["map_projection"]) == ("ma", "CEA")
    # 617.3 nm.
    assert row["spectral_range_min"] == pytest.approx(4.8565115503e14, rel=1e-9)


@pytest.mark.parametrize(
    ("unit", "greatest"),
    [("A/m^2", 562.6), ("A/m2", 562.6), ("mA/(m^2)", 0.5626), ("Mx/cm^2", None), (None, None)],
)
def test_currents_are_in_amperes_a_square_metre_or_null(
    unit: str | None, greatest: float | None
) -> None:
    row = granule("medoc_currents", **{**REAL, "BUNIT": unit})
    assert row["current_density_max"] == (greatest and pytest.approx(greatest))


@pytest.mark.parametrize(
    ("first", "every", "number", "feature"),
    [
        (11166, "11166,11169", "11166#11169", "HARP 11465#NOAA 11166#NOAA 11169"),
        (11166, "11166, 11169", "11166#11169", "HARP 11465#NOAA 11166#NOAA 11169"),
        (13733, None, "13733", "HARP 11465#NOAA 13733"),
        (0, "MISSING", None, "HARP 11465"),
        (0, "", None, "HARP 11465"),
        (None, None, None, "HARP 11465"),
    ],
)
def test_several_regions_are_in_a_list_and_none_is_missing(
    first: int | None, every: str | None, number: str | None, feature: str
) -> None:
    row = granule("medoc_currents", **{**REAL, "NOAA_AR": first, "NOAA_ARS": every})
    assert (row["noaa_number"], row["feature_name"]) == (number, feature)


def locate_border(header: dict[str, Any]) -> Floats:
    """Give where sunpy has the edge of a map, Carrington degrees, shape (n, 2)."""
    import sunpy.map

    wide, high = header["NAXIS1"], header["NAXIS2"]
    meta = {
        **{name.lower(): value for name, value in header.items()},
        "cunit1": "deg",
        "cunit2": "deg",
        "telescop": "SDO/HMI",
        "instrume": "HMI_COMBINED",
        "dsun_obs": 152059830419.2442,
        "rsun_ref": 696000000.0,
    }
    drawn = sunpy.map.Map(np.zeros((high, wide)), meta)
    there_and_back, still = np.linspace(0, 1, 400, endpoint=False), np.zeros(400)
    around = [there_and_back, still + 1, 1 - there_and_back, still]
    x = np.concatenate(around) * wide - 0.5
    y = np.concatenate([around[-1], *around[:-1]]) * high - 0.5
    there = drawn.pixel_to_world(x * u.pix, y * u.pix)
    return np.column_stack([there.lon.to_value(u.deg) % 360, there.lat.to_value(u.deg)])


def measure_distance(points: Floats, ring: Floats) -> Floats:
    """Give how far points are from a ring's nearest side, degrees on the sphere, shape (n,)."""
    scale = np.array([np.cos(np.radians(points[:, 1].mean())), 1.0])
    begin, end = ring * scale, np.roll(ring, -1, axis=0) * scale
    side = end - begin
    from_begin = points[:, None] * scale - begin
    part = np.clip((from_begin * side).sum(axis=2) / (side**2).sum(axis=1), 0, 1)
    away = from_begin - part[..., None] * side
    nearest: Floats = np.hypot(away[..., 0], away[..., 1]).min(axis=1)
    return nearest


@pytest.mark.filterwarnings("ignore")
def test_the_outline_is_where_sunpy_has_the_maps_edge() -> None:
    border = locate_border(REAL)
    row = granule("medoc_currents", **REAL)
    # The header counts from the meridian 0 backwards: -27.39 is 332.61.
    assert (row["c1min"] + row["c1max"]) / 2 == pytest.approx(332.6076469, abs=0.001)  # type: ignore[operator]
    numbers = re.findall(r"([-\d.]+)d", str(row["s_region"]))
    ring = np.array(numbers, dtype=float).reshape(-1, 2)
    assert measure_distance(border, ring).max() < 0.05
    assert measure_distance(ring, border).max() < 0.05
    limits = [row[name] for name in ("c1min", "c1max", "c2min", "c2max")]
    expected = [*border[:, 0][[border[:, 0].argmin(), border[:, 0].argmax()]]]
    expected += [border[:, 1].min(), border[:, 1].max()]
    assert limits == pytest.approx(expected, abs=0.05)


def test_a_patch_across_the_meridian_begins_before_it_and_ends_after() -> None:
    row = granule("medoc_currents", **{**REAL, "CRVAL1": -0.5})
    assert row["c1min"] > 340  # type: ignore[operator]
    assert row["c1max"] < 20  # type: ignore[operator]


def test_a_header_without_a_place_leaves_a_map_without_one() -> None:
    row = granule("medoc_currents", **{**REAL, "CTYPE1": None, "CTYPE2": None})
    assert (row["s_region"], row["c1min"], row["footprint_flags"]) == (None, None, "bad")


def test_patches_of_near_real_time_are_a_kind_of_their_own() -> None:
    name = "hmi.sharp_cea_720s_nrt.11465.20240628_000000_TAI.jr"
    row = granule("medoc_currents", **{**REAL, "file_name": f"{name}.fits"})
    assert row["granule_uid"] == name
    assert row["granule_gid"] == "radial current density, near real time"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"HARPNUM": 1465}, "has a header of another patch or time"),
        ({"T_REC": "2024.06.28_00:12:00_TAI"}, "has a header of another patch or time"),
        ({"T_REC": "2024.06.28"}, "has a header of another patch or time"),
        ({"file_name": "hmi.sharp_cea_720s.11465.jr.fits"}, "is not the name of a map of currents"),
        ({"unreadable": "ValueError: it is cut"}, "it cannot be read"),
        ({"DATE-OBS": "2024-06-31T00:00:00"}, "2024-06-31"),
    ],
)
def test_a_wrong_file_is_refused(changes: dict[str, Any], why: str) -> None:
    found = reasons("medoc_currents", **{**REAL, **changes})
    assert any(why in reason for reason in found), found


def test_links_lead_to_jsoc_and_helioviewer() -> None:
    links = load_resource("medoc_currents").links
    record = pl.DataFrame([SHOWN])
    found = {
        link.semantics: link.of(record)["url"][0]
        for link in links
        if link.semantics in ("#progenitor", "#auxiliary")
    }
    assert found == {
        "#progenitor": "http://jsoc.stanford.edu/ajax/lookdata.html?ds=hmi.sharp_cea_720s%5B377%5D"
        "%5B2011.02.15_04:00:00.000_TAI%5D",
        "#auxiliary": "https://helioviewer.org/?date=2011-02-15T03:58:12Z",
    }
