"""The axes of a TFCat document: what its coordinates are in time (UTC) and in frequency (Hz).

Facts are those of TFCat 1.0 (Cecconi et al. 2022, doi:10.25935/6068-8528), section on the CRS, and
of its two public readers, the Python package ``tfcat`` 1.0.3 and Starlink's ``tfcat``.  Drafts of
the format, in which documents are still about, write ``ref_position`` and no type of the spectral
axis; they are read too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from astropy import units as u
from numpy.typing import NDArray

from epnkit.mapping.spectral import unit_of
from epnkit.mapping.times import julian_date
from epnkit.times.scales import DAY, SCALE_NAMES, UNIX_EPOCH, Scale, to_utc
from epnkit.units import parse_unit

Floats = NDArray[np.float64]

#: The speed of light, in m/s.
_LIGHT: Final = 299792458.0

#: What TFCat names a time axis: its unit, its origin, and its scale.
TIME_AXES: Final[dict[str, tuple[str, str, str]]] = {
    "unix": ("s", "1970-01-01T00:00:00", "UTC"),
    "jd": ("d", "-4712-01-01T12:00:00", "UTC"),
    "mjd": ("d", "1858-11-17T00:00:00", "UTC"),
    "mjd_cnes": ("d", "1950-01-01T00:00:00", "UTC"),
    "mjd_nasa": ("d", "1968-05-24T00:00:00", "UTC"),
    "cdf_tt2000": ("ns", "2000-01-01T00:00:00", "TT"),
}

#: The same as CDF counts TT2000 itself, from noon.
TT2000_OF_CDF: Final = ("ns", "2000-01-01T12:00:00", "TT")

#: The origin of Julian dates, which no reader of dates takes.
_ORIGIN_OF_JULIAN_DATES: Final = re.compile(r"-4712-01-01T12(:00){0,2}(\.0*)?")

#: What the IVOA's vocabulary of time scales has besides those of FITS, and how it is read here:
#: a spacecraft's event time is in UTC, and without a scale UTC is what is right to a minute.
_SCALES: Final = {**SCALE_NAMES, "SCET": "UTC", "UNKNOWN": "UTC"}

#: What the unit of each type of spectral axis is equivalent to.
_SPECTRAL_TYPES: Final = {
    "frequency": u.Hz,
    "wavelength": u.m,
    "energy": u.J,
    "wavenumber": u.m**-1,
}

#: Julian dates of the years 1 to 9999.
_YEARS: Final = (1721425.5, 5373484.5)


@dataclass(frozen=True)
class Axes:
    """What the two coordinates of a position are.

    Parameters
    ----------
    days : float
        The unit of time, in days.
    origin : float
        Where time is counted from: a Julian date in its scale.
    scale : str
        The scale of time.
    unit : astropy.units.Unit
        The unit of the spectral axis.
    factor : float
        One such unit in Hz; astropy would need longer for a feature than all else.
    properties : dict
        The properties of a CRS as TFCat 1.0 writes them, whatever the document wrote.
    time_axis : tuple of str
        Unit, origin and scale of time, as texts.
    """

    days: float
    origin: float
    scale: Scale
    unit: u.UnitBase
    factor: float
    properties: dict[str, Any]
    time_axis: tuple[str, str, str]

    @property
    def _is_wavelength(self) -> bool:
        return bool(self.properties["spectral_coords"]["type"] == "wavelength")

    def julian_dates(self, times: Floats) -> Floats:
        """Convert coordinates of time to Julian dates in UTC.

        Raises
        ------
        ValueError
            If a time is in no year from 1 to 9999.
        """
        # Whole days of origin and offset are taken apart, so that a day is known to the nanosecond.
        start = np.floor(self.origin - UNIX_EPOCH)
        first = (self.origin - UNIX_EPOCH - start) * DAY
        with np.errstate(invalid="ignore", over="ignore"):
            whole, seconds = np.divmod(first + times * (self.days * DAY), DAY)
            found = to_utc(start + whole, seconds, self.scale).julian_date
        if not (np.isfinite(found) & (found >= _YEARS[0]) & (found <= _YEARS[1])).all():
            unit, origin, _ = self.time_axis
            raise ValueError(
                f"{times[0]:g} {unit} since {origin} is in no year from 1 to 9999, correct the"
                " coordinate, or unit and origin of time in the CRS"
            )
        return found

    def hertz(self, values: Floats) -> Floats:
        """Convert coordinates of frequency, wavelength, energy or wavenumber to Hz.

        Raises
        ------
        ValueError
            If one is below zero, or a wavelength of zero.
        """
        with np.errstate(divide="ignore", over="ignore"):
            found = self.factor / values if self._is_wavelength else self.factor * values
        if (values < 0).any() or not np.isfinite(found).all():
            raise ValueError(
                f"{values.min():g} {self.unit} is no {self.properties['spectral_coords']['type']},"
                " correct the coordinate: time is first, then the spectral one"
            )
        return found


def wavelength(hertz: float) -> float | None:
    """Return the wavelength of a frequency, in m; None for zero."""
    return _LIGHT / hertz if hertz else None


def read_axes(crs: object, tt2000_at_noon: bool = False) -> Axes:
    """Read the CRS of a document, a feature or a geometry.

    Parameters
    ----------
    crs : object
        The CRS, as JSON gives it.
    tt2000_at_noon : bool
        Whether ``cdf_tt2000`` is counted from noon, as CDF does, rather than from midnight, as the
        specification of TFCat has it.

    Raises
    ------
    ValueError
        If it does not say what the coordinates are; with what to do.
    """
    if not isinstance(crs, Mapping) or not isinstance(crs.get("properties"), Mapping):
        raise ValueError("there is no CRS with properties, add one to the document")
    given = crs["properties"]
    identifier, time_axis = _read_time_axis(given, tt2000_at_noon)
    kind, unit = _read_spectral_axis(given.get("spectral_coords"))
    return Axes(
        _days_of(time_axis[0]),
        _origin_of(time_axis[1]),
        _scale_of(time_axis[2]),
        unit,
        float(unit.to(u.Hz, 1.0, equivalencies=u.spectral())),
        _write_properties(given, identifier, time_axis, kind),
        time_axis,
    )


def _read_time_axis(
    given: Mapping[str, Any], tt2000_at_noon: bool
) -> tuple[str | None, tuple[str, str, str]]:
    """Return the name of the time axis if it has one, and its unit, origin and scale."""
    described = given.get("time_coords")
    described = described if isinstance(described, Mapping) else {}
    name = given.get("time_coords_id", described.get("id"))
    known = TIME_AXES.get(str(name))
    if name is not None and known is None and not described:
        raise ValueError(
            f"{name!r} is no time axis of TFCat, write one of {', '.join(TIME_AXES)} as"
            " time_coords_id, or describe it in time_coords"
        )
    preset = TT2000_OF_CDF if tt2000_at_noon and name == "cdf_tt2000" else known
    stated = [described.get(key) for key in ("unit", "time_origin", "time_scale")]
    filled = [value or usual for value, usual in zip(stated, preset or (None,) * 3, strict=True)]
    if not all(isinstance(value, str) for value in filled):
        raise ValueError("the time axis is incomplete, give time_coords unit, origin and scale")
    unit, origin, scale = (str(value).strip() for value in filled)
    axis = (unit, origin.removesuffix("Z"), scale)
    return (str(name) if known is not None and _is_same(axis, known) else None), axis


def _is_same(one: tuple[str, str, str], other: tuple[str, str, str]) -> bool:
    """Say whether two time axes are one, however many digits the origins have."""
    origins = [re.sub(r"\.0*$", "", axis[1]) for axis in (one, other)]
    return origins[0] == origins[1] and (one[0], one[2]) == (other[0], other[2])


def _days_of(unit: str) -> float:
    found = parse_unit(unit)
    if found is None or not found.is_equivalent(u.day):
        raise ValueError(f"{unit!r} is no unit of time, write s, d or ns")
    return float(found.to(u.day))


def _origin_of(text: str) -> float:
    """Read the origin as a Julian date in the scale of time, whatever that is."""
    if _ORIGIN_OF_JULIAN_DATES.fullmatch(text):
        return 0.0
    found = julian_date(pl.Series([text])).values[0]
    if found is None:
        raise ValueError(f"{text!r} is no time origin, write it as 1970-01-01T00:00:00")
    return float(found)


def _scale_of(text: str) -> Scale:
    found = _SCALES.get(text.upper()) if text else None
    if found is None:
        raise ValueError(
            f"times in the scale {text!r} cannot be converted to UTC, write them in one of"
            " UTC, TT, TAI, TDB, TCG, TCB, GPS or SCET"
        )
    return found


def _read_spectral_axis(given: object) -> tuple[str, u.UnitBase]:
    """Return the type of a spectral axis, which drafts leave out, and its unit."""
    axis = given if isinstance(given, Mapping) else {}
    unit = unit_of(str(axis.get("unit") or ""))
    if unit is None:
        raise ValueError(
            f"{axis.get('unit')!r} is no unit of a spectral axis, write Hz, kHz, MHz, m or eV"
        )
    fitting = [name for name, of in _SPECTRAL_TYPES.items() if unit.is_equivalent(of)]
    kind = axis.get("type", fitting[0] if fitting else None)
    if kind not in fitting:
        raise ValueError(f"{unit} is no unit of a {kind}, correct type or unit in spectral_coords")
    return str(kind), unit


def _write_properties(
    given: Mapping[str, Any], identifier: str | None, time_axis: tuple[str, str, str], kind: str
) -> dict[str, Any]:
    spectral = {"type": kind, "unit": given["spectral_coords"]["unit"]}
    if given["spectral_coords"].get("scale") in ("linear", "log"):
        spectral["scale"] = given["spectral_coords"]["scale"]
    described = given.get("time_coords")
    name = described.get("name") if isinstance(described, Mapping) else None
    keys = ("name", "unit", "time_origin", "time_scale")
    time = (
        {"time_coords": dict(zip(keys, (str(name or "Time"), *time_axis), strict=True))}
        if identifier is None
        else {"time_coords_id": identifier}
    )
    return {
        "name": str(given.get("name") or "Time-Frequency"),
        **time,
        "spectral_coords": spectral,
        "ref_position_id": _read_position(given),
    }


def _read_position(given: Mapping[str, Any]) -> str:
    drafted = given.get("ref_position")
    drafted = drafted.get("id") if isinstance(drafted, Mapping) else None
    found = given.get("ref_position_id", drafted)
    if not isinstance(found, str) or not found.strip():
        raise ValueError(
            "the CRS has no reference position, add ref_position_id: where times were taken"
        )
    return found.strip()
