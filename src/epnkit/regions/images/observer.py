"""Who took an image: the observer's place by the FITS header (Thompson 2006, 2010)."""

from __future__ import annotations

import math
from functools import cached_property
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from epnkit.errors import RegionError
from epnkit.regions.arrays import Floats
from epnkit.regions.flags import Flag
from epnkit.regions.images.headers import ImageHeader
from epnkit.regions.solar.ephemeris import earth_position
from epnkit.regions.solar.observers import (
    AU,
    SOLAR_RADIUS,
    ObserverPosition,
    locate_observers,
    position_of,
    to_solar_axes,
)

#: Keywords with the observer's place along three axes, and the axes; metres but for SOHO's
#: HEC_X..., which are kilometres (Thompson 2006, section 9; Franz and Harper 2002).
_FAMILIES: Final = (
    (("HAEX_OBS", "HAEY_OBS", "HAEZ_OBS"), "ecliptic"),
    (("HEC_X", "HEC_Y", "HEC_Z"), "ecliptic"),
    (("HEEX_OBS", "HEEY_OBS", "HEEZ_OBS"), "earth ecliptic"),
    (("HEQX_OBS", "HEQY_OBS", "HEQZ_OBS"), "earth equatorial"),
    (("HCIX_OBS", "HCIY_OBS", "HCIZ_OBS"), "solar inertial"),
)

#: No spacecraft with a camera on the Sun is farther away, in km (13 au); nor nearer, in metres.
_LONGEST_KILOMETRES: Final = 2e9

#: Longitudes may count Carrington's rotations, of which there were 2,300 until 2025, in degrees.
_FARTHEST_LONGITUDE: Final = 360.0 * 10_000

#: Keywords that name who observed.
_NAMES: Final = ("OBSRVTRY", "TELESCOP", "SPACECRF", "MISSION", "INSTRUME", "DETECTOR")

#: Spacecraft at the first Lagrange point, a hundredth nearer to the Sun than the Earth.
_AT_L1: Final = frozenset(["SOHO", "ACE", "WIND", "DSCOVR", "ADITYA", "EIT", "MDI", "LASCO"])
_L1: Final = 0.99

#: Spacecraft that go their own way around the Sun.
_FAR: Final = frozenset(
    (
        *("STEREO", "SOLO", "SOLAR_ORBITER", "SOLARORBITER", "PSP", "PARKER", "ULYSSES"),
        *("HELIOS", "MESSENGER", "BEPICOLOMBO", "VOYAGER"),
    )
)

#: Obliquity of the ecliptic at J2000.0 (IAU 1976).
_OBLIQUITY: Final = math.radians(84381.448 / 3600)

#: How far the Sun's apparent radius may be from the one at the place that is assumed.
_PLAUSIBLE: Final = 0.05


class Viewer(NamedTuple):
    """Who looks at the Sun: radius over distance, Carrington latitude and longitude (radians)."""

    ratio: float
    latitude: float
    longitude: float
    flags: Flag


def observer_scene(header: ImageHeader, solar_radius: float | None = None) -> tuple[Floats, Flag]:
    """Return who looks at the Sun, as the scene that `regions.geometry.disc` takes.

    The place comes from HGLN_OBS and HGLT_OBS, CRLN_OBS and CRLT_OBS, OBS_L0 and OBS_B0, or one of
    the families of three axes (HAEX_OBS, HEC_X, HEEX_OBS, HEQX_OBS, HCIX_OBS...); the distance from
    DSUN_OBS, OBS_DIST, the axes, or the apparent radius (RSUN_OBS in arcseconds, SOLAR_R and R_SUN
    in pixels). What is missing is taken from the Earth at the image's date, or from the first
    Lagrange point for a spacecraft that is there.

    Parameters
    ----------
    header : ImageHeader
        The header.
    solar_radius : float, optional
        Kilometres; None takes the header's RSUN_REF, or 695,700 km.

    Returns
    -------
    scene : ndarray, shape (7,)
        The columns of the image itself are 0 and 1.
    flags : Flag
        `Flag.OBSERVER_ASSUMED` for a spacecraft whose place the header does not hold.

    Raises
    ------
    RegionError
        The Earth is needed and there is no date, or the observer is not outside the Sun.
    """
    viewer = _Finder(header, solar_radius).find()
    if not 0 < viewer.ratio < 1:
        raise RegionError(
            "no observer",
            why=f"the Sun's radius is {viewer.ratio:.3g} of the distance",
            cure="Check DSUN_OBS (metres) or RSUN_OBS (arcseconds).",
        )
    scene = np.array([0, 0, 1, 1, viewer.ratio, viewer.latitude, viewer.longitude])
    return scene, viewer.flags


def earth_meridian(header: ImageHeader) -> float:
    """Return the Carrington longitude in degrees that faces the Earth at an image's date."""
    position = locate_observers("earth", header.require_days(), np.full(1, np.nan), SOLAR_RADIUS)
    return math.degrees(position.longitude[0])


class _Finder:
    """Finds the observer of one header."""

    def __init__(self, header: ImageHeader, solar_radius: float | None) -> None:
        self.header, keywords = header, header.keywords
        self.keywords = keywords
        given = keywords.number("RSUN_REF")
        given = given / 1000 if given > 1e7 else given
        self.radius = solar_radius or (given if given > 1e5 else SOLAR_RADIUS)

    def find(self) -> Viewer:
        """Find the observer: by angles, by three axes, or by assumption."""
        ratio = self.ratio()
        if ratio >= 1:
            return Viewer(ratio, math.nan, math.nan, Flag(0))
        west, lat = self._angles("HGLN_OBS", "HGLT_OBS")
        carrington = self._carrington(ratio)
        if math.isfinite(west) and (carrington is None or math.isfinite(self.header.days)):
            return self._from_stonyhurst(ratio, west, lat)
        return carrington or self._from_axes(ratio) or self._assume(ratio)

    def _angles(self, longitude: str, latitude: str) -> tuple[float, float]:
        """Return two angles in degrees; both 0, a place where no observer ever is, is a fill.

        So is a latitude beyond the poles, or a longitude of more rotations than were ever counted.
        """
        lon, lat = self.keywords.number(longitude), self.keywords.number(latitude)
        if abs(lat) > 90.0 or abs(lon) > _FARTHEST_LONGITUDE:
            return math.nan, math.nan
        return (lon, math.nan) if lon == lat == 0 else (lon, lat)

    def _carrington(self, ratio: float) -> Viewer | None:
        """Find the observer by Carrington coordinates; None if the header has no longitude."""
        for names in (("CRLN_OBS", "CRLT_OBS"), ("OBS_L0", "OBS_B0")):
            lon, lat = self._angles(*names)
            if not math.isfinite(lon) or (lon == 0 and not math.isfinite(lat)):
                continue
            lat = lat if math.isfinite(lat) else self._angles("HGLN_OBS", "HGLT_OBS")[1]
            if math.isfinite(lat) and math.isfinite(ratio):
                return Viewer(ratio, math.radians(lat), math.radians(lon), Flag(0))
            return self._complete(self._at_distance(self.earth, ratio), lat, math.radians(lon))
        return None

    def _from_stonyhurst(self, ratio: float, west: float, lat: float) -> Viewer:
        """Find the observer by the angle from the Earth's meridian."""
        near = self._at_distance(self.earth, ratio)
        return self._complete(near, lat, float(near.longitude[0]) + math.radians(west))

    def _complete(self, near: ObserverPosition, lat: float, longitude: float) -> Viewer:
        """Return an observer whose latitude (degrees), if not known, is the Earth's."""
        latitude = math.radians(lat) if math.isfinite(lat) else float(near.latitude[0])
        return Viewer(self.radius / float(near.distance[0]), latitude, longitude, Flag(0))

    def ratio(self) -> float:
        """Return the Sun's radius over the observer's distance, NaN if nothing says it."""
        number = self.keywords.number
        distance = number("DSUN_OBS") / 1000
        if not distance > 0:
            distance = number("OBS_DIST") * AU
        if 0 < distance <= _LONGEST_KILOMETRES:
            return self.radius / distance
        apparent = number("RSUN_OBS")
        if not math.isfinite(apparent):
            apparent = number("SOLAR_R", "R_SUN") * abs(number("CDELT1"))
        return math.sin(math.radians(apparent / 3600)) if apparent > 0 else math.nan

    @cached_property
    def earth(self) -> Floats:
        """The Earth's position from the Sun, ICRS axes, km, shape (1, 3)."""
        return earth_position(self.header.require_days()) * AU

    def _from_axes(self, ratio: float) -> Viewer | None:
        """Find the observer by a family of three axes; None if the header has none whole."""
        for names, axes in _FAMILIES:
            place = np.array([self.keywords.number(name) for name in names])
            length = float(np.linalg.norm(place))
            kilometres = place / (1000 if length > _LONGEST_KILOMETRES else 1)
            if not length > 0 or np.linalg.norm(kilometres) > _LONGEST_KILOMETRES:
                continue  # none, or what fills the keywords
            vectors = (kilometres @ self._basis(axes))[None, :]
            own = self.radius / float(np.linalg.norm(kilometres))
            found = self._at_distance(vectors, ratio if 0 < ratio < 1 else own)
            return self._viewer(found, Flag(0))
        return None

    def _basis(self, axes: str) -> Floats:
        """Return the unit vectors of a system in ICRS axes, shape (3, 3)."""
        pole = np.array([0.0, -math.sin(_OBLIQUITY), math.cos(_OBLIQUITY)])
        equator = to_solar_axes(np.eye(3)).T
        if axes == "ecliptic":
            return _basis_of(np.array([1.0, 0.0, 0.0]), pole)
        if axes == "earth ecliptic":
            return _basis_of(self.earth[0], np.cross(np.cross(self.earth[0], pole), self.earth[0]))
        if axes == "earth equatorial":
            return _basis_of(self.earth[0], equator[2])
        return _basis_of(np.cross(pole, equator[2]), equator[2])

    def _assume(self, ratio: float) -> Viewer:
        """Take the Earth for the observer, or the place where the spacecraft is known to be."""
        names = self._names()
        share = _L1 if names & _AT_L1 else 1.0
        expected = self.radius / (share * float(np.linalg.norm(self.earth)))
        flags = Flag.OBSERVER_ASSUMED if names & (_AT_L1 | _FAR) else Flag(0)
        doubtful = not names & _FAR and not self._has_distance()
        if not math.isfinite(ratio) or (doubtful and abs(ratio / expected - 1) > _PLAUSIBLE):
            ratio = expected
        return self._viewer(self._at_distance(self.earth, ratio), flags)

    def _has_distance(self) -> bool:
        """Return whether the distance is given as such, not by a radius that may be of another."""
        return math.isfinite(self.keywords.number("DSUN_OBS", "OBS_DIST", "RSUN_OBS"))

    def _names(self) -> frozenset[str]:
        """Return the words that name the observer."""
        text = " ".join(self.keywords.texts(*_NAMES)).upper()
        words = text.replace("-", " ").replace("_", " ").replace("/", " ").split()
        pairs = {f"{one}_{other}" for one, other in pairwise(words)}
        return frozenset(words) | pairs

    def _at_distance(self, vectors: Floats, ratio: float) -> ObserverPosition:
        """Return an observer in a direction from the Sun, at a distance of its own if known."""
        distance = np.linalg.norm(vectors, axis=1)
        if 0 < ratio < 1:
            distance = np.full(1, self.radius / ratio)
        return position_of(vectors, distance, self.header.require_days(), self.radius)

    def _viewer(self, position: ObserverPosition, flags: Flag) -> Viewer:
        ratio = self.radius / float(position.distance[0])
        return Viewer(ratio, float(position.latitude[0]), float(position.longitude[0]), flags)


def _basis_of(first: Floats, last: Floats) -> Floats:
    """Return axes of which the third is given, and the first is as near as can be to another."""
    z = last / np.linalg.norm(last)
    y = np.cross(z, first)
    y /= np.linalg.norm(y)
    return np.vstack([np.cross(y, z), y, z])
