"""Who looks at the Sun: the observer's distance and Carrington coordinates at each time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from epnkit.regions.arrays import Floats
from epnkit.regions.solar.ephemeris import earth_position

#: Kilometres in an astronomical unit (IAU 2012 B2).
AU: Final = 149597870.7

#: The Sun's radius in kilometres (IAU 2015 B3), as in sunpy. HEK's figures need 695508.
SOLAR_RADIUS: Final = 695700.0

_LIGHT: Final = 299792.458 * 86400
_POLE: Final = np.radians([286.13, 63.87])
#: Longitude of the prime meridian at J2000.0, and degrees a day (Archinal et al. 2018).
_MERIDIAN: Final = 84.176
_RATE: Final = 14.1844


@dataclass(frozen=True)
class Observer:
    """An observer at a given place, one for all images or one for each.

    Parameters
    ----------
    distance : array_like
        From the Sun's centre, km.
    longitude, latitude : array_like
        Carrington, degrees, as seen when the light arrives.
    """

    distance: ArrayLike
    longitude: ArrayLike
    latitude: ArrayLike


#: ``earth``: the Earth's centre. ``l1``: on the line to the Earth, where the Sun has the image's
#: apparent radius.
ObserverLike = Literal["earth", "l1"] | Observer


class ObserverPosition(NamedTuple):
    """Where observers are: distance (km), Carrington longitude and latitude (radians)."""

    distance: Floats
    longitude: Floats
    latitude: Floats


def to_solar_axes(vectors: Floats) -> Floats:
    """Turn ICRS vectors to the axes of the Sun's equator, x at its ascending node."""
    along, up = _POLE
    x = -np.sin(along) * vectors[:, 0] + np.cos(along) * vectors[:, 1]
    flat = np.cos(along) * vectors[:, 0] + np.sin(along) * vectors[:, 1]
    y = -np.sin(up) * flat + np.cos(up) * vectors[:, 2]
    z = np.cos(up) * flat + np.sin(up) * vectors[:, 2]
    return np.column_stack([x, y, z])


def locate_observers(
    place: ObserverLike, days: Floats, apparent: Floats, solar_radius: float
) -> ObserverPosition:
    """Return the observer of each image.

    Parameters
    ----------
    place : ObserverLike
        Who looks.
    days : ndarray, shape (n,)
        Times of observation at the observer: TT, days since J2000.0.
    apparent : ndarray, shape (n,)
        Apparent radius of the Sun in the image, radians; used for ``l1`` only.
    solar_radius : float
        Kilometres.

    Returns
    -------
    ObserverPosition
        Arrays of shape (n,). The longitude allows for the light's way from the near side of the
        Sun, as sunpy and JPL do (Thompson 2006).
    """
    if isinstance(place, Observer):
        given = (place.distance, np.radians(place.longitude), np.radians(place.latitude))
        full = [np.broadcast_to(np.asarray(v, dtype=float), days.shape) for v in given]
        return ObserverPosition(full[0], full[1], full[2])
    vectors = earth_position(days) * AU
    distance = np.sqrt((vectors**2).sum(axis=1))
    if place == "l1":
        distance = solar_radius / np.sin(apparent)
    return position_of(vectors, distance, days, solar_radius)


def position_of(
    vectors: Floats, distance: Floats, days: Floats, solar_radius: float
) -> ObserverPosition:
    """Return the Carrington coordinates of observers.

    Parameters
    ----------
    vectors : ndarray, shape (n, 3)
        Directions from the Sun's centre, ICRS axes, of any length.
    distance : ndarray, shape (n,)
        From the Sun's centre, km.
    days : ndarray, shape (n,)
        Times of observation at the observer: TT, days since J2000.0.
    solar_radius : float
        Kilometres.
    """
    turned = to_solar_axes(vectors)
    latitude = np.arcsin(turned[:, 2] / np.sqrt((turned**2).sum(axis=1)))
    sent = days - (distance - solar_radius) / _LIGHT
    meridian = np.radians((_MERIDIAN + _RATE * sent) % 360)
    longitude = np.arctan2(turned[:, 1], turned[:, 0]) - meridian
    return ObserverPosition(distance, longitude % (2 * np.pi), latitude)
