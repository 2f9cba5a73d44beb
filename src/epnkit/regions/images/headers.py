"""FITS headers of images: their world coordinates, and who looked (Thompson 2006, 2010)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from astropy.io.fits import Header
from astropy.wcs import WCS

from epnkit.errors import RegionError
from epnkit.regions._compile import Floats
from epnkit.regions.solar.observers import SOLAR_RADIUS, Position, locate
from epnkit.regions.solar.times import to_tt

#: The keywords that astropy's WCS needs. Others, often in the archives' own forms (times in TAI,
#: units in words), would only make it complain.
_WCS: Final = re.compile(
    r"NAXIS\d*|WCSAXES|C(TYPE|RPIX|RVAL|DELT|UNIT|ROTA)\d+|(PC|CD|PV)\d+_\d+|L(ON|AT)POLE"
    r"|RADESYS|EQUINOX|[AB]P?_(ORDER|\d+_\d+|DMAX)"
)

#: Types and units that solar archives write, and what FITS calls them.
_TYPES: Final = {
    "SOLAR-X": "HPLN-TAN",
    "SOLAR-Y": "HPLT-TAN",
    "SOLAR_X": "HPLN-TAN",
    "SOLAR_Y": "HPLT-TAN",
}
_UNITS: Final = {"degree": "deg", "degrees": "deg", "arcsecs": "arcsec", "arcseconds": "arcsec"}

#: Synoptic maps in the sine of the latitude say so in the unit, which FITS does not know.
_SINE: Final = "sine latitude"

_DATES: Final = ("DATE-OBS", "DATE_OBS", "DATE-AVG", "DATE-BEG", "T_OBS")


def coordinates(header: Mapping[str, Any]) -> WCS:
    """Return the two celestial axes of an image, longitude first, with its size in pixels.

    Parameters
    ----------
    header : mapping of str to value
        FITS keywords (FITS 4.0, section 8), such as an ``astropy.io.fits.Header``.

    Raises
    ------
    RegionError
        The header has no celestial coordinates or no size.
    """
    try:
        found = WCS(_clean(header), fix=False).celestial
    except (ValueError, KeyError, TypeError, MemoryError) as error:
        raise _useless(str(error).strip().splitlines()[-1]) from error
    if found.naxis != 2 or found.pixel_shape is None or None in found.pixel_shape:
        raise _useless("two celestial axes and their NAXISn are needed")
    return found


def _useless(why: str) -> RegionError:
    return RegionError(
        "bad image header",
        why=why,
        cure="Give CTYPEn, CRPIXn, CRVALn, CDELTn (or CDi_j) and NAXISn.",
    )


def _clean(header: Mapping[str, Any]) -> Header:
    """Return the keywords of the world coordinates alone, in FITS's own words."""
    clean = Header()
    for key in header:
        if _WCS.fullmatch(key) and header[key] is not None:
            clean[key] = header[key]
    clean["WCSAXES"] = clean.pop("WCSAXES", clean.get("NAXIS", 2))
    for axis in range(1, int(clean.get("NAXIS", 2)) + 1):
        _clean_axis(clean, axis)
    return clean


def _clean_axis(clean: Header, axis: int) -> None:
    """Put one axis in FITS's own words."""
    kind, unit = f"CTYPE{axis}", f"CUNIT{axis}"
    named = str(clean.get(kind, "")).strip().upper()
    if named in _TYPES:
        clean[kind] = _TYPES[named]
        clean[unit] = clean.get(unit, "arcsec")
    given = str(clean.get(unit, "")).strip()
    if given.lower() == _SINE:
        # The projection's plane counts the sine in degrees (Calabretta and Greisen 2002, 5.2.2).
        clean[f"CDELT{axis}"] = math.degrees(clean[f"CDELT{axis}"])
        given = "deg"
    if given:
        clean[unit] = _UNITS.get(given.lower(), given)


def scene(header: Mapping[str, Any], solar_radius: float | None = None) -> Floats:
    """Return who looks at the Sun: the last three numbers of `regions.geometry.disc.to_disc`.

    The distance comes from DSUN_OBS, or the apparent radius (RSUN_OBS in arcseconds, SOLAR_R and
    R_SUN in pixels), the place from CRLN_OBS and CRLT_OBS, or HGLN_OBS and HGLT_OBS (Thompson
    2006, section 9); what is missing is taken from the Earth at the image's date.

    Parameters
    ----------
    header : mapping of str to value
        FITS keywords.
    solar_radius : float, optional
        Kilometres; None takes the header's RSUN_REF, or 695,700 km.

    Returns
    -------
    ndarray, shape (7,)
        The first four are not used here, and 0 and 1.

    Raises
    ------
    RegionError
        The Earth is needed and there is no date, or the observer is not outside the Sun.
    """
    radius = solar_radius or _number(header, "RSUN_REF") / 1000
    radius = radius if math.isfinite(radius) else SOLAR_RADIUS
    ratio = _ratio(header, radius)
    lon, lat = (_number(header, key) for key in ("CRLN_OBS", "CRLT_OBS"))
    lat = lat if math.isfinite(lat) else _number(header, "HGLT_OBS")
    if not all(map(math.isfinite, (ratio, lon, lat))):
        ratio, lon, lat = _completed(header, radius, ratio, lon, lat)
    if not 0 < ratio < 1:
        raise RegionError(
            "no observer",
            why=f"the Sun's radius is {ratio:.3g} of the distance",
            cure="Check DSUN_OBS (metres) or RSUN_OBS (arcseconds).",
        )
    return np.array([0, 0, 1, 1, ratio, math.radians(lat), math.radians(lon)])


def _completed(
    header: Mapping[str, Any], radius: float, ratio: float, lon: float, lat: float
) -> tuple[float, float, float]:
    """Complete the ratio, longitude and latitude (degrees) of an observer from the Earth's."""
    near = _earth(header, radius, ratio)
    if not math.isfinite(lon):
        west = _number(header, "HGLN_OBS")
        lon = math.degrees(near.longitude[0]) + (west if math.isfinite(west) else 0.0)
    lat = lat if math.isfinite(lat) else math.degrees(near.latitude[0])
    ratio = ratio if math.isfinite(ratio) else radius / float(near.distance[0])
    return ratio, lon, lat


def meridian(header: Mapping[str, Any]) -> float:
    """Return the Carrington longitude in degrees that faces the Earth at an image's date."""
    return math.degrees(_earth(header, SOLAR_RADIUS, math.nan).longitude[0])


def _earth(header: Mapping[str, Any], radius: float, ratio: float) -> Position:
    """Return where the Earth was, at the distance that the header tells if it does."""
    text = next((str(header[key]) for key in _DATES if header.get(key)), "")
    days, dated = to_tt([text.strip()])
    if not dated[0]:
        raise RegionError(
            "bad date",
            why=f"the header's date is {text!r}",
            cure="Give DATE-OBS in ISO 8601, or DSUN_OBS, CRLN_OBS and CRLT_OBS.",
        )
    known = math.isfinite(ratio) and 0 < ratio < 1
    apparent = np.array([math.asin(ratio) if known else math.nan])
    return locate("l1" if known else "earth", days, apparent, radius)


def _ratio(header: Mapping[str, Any], radius: float) -> float:
    """Return the Sun's radius over the observer's distance, NaN where nothing tells."""
    distance = _number(header, "DSUN_OBS") / 1000
    if distance > 0:
        return radius / distance
    pixels = _number(header, "SOLAR_R", "R_SUN") * abs(_number(header, "CDELT1"))
    apparent = _number(header, "RSUN_OBS")
    return math.sin(math.radians((apparent if math.isfinite(apparent) else pixels) / 3600))


def _number(header: Mapping[str, Any], *keys: str) -> float:
    """Return the first of some keywords that is a number, or NaN."""
    for key in keys:
        value = header.get(key)
        if isinstance(value, int | float):
            return float(value)
    return math.nan
