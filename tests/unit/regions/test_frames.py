from __future__ import annotations

from datetime import datetime

import astropy.units as u
import numpy as np
import polars as pl
import pytest
from astropy.coordinates import SkyCoord
from astropy.time import Time
from numpy.typing import NDArray

from epnkit.regions.arrays import Floats
from epnkit.regions.geometry.disc import ARCSEC, LATITUDE, LONGITUDE, RATIO, to_disc, to_sphere
from epnkit.regions.geometry.sphere import to_degrees
from epnkit.regions.solar.ephemeris import earth_position, earth_state, interpolate, to_tdb
from epnkit.regions.solar.observers import (
    AU,
    SOLAR_RADIUS,
    Observer,
    ObserverPosition,
    locate_observers,
)
from epnkit.regions.solar.times import to_tt

#: Leap second days among others, and the second itself.
DATES = [
    "1996-01-01T00:00:00",
    "1998-12-31T23:59:60.5",
    "2005-04-02T01:35:03.426",
    "2005-12-31T12:00:00",
    "2008-12-31T23:59:60",
    "2012-06-30T18:30:00",
    "2015-06-30T06:00:00",
    "2016-12-31T23:59:59.999",
    "2017-01-01T00:00:00",
    "2022-02-28T03:04:05",
    "2030-12-30T23:00:00",
]


def _scene(position: ObserverPosition) -> Floats:
    """Return the scene of the first of some positions, in arcseconds."""
    distance, longitude, latitude = (values[0] for values in position)
    return np.array([0, 0, ARCSEC, ARCSEC, SOLAR_RADIUS / distance, latitude, longitude])


def project(sphere: Floats, scene: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Project unit vectors to the disc plane: the inverse of `to_sphere`, and which are seen."""
    (sin_b, cos_b), (sin_l, cos_l) = (
        (np.sin(scene[k]), np.cos(scene[k])) for k in (LATITUDE, LONGITUDE)
    )
    x, y, z = sphere.T
    equator, west = x * cos_l + y * sin_l, y * cos_l - x * sin_l
    north, near = z * cos_b - equator * sin_b, equator * cos_b + z * sin_b
    # The sine of a direction is the distance from the axis over the distance from the eye.
    away = np.sqrt(west**2 + north**2 + (1.0 / scene[RATIO] - near) ** 2) * scene[RATIO]
    return np.column_stack([west / away, north / away]), near >= scene[RATIO]


@pytest.mark.filterwarnings("ignore:.*dubious year", "ignore:leap-second")
@pytest.mark.parametrize("date", DATES)
def test_it_agrees_with_sunpy(date: str) -> None:
    from sunpy.coordinates import frames, get_earth

    time = Time(date, scale="utc")
    viewer = get_earth(time)
    limb = np.arcsin(SOLAR_RADIUS / viewer.radius.to_value(u.km)) / ARCSEC
    angles = np.linspace(0, 2 * np.pi, 25)
    radii = np.array([0.0, 0.3, 0.7, 0.9, 0.99, 0.999, 0.99989])[:, None]
    points = limb * np.stack([radii * np.cos(angles), radii * np.sin(angles)], -1).reshape(-1, 2)
    frame = frames.Helioprojective(observer=viewer, obstime=time)
    seen = SkyCoord(points[:, 0] * u.arcsec, points[:, 1] * u.arcsec, frame=frame)
    theirs = seen.transform_to(frames.HeliographicCarrington(observer=viewer, obstime=time))
    days, good = to_tt([date])
    scene = _scene(locate_observers("earth", days, np.zeros(1), SOLAR_RADIUS))
    ours = to_degrees(to_sphere(to_disc(points, scene), scene))
    lon, lat = theirs.lon.to_value(u.deg), theirs.lat.to_value(u.deg)
    apart = np.hypot(
        (((ours[:, 0] - lon) + 180) % 360 - 180) * np.cos(np.radians(lat)), ours[:, 1] - lat
    )
    assert good.all()
    assert apart.max() < 1e-7


def test_the_disc_and_the_sphere_are_inverse() -> None:
    scene = np.array([0, 0, ARCSEC, ARCSEC, 0.00465, 0.12, 4.0])
    rng = np.random.default_rng(1)
    points = rng.uniform(-0.7, 0.7, (200, 2))
    back, visible = project(to_sphere(points, scene), scene)
    assert np.allclose(back, points, atol=1e-12)
    assert visible.all()


def test_interpolation_of_the_earth_is_good_to_a_hundredth_of_a_microdegree() -> None:
    days = np.sort(np.random.default_rng(2).uniform(-1461, 11322, 5000))
    error = np.abs(interpolate(days) - earth_state(days)[0]).max()
    assert np.degrees(error) < 1e-8


def test_a_date_has_the_same_position_whatever_dates_are_with_it() -> None:
    many = np.random.default_rng(3).uniform(5000, 5100, 500)
    assert np.array_equal(earth_position(many)[17:18], earth_position(many[17:18]))
    assert np.abs(earth_position(many) - earth_state(to_tdb(many))[0]).max() * AU < 0.1


def test_an_observer_at_l1_is_a_hundredth_nearer() -> None:
    days, _ = to_tt(["2005-04-02T01:35:03"])
    by_eye = locate_observers("earth", days, np.zeros(1), SOLAR_RADIUS)
    nearer = np.arcsin(SOLAR_RADIUS / by_eye.distance) * 1.0101
    spacecraft = locate_observers("l1", days, nearer, SOLAR_RADIUS)
    assert spacecraft.distance[0] == pytest.approx(by_eye.distance[0] * 0.99, rel=1e-4)
    assert spacecraft.latitude[0] == by_eye.latitude[0]
    # Light takes five seconds less: the Sun has turned by 8e-4 degrees more under it.
    assert 0 < by_eye.longitude[0] - spacecraft.longitude[0] + 2e-3 < 4e-3


def test_a_given_observer_is_taken_as_it_is() -> None:
    position = locate_observers(
        Observer(1.2e8, 40.0, [-7.0, 7.0]), np.zeros(2), np.zeros(2), SOLAR_RADIUS
    )
    assert np.allclose(np.degrees(position.longitude), 40)
    assert np.allclose(np.degrees(position.latitude), [-7, 7])


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "2005",
        "2005-13-01",
        "2005-02-29",
        "2005-04-02T25:00:00",
        "2005-04-02T23:59:60",
        "yesterday",
    ],
)
def test_what_is_no_time_is_said_to_be_none(bad: str) -> None:
    assert not to_tt([bad])[1][0]


def test_times_come_in_several_forms() -> None:
    forms = [
        "2005-04-02T01:35:03.5",
        "2005-04-02 01:35:03.500Z",
        "2005-04-02T01:35:03.5000000",
        "2005-04-02T1:35:03,5",
        "2005-04-02T02:35:03.5+01:00",
        "02-Apr-2005 01:35:03.5 ",
    ]
    days, good = to_tt(forms)
    fine, _ = to_tt(np.array(["2005-04-02T01:35:03.5"], dtype="datetime64[ns]"))
    series, known = to_tt(pl.Series([datetime(2005, 4, 2, 1, 35, 3, 500_000), None]))
    assert known.tolist() == [True, False]
    astropy = Time(forms[0], scale="utc").tt
    expected = (astropy.jd1 - 2451545.0) + astropy.jd2
    assert good.all()
    assert np.abs(np.array([*days, *fine, series[0]]) - expected).max() * 86400 < 1e-6
