"""Fields, heliocentric angles and whole discs, against sunpy and by hand."""

from __future__ import annotations

import math
import re
from typing import Any, Literal

import astropy.units as u
import numpy as np
import polars as pl
import pytest
from astropy.coordinates import SkyCoord
from polars.testing import assert_series_equal
from sunpy.coordinates import HeliographicCarrington, get_earth, sun
from sunpy.coordinates.frames import Helioprojective

from epnkit.mapping import field_of_view, heliocentric_angles, whole_disc
from epnkit.mapping.solar_views import pointing_angles

pytestmark = pytest.mark.filterwarnings("ignore:leap-second")

DATE = "2017-09-29T09:12:31"


def draw(x: float, y: float, width: float = 65, height: float = 46, turn: Any = 0.0) -> Any:
    columns = [pl.Series([value]) for value in (DATE, x, y, width, height, turn)]
    return field_of_view(*columns)


def read_ring(literal: str) -> Any:
    numbers = [float(text) for text in re.findall(r"(-?[\d.]+)d", literal)]
    return np.array(numbers).reshape(-1, 2)


def to_carrington(x: float, y: float) -> tuple[float, float]:
    seen = Helioprojective(observer=get_earth(DATE), obstime=DATE)
    there = SkyCoord(x * u.arcsec, y * u.arcsec, frame=seen).transform_to(
        HeliographicCarrington(observer="earth", obstime=DATE)
    )
    return float(there.lon.deg), float(there.lat.deg)


@pytest.mark.parametrize("turn", [0.0, 30.0, -75.5])
@pytest.mark.parametrize(("x", "y"), [(0, 0), (235.0, 236.6), (-700, 100), (300, -650)])
def test_the_corners_are_where_sunpy_has_them(x: float, y: float, turn: float) -> None:
    ring = read_ring(draw(x, y, turn=turn)["s_region"][0])
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    for across in (-32.5, 32.5):
        for up in (-23.0, 23.0):
            lon, lat = to_carrington(x + cos * across - sin * up, y + sin * across + cos * up)
            away = np.hypot((ring[:, 0] - lon) * np.cos(np.radians(lat)), ring[:, 1] - lat)
            assert away.min() < 0.05


def test_a_field_at_the_limb_is_cut_and_one_beyond_has_no_region() -> None:
    cut = draw(940, 0, 100, 100)
    assert "clipped" in cut["footprint_flags"][0]
    assert cut["s_region"][0] is not None
    beyond = draw(1200, 0)
    assert beyond["footprint_flags"][0] == "off_limb"
    assert beyond["s_region"][0] is None


@pytest.mark.parametrize("missing", [0, 1, 2, 3, 4])
def test_a_field_without_a_part_has_no_region(missing: int) -> None:
    values: list[Any] = [DATE, 1.0, 2.0, 65.0, 46.0]
    columns = [
        pl.Series([None if number == missing else value], dtype=type_of(value))
        for number, value in enumerate(values)
    ]
    drawn = field_of_view(*columns)
    assert drawn["s_region"].to_list() == [None]
    assert drawn["c1min"].to_list() == [None]


def type_of(value: Any) -> Any:
    return pl.String if isinstance(value, str) else pl.Float64


def judge(theta: Any, mu: Any, x: Any, y: Any) -> Any:
    angle, cosine, west, north = (
        pl.Series([value], dtype=pl.Float64) for value in (theta, mu, x, y)
    )
    found = heliocentric_angles(angle, cosine, pl.Series([DATE]), west, north)
    return found.theta.values[0], found.mu[0], found.origin[0], found.theta.reasons[0]


def test_angles_as_the_seed_has_them() -> None:
    assert judge(20.369, 0.937, 235.0, 236.6) == (20.369, 0.937, "given", None)
    assert math.cos(math.radians(20.369)) == pytest.approx(0.93747, abs=5e-6)


def test_a_missing_angle_is_made_of_mu_and_else_of_the_pointing() -> None:
    theta, mu, origin, reason = judge(None, 0.937, 235.0, 236.6)
    assert (mu, origin, reason) == (0.937, "mu", None)
    assert theta == pytest.approx(20.446, abs=1e-3)
    theta, mu, origin, reason = judge(None, None, 235.0, 236.6)
    assert (origin, reason) == ("pointing", None)
    assert theta == pytest.approx(20.4, abs=0.1)
    assert mu == pytest.approx(math.cos(math.radians(theta)), abs=1e-9)
    assert judge(None, None, None, None) == (None, None, None, None)


def test_what_contradicts_is_refused_or_flagged() -> None:
    assert judge(20.369, 0.5, 235.0, 236.6)[3] == "theta 20.369 is no angle whose cosine is mu 0.5"
    assert judge(20.369, 0.937, 0.0, 0.0)[2] == "given#off_pointing"
    # What stands for unknown in headers is none.
    assert judge(-1.0, 999.0, 235.0, 236.6)[2] == "pointing"


@pytest.mark.parametrize(("x", "y"), [(0.0, 0.0), (235.0, 236.6), (-700.0, 100.0), (900.0, 0.0)])
def test_the_pointings_angle_is_sunpys(x: float, y: float) -> None:
    found = pointing_angles(pl.Series([DATE]), pl.Series([x]), pl.Series([y]))[0]
    seen = Helioprojective(observer=get_earth(DATE), obstime=DATE)
    there = SkyCoord(x * u.arcsec, y * u.arcsec, frame=seen).make_3d()
    vertical = there.transform_to(HeliographicCarrington(observer="earth", obstime=DATE))
    # The angle between the vertical and the line of sight, by vectors.
    observer = get_earth(DATE).transform_to(vertical)
    up = vertical.cartesian.xyz.to_value("km")
    sight = observer.cartesian.xyz.to_value("km") - up
    cosine = up @ sight / np.linalg.norm(up) / np.linalg.norm(sight)
    assert found == pytest.approx(np.degrees(np.arccos(cosine)), abs=0.01)


def test_a_whole_disc_is_seen_from_above_its_middle() -> None:
    date = "2014-09-02T11:03:10"
    seen = whole_disc(pl.Series([date, None]))
    assert seen["subobserver_longitude_min"][0] == pytest.approx(
        sun.L0(date).to_value("deg"), abs=1e-3
    )
    assert seen["subobserver_latitude_max"][0] == pytest.approx(
        sun.B0(date).to_value("deg"), abs=1e-3
    )
    assert seen["coverage"][0].startswith("0/")
    assert [seen[name][1] for name in seen] == [None] * 5


def test_discs_seen_from_nearly_the_same_point_have_one_coverage() -> None:
    times = pl.Series(["2014-09-02T11:03:10", "bad", "2014-09-02T11:05:10", "2014-09-04T11:03:10"])
    covered = whole_disc(times)["coverage"].to_list()
    assert covered[0] == covered[2] != covered[3]
    assert covered[1] is None


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_datetimes_are_seen_as_their_texts(unit: Literal["ms", "us", "ns"]) -> None:
    texts = ["2014-09-02T11:03:10.250", "1996-12-31T23:59:59.500", None]
    times = pl.Series(texts).str.to_datetime(time_unit=unit)
    of_texts, of_times = whole_disc(pl.Series(texts)), whole_disc(times)
    for name, values in of_texts.items():
        assert_series_equal(of_times[name], values)


def test_no_disc_is_seen_at_a_time_beyond_all_years() -> None:
    far = pl.Series([-(10**17), 260_000_000_000_000_000, 2**62]).cast(pl.Datetime("us"))
    assert all(values.null_count() == 3 for values in whole_disc(far).values())
