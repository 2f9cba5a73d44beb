"""Where a telescope on the Earth points, as seen from the middle of the Sun's disc."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from epnkit.mapping.reading import as_times, from_numbers, numbers
from epnkit.regions.solar.ephemeris import earth_position
from epnkit.regions.solar.observers import SOLAR_RADIUS, locate_observers
from epnkit.regions.solar.times import to_tt

Floats = NDArray[np.float64]

#: The Sun's pole, ICRS (Archinal et al. 2018), radians.
_POLE = np.radians([286.13, 63.87])

_ARCSECONDS = np.degrees(1.0) * 3600

#: Days that light takes for an astronomical unit.
_LIGHT = 499.004784 / 86400


def offsets_from_sun(ra: pl.Series, dec: pl.Series, date: pl.Series) -> dict[str, pl.Series]:
    """Turn positions on the sky to positions around the Sun, which moves a degree a day.

    Parameters
    ----------
    ra, dec : polars.Series
        Right ascension and declination, degrees (ICRS or J2000).
    date : polars.Series
        When (UTC); texts or datetimes.

    Returns
    -------
    dict
        ``x`` and ``y``, helioprojective arcseconds; ``angle``, by how much celestial north is
        turned from solar north, degrees clockwise as the observer sees it (the Sun's P angle);
        ``longitude`` and ``latitude`` of the point below the Earth (Carrington, degrees). Null on
        the other half of the sky.

    Examples
    --------
    >>> one = [pl.Series([value]) for value in (21.3308208333, 8.959625, "2019-04-13T13:29:23.7")]
    >>> seen = offsets_from_sun(*one)
    >>> round(seen["x"][0], 1), round(seen["y"][0], 1), round(seen["angle"][0], 1)
    (71.5, 1.4, -26.2)
    """
    days, good = to_tt(as_times(date))
    sun_ra, sun_dec = _apparent_sun(days)
    along, up = np.radians(numbers(ra)) - sun_ra, np.radians(numbers(dec))
    depth = np.sin(sun_dec) * np.sin(up) + np.cos(sun_dec) * np.cos(up) * np.cos(along)
    east = np.cos(up) * np.sin(along) / depth
    north = (np.cos(sun_dec) * np.sin(up) - np.sin(sun_dec) * np.cos(up) * np.cos(along)) / depth
    angle = _position_angle(sun_ra, sun_dec)
    x = north * np.sin(angle) - east * np.cos(angle)
    y = east * np.sin(angle) + north * np.cos(angle)
    seen = good & (depth > 0)
    below = locate_observers("earth", days, np.full(len(days), np.nan), SOLAR_RADIUS)
    made = {
        "x": x * _ARCSECONDS,
        "y": y * _ARCSECONDS,
        "angle": np.degrees(angle),
        "longitude": np.degrees(below.longitude),
        "latitude": np.degrees(below.latitude),
    }
    return {name: from_numbers(np.where(seen, each, np.nan), name) for name, each in made.items()}


def _apparent_sun(days: Floats) -> tuple[Floats, Floats]:
    """Return where the Sun is seen, radians: where the Earth saw it when the light left it."""
    vectors = -earth_position(days - _LIGHT)
    return np.arctan2(vectors[:, 1], vectors[:, 0]), np.arcsin(
        vectors[:, 2] / np.linalg.norm(vectors, axis=1)
    )


def _position_angle(ra: Floats, dec: Floats) -> Floats:
    """Return the angle from celestial to solar north, eastward."""
    turn = _POLE[0] - ra
    angle: Floats = np.arctan2(
        np.cos(_POLE[1]) * np.sin(turn),
        np.sin(_POLE[1]) * np.cos(dec) - np.cos(_POLE[1]) * np.sin(dec) * np.cos(turn),
    )
    return angle
