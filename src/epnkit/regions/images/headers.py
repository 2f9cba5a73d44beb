"""World coordinates of images by their FITS headers (FITS 4.0; Thompson 2006)."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from astropy.io.fits import Header
from astropy.wcs import WCS

from epnkit.errors import RegionError
from epnkit.fits.dates import date_candidates, time_scale
from epnkit.fits.keywords import Keywords
from epnkit.regions.arrays import Floats
from epnkit.regions.solar.times import to_tt

#: Types that solar archives write, and what FITS calls them.
_TYPES: Final = {
    "SOLAR-X": "HPLN-TAN",
    "SOLAR-Y": "HPLT-TAN",
    "SOLAR_X": "HPLN-TAN",
    "SOLAR_Y": "HPLT-TAN",
    "SOLAR X": "HPLN-TAN",
    "SOLAR Y": "HPLT-TAN",
    "SOLARX": "HPLN-TAN",
    "SOLARY": "HPLT-TAN",
}

#: Angles in the words of archives, in lower case, and what FITS calls them.
_UNITS: Final = {
    "deg": "deg",
    "degree": "deg",
    "degrees": "deg",
    "arcmin": "arcmin",
    "arcminute": "arcmin",
    "arcminutes": "arcmin",
    "arcsec": "arcsec",
    "arcsecs": "arcsec",
    "arcsecond": "arcsec",
    "arcseconds": "arcsec",
    "asec": "arcsec",
    "mas": "mas",
    "rad": "rad",
    "radian": "rad",
    "radians": "rad",
}

#: The most pixels along an axis that an image may have.
_LARGEST_IMAGE: Final = 2**31

#: The unit of a synoptic map whose rows are even in the sine of the latitude; FITS knows none.
_SINE: Final = "sine latitude"

#: Longitudes and latitudes, by how their CTYPE begins.
_LONGITUDE: Final = re.compile(r"(RA-|..LN|.LON)")
_LATITUDE: Final = re.compile(r"(DEC-|..LT|.LAT)")

#: Keywords of the whole image, and of its distortion (SIP).
_GLOBAL: Final = ("LONPOLE", "LATPOLE", "RADESYS", "EQUINOX")
_DISTORTION: Final = re.compile(r"[AB]P?_(ORDER|\d+_\d+|DMAX)")


@dataclass(frozen=True)
class ImageHeader:
    """The header of an image.

    Parameters
    ----------
    keywords : Keywords
        Its keywords.
    days : float
        The time of the observation: TT, days since J2000.0; NaN if none can be read.
    """

    keywords: Keywords
    days: float

    def require_days(self) -> Floats:
        """Return the time of the observation, shape (1,).

        Raises
        ------
        RegionError
            No keyword holds a time that can be read.
        """
        if not math.isfinite(self.days):
            found = next(iter(date_candidates(self.keywords)), "")
            raise RegionError(
                "bad date",
                why=f"the header's date is {found!r}",
                cure="Give DATE-OBS in ISO 8601, or DSUN_OBS, CRLN_OBS and CRLT_OBS.",
            )
        return np.array([self.days])


def read_headers(headers: Sequence[Mapping[str, Any]]) -> list[ImageHeader]:
    """Read headers, the dates of all at once.

    Parameters
    ----------
    headers : sequence of mapping
        FITS keywords (FITS 4.0, section 8), such as an ``astropy.io.fits.Header``.
    """
    every = [Keywords(header) for header in headers]
    return [
        ImageHeader(keywords, days) for keywords, days in zip(every, _read_days(every), strict=True)
    ]


def _read_days(headers: Sequence[Keywords]) -> list[float]:
    """Return the first date of each header that can be read, NaN if there is none."""
    by_scale: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for row, keywords in enumerate(headers):
        dates = date_candidates(keywords)
        by_scale[time_scale(keywords)].extend((row, date) for date in dates)
    found = [math.nan] * len(headers)
    for scale, dated in by_scale.items():
        days, good = to_tt([date for _, date in dated] or [""], scale)
        for (row, _), day in reversed(list(zip(dated, np.where(good, days, np.nan), strict=False))):
            found[row] = float(day) if math.isfinite(day) else found[row]
    return found


def world_coordinates(header: ImageHeader) -> WCS:
    """Return the two celestial axes of an image, longitude first, with its size in pixels.

    Other axes (time, wavelength, polarisation) are left out, whatever they hold.

    Parameters
    ----------
    header : ImageHeader
        The header.

    Raises
    ------
    RegionError
        The header has no celestial coordinates or no size.
    """
    try:
        found = WCS(_celestial_header(header.keywords), fix=False).celestial
    except (ValueError, KeyError, TypeError, MemoryError) as error:
        raise _bad_header(str(error).strip().splitlines()[-1]) from error
    if found.naxis != 2 or found.pixel_shape is None or None in found.pixel_shape:
        raise _bad_header("two celestial axes and their NAXISn are needed")
    return found


def _bad_header(why: str) -> RegionError:
    return RegionError(
        "bad image header",
        why=why,
        cure="Give CTYPEn, CRPIXn, CRVALn, CDELTn (or CDi_j) and NAXISn.",
    )


def _celestial_header(keywords: Keywords) -> Header:
    """Return a header of the two celestial axes alone, in FITS's own words."""
    axes = _celestial_axes(keywords)
    clean = Header()
    clean["NAXIS"] = clean["WCSAXES"] = 2
    for number, axis in enumerate(axes, 1):
        _copy_axis(keywords, axis, clean, number)
    _copy_rotation(keywords, axes, clean)
    for name in keywords:
        if name in _GLOBAL or (axes == (1, 2) and _DISTORTION.fullmatch(name)):
            clean[name] = keywords[name]
    _convert_sine(clean)
    return clean


def _celestial_axes(keywords: Keywords) -> tuple[int, int]:
    """Return the numbers of the celestial axes, in their order in the image."""
    last = max(2, int(_number_or(keywords, 2, "WCSAXES")), int(_number_or(keywords, 2, "NAXIS")))
    types = {axis: _axis_type(keywords, axis) for axis in range(1, min(last, 9) + 1)}
    if not types[1] and not types[2] and _is_in_arcseconds(keywords):
        return 1, 2
    lon = [axis for axis, kind in types.items() if _LONGITUDE.match(kind)]
    lat = [axis for axis, kind in types.items() if _LATITUDE.match(kind)]
    if not (lon and lat):
        named = ", ".join(kind or "(none)" for kind in types.values())
        raise _bad_header(f"no axes are celestial: CTYPEn are {named}")
    first, second = sorted((lon[0], lat[0]))
    return first, second


def _number_or(keywords: Keywords, default: float, *names: str) -> float:
    value = keywords.number(*names)
    return value if math.isfinite(value) else default


def _axis_type(keywords: Keywords, axis: int) -> str:
    kind = keywords.text(f"CTYPE{axis}").upper()
    return _TYPES.get(kind, kind)


def _is_in_arcseconds(keywords: Keywords) -> bool:
    """Return whether an image without types is in arcseconds, as those of the Sun are."""
    units = [keywords.text(f"CUNIT{axis}").lower() for axis in (1, 2)]
    return all(_UNITS.get(unit) == "arcsec" for unit in units)


def _copy_axis(keywords: Keywords, axis: int, clean: Header, number: int) -> None:
    """Copy the keywords of one axis, under its new number."""
    default = "HPLN-TAN" if number == 1 else "HPLT-TAN"
    clean[f"CTYPE{number}"] = _axis_type(keywords, axis) or default
    for name in ("NAXIS", "CRPIX", "CRVAL", "CDELT", "CROTA"):
        value = _read_number(keywords, f"{name}{axis}")
        if value is not None:
            clean[f"{name}{number}"] = int(value) if name == "NAXIS" else value
    for parameter in (name for name in keywords if name.startswith(f"PV{axis}_")):
        clean[f"PV{number}_{parameter.partition('_')[2]}"] = keywords[parameter]
    unit = keywords.text(f"CUNIT{axis}")
    if not unit and keywords.text(f"CTYPE{axis}").upper() in _TYPES:
        unit = "arcsec"
    if unit:
        clean[f"CUNIT{number}"] = _UNITS.get(unit.lower(), unit)


def _read_number(keywords: Keywords, name: str) -> float | None:
    """Return the number of a keyword, None if it is not there: FITS has a default for it then."""
    if name not in keywords:
        return None
    value = keywords.number(name)
    is_size = name.startswith("NAXIS")
    if not math.isfinite(value) or (is_size and not 1 <= value <= _LARGEST_IMAGE):
        raise _bad_header(f"{name} is {keywords[name]!r}")
    return value


def _copy_rotation(keywords: Keywords, axes: tuple[int, int], clean: Header) -> None:
    """Copy the part of the matrices that turns the celestial axes; it goes before an angle."""
    for name in ("PC", "CD"):
        for i, row in enumerate(axes, 1):
            for j, column in enumerate(axes, 1):
                for each in (f"{name}00{row}00{column}", f"{name}{row}_{column}"):
                    value = _read_number(keywords, each)
                    if value is not None:
                        clean[f"{name}{i}_{j}"] = value
    if any(name in clean for name in ("PC1_1", "CD1_1", "PC1_2", "CD1_2")):
        clean.remove("CROTA1", ignore_missing=True)
        clean.remove("CROTA2", ignore_missing=True)


def _convert_sine(clean: Header) -> None:
    """Convert rows that are even in the sine of the latitude to what FITS means.

    The plane of the projection counts the sine in degrees (Calabretta and Greisen 2002, 5.2.2).
    Archives say so in the unit, or say nothing and have the rows go from -1 to 1.
    """
    for axis, other in ((1, 2), (2, 1)):
        step = clean.get(f"CDELT{axis}", 0.0)
        unit = str(clean.get(f"CUNIT{axis}", ""))
        height = abs(step) * clean.get(f"NAXIS{axis}", 0)
        if unit.lower() == _SINE:
            clean[f"CUNIT{axis}"] = "deg"
        elif unit or not _goes_from_pole_to_pole(clean, axis, other, height):
            continue
        if abs(height - 2.0) < 2e-3:  # as many digits as archives write
            step = math.copysign(2.0 / clean[f"NAXIS{axis}"], step)
        clean[f"CDELT{axis}"] = math.degrees(step)


def _goes_from_pole_to_pole(clean: Header, axis: int, other: int, height: float) -> bool:
    """Return whether an axis without a unit is a sine: of all longitudes, it would be 2 degrees."""
    kind = str(clean[f"CTYPE{axis}"])
    around = abs(clean.get(f"CDELT{other}", 0.0)) * clean.get(f"NAXIS{other}", 0)
    cylinder = bool(_LATITUDE.match(kind)) and kind.endswith("CEA")
    return cylinder and abs(around - 360) < 4 and 0 < height < 2.02
