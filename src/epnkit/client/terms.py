"""What a search asks for, in the words of EPN-TAP."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import polars as pl

from epnkit.errors import ConfigurationError
from epnkit.times import read_times

Result = TypeVar("Result")

#: A pair: ``2005-04-01/2005-04-03``, ``10 MHz..40 MHz``.
_BETWEEN = re.compile(r"\s*(?:/|\.\.)\s*")

#: A number and its unit.
_QUANTITY = re.compile(r"\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*(.*?)\s*")


@dataclass(frozen=True)
class Cone:
    """What lies within an angle of a point.

    Parameters
    ----------
    longitude, latitude, radius : float
        In degrees, in the frame of the search.
    """

    longitude: float
    latitude: float
    radius: float


@dataclass(frozen=True)
class Box:
    """What lies between two meridians and two parallels.

    Parameters
    ----------
    west, east : float
        Longitudes, in degrees; ``west > east`` crosses the meridian 0.
    south, north : float
        Latitudes, in degrees.
    """

    west: float
    east: float
    south: float
    north: float


@dataclass(frozen=True)
class Polygon:
    """What lies within a polygon of great circles.

    Parameters
    ----------
    points : tuple of (float, float)
        Longitude and latitude of each corner, in degrees.
    """

    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class SearchTerms:
    """A request to any EPN-TAP service; what is not given does not matter.

    Parameters
    ----------
    time : (float, float), optional
        Julian dates; granules that overlap the interval are found.
    target, instrument, host : str, optional
        A name, in any case; one of a list of names is found.
    kind : str, optional
        A data product type: ``im``, ``ds``, ``ev``...
    frequency : (float, float), optional
        In Hz; granules that overlap the range are found.
    level : int, optional
        The processing level, 1 to 6.
    place : Cone or Box or Polygon, optional
        Granules that overlap it are found.
    frame : str
        The spatial frame of the place: ``body``, ``celestial``...
    text : str, optional
        Words that must occur in a text of the granule, each in one or another.
    where : str, optional
        A condition in ADQL.
    """

    time: tuple[float, float] | None = None
    target: str = ""
    instrument: str = ""
    host: str = ""
    kind: str = ""
    frequency: tuple[float, float] | None = None
    level: int | None = None
    place: Cone | Box | Polygon | None = None
    frame: str = "body"
    text: str = ""
    where: str = ""


def parse_interval(text: str) -> tuple[float, float]:
    """Read a time, or two with ``/`` or ``..`` between them, as Julian dates.

    A day alone means the whole of it, but not the instant at which the next begins.

    Raises
    ------
    ConfigurationError
        If one is no time, or the end is before the start.

    Examples
    --------
    >>> parse_interval("2005-04-01/2005-04-03")
    (2453461.5, 2453464.4999999995)
    """
    low, high = _split_pair(text, "time")
    if len(_BETWEEN.split(text)) > 2 and ".." not in text:  # 2005/04/01
        low = high = text
    start, end = _julian_date(low), _julian_date(high)
    if end < start:
        raise _unreadable("interval", text, "Give the start first.")
    whole_day = not re.search(r"[T:]|\d\s+\d", high.strip())
    return start, math.nextafter(end + 1, start) if whole_day else end


def parse_spectral_range(text: str) -> tuple[float, float]:
    """Read a frequency, wavelength or energy, or two, as frequencies in Hz.

    Raises
    ------
    ConfigurationError
        If there is no number, or a unit that measures none of these.

    Examples
    --------
    >>> parse_spectral_range("10..40 MHz")
    (10000000.0, 40000000.0)
    >>> low, high = parse_spectral_range("171 Angstrom")
    >>> low == high, round(low / 1e16, 4)
    (True, 1.7532)
    """
    low, high = _split_pair(text, "spectral range")
    unit = _match_quantity(high, text)[1] or _match_quantity(low, text)[1]
    found = sorted(_hertz(each, unit, text) for each in (low, high))
    return found[0], found[1]


def parse_cone(text: str) -> Cone:
    """Read ``LONGITUDE,LATITUDE,RADIUS`` in degrees.

    Raises
    ------
    ConfigurationError
        If these are not three numbers, or out of range.

    Examples
    --------
    >>> parse_cone("120,-15,5")
    Cone(longitude=120.0, latitude=-15.0, radius=5.0)
    """
    cone = Cone(*_numbers(text, 3, "a cone", "LONGITUDE,LATITUDE,RADIUS"))
    _require(abs(cone.latitude) <= 90 and 0 < cone.radius <= 180, text, "a cone")
    return cone


def parse_box(text: str) -> Box:
    """Read ``WEST,EAST,SOUTH,NORTH`` in degrees.

    Raises
    ------
    ConfigurationError
        If these are not four numbers, or out of range.

    Examples
    --------
    >>> parse_box("350 10 -20 20")
    Box(west=350.0, east=10.0, south=-20.0, north=20.0)
    """
    box = Box(*_numbers(text, 4, "a box", "WEST,EAST,SOUTH,NORTH"))
    _require(-90 <= box.south <= box.north <= 90, text, "a box")
    return box


def parse_polygon(text: str) -> Polygon:
    """Read corners, each of a longitude and a latitude in degrees.

    Raises
    ------
    ConfigurationError
        If there are not at least three, or one is out of range.

    Examples
    --------
    >>> parse_polygon("10 0, 20 0, 15 10")
    Polygon(points=((10.0, 0.0), (20.0, 0.0), (15.0, 10.0)))
    """
    numbers = _numbers(text, None, "a polygon", "LON LAT, LON LAT, LON LAT…")
    points = tuple(zip(numbers[::2], numbers[1::2], strict=False))
    fits = len(numbers) % 2 == 0 and len(points) >= 3 and all(abs(y) <= 90 for _, y in points)
    _require(fits, text, "a polygon")
    return Polygon(points)


def _split_pair(text: str, what: str) -> tuple[str, str]:
    ends = _BETWEEN.split(text.strip())
    if not all(ends):
        raise _unreadable(what, text, "Give one value, or two with .. between them.")
    return ends[0], ends[-1]


def _julian_date(text: str) -> float:
    reading = read_times(pl.Series([text], dtype=pl.String))
    found = float(reading.times.julian_date[0])
    if not math.isfinite(found):
        cure = "Give it as 2005-04-01, 2005-04-01T12:30, or two of them with / between."
        raise _unreadable("time", text, cure)
    return found


def _match_quantity(text: str, whole: str) -> tuple[float, str]:
    found = _QUANTITY.fullmatch(text)
    if found is None:
        raise _unreadable("spectral range", whole, "Write 10..40 MHz, 171 Angstrom or 6.7 keV.")
    return float(found[1]), found[2]


def _hertz(text: str, unit: str, whole: str) -> float:
    from astropy import units

    value, own = _match_quantity(text, whole)
    try:
        quantity = units.Quantity(value, units.Unit(own or unit or "Hz"))
        found = float(quantity.to_value(units.Hz, equivalencies=units.spectral()))
        if not math.isfinite(found):
            raise ValueError("no frequency is infinite")
    except (ValueError, TypeError, units.UnitsError) as error:
        cure = "Give a unit of frequency, wavelength or energy, as astropy writes it: MHz, nm, keV."
        raise _unreadable("spectral range", whole, cure, str(error)) from None
    return found


def _numbers(text: str, count: int | None, what: str, form: str) -> list[float]:
    try:
        found = [float(each) for each in re.split(r"[,\s]+", text.strip())]
    except ValueError:
        found = []
    if not found or (count and len(found) != count) or not all(map(math.isfinite, found)):
        raise _unreadable(what, text, f"Write {form}, in degrees.")
    return found


def _require(holds: bool, text: str, what: str) -> None:
    if not holds:
        cure = "Latitudes are -90 to 90, the southern one first; a radius is above 0."
        raise _unreadable(what, text, cure)


def _unreadable(what: str, text: str, cure: str, why: str = "") -> ConfigurationError:
    return ConfigurationError(f"{text!r} is no {what.removeprefix('a ')}", why=why, cure=cure)


#: How each term that has a form of its own is read from text.
PARSERS: dict[str, Callable[[str], Any]] = {
    "time": parse_interval,
    "frequency": parse_spectral_range,
    "cone": parse_cone,
    "box": parse_box,
    "polygon": parse_polygon,
}


def read_terms(
    *, cone: object = None, box: object = None, polygon: object = None, **others: Any
) -> SearchTerms:
    """Make terms of what a person wrote: texts in the forms of the parsers, or values.

    Parameters
    ----------
    cone, box, polygon : str or sequence of float, optional
        The place; at most one.
    others : dict
        The other terms.

    Raises
    ------
    ConfigurationError
        If a text cannot be read, or there are several places.

    Examples
    --------
    >>> read_terms(target="Sun", frequency="10..40 MHz").frequency
    (10000000.0, 40000000.0)
    """
    given = {"cone": cone, "box": box, "polygon": polygon}
    places = [_parse_term(name, value) for name, value in given.items() if value]
    if len(places) > 1:
        raise ConfigurationError(
            "a search has one place", cure="Give one of --cone, --box, --polygon."
        )
    terms = {name: _parse_term(name, value) for name, value in others.items() if value is not None}
    return SearchTerms(**terms, place=places[0] if places else None)


def _parse_term(name: str, value: Any) -> Any:
    parse = PARSERS.get(name)
    if parse is None or isinstance(value, Cone | Box | Polygon):
        return value
    if isinstance(value, Sequence) and not isinstance(value, str):
        if name in ("time", "frequency") and all(isinstance(each, float) for each in value):
            return tuple(map(float, value))  # numpy's floats write themselves otherwise
        value = (".." if name in ("time", "frequency") else " ").join(str(each) for each in value)
    return parse(str(value))
