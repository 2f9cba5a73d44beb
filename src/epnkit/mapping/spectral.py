"""Wavelengths, frequencies and energies as frequencies in Hz, limits swapped if they must be.

EPN-TAP 2.0 gives spectral ranges in Hz (spectral_range_min, spectral_range_max), so the limit of
the longer wavelength becomes the lower one. Conversions are astropy's
(:func:`astropy.units.spectral`), with c = 299792458 m/s exactly.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl
from astropy import units as u

from epnkit.errors import MappingError
from epnkit.mapping.outcome import Outcome
from epnkit.mapping.reading import (
    as_texts,
    first_reason,
    from_numbers,
    map_distinct,
    numbers,
    refuse_unread,
)
from epnkit.units import parse_unit

_Array = np.ndarray[tuple[int], np.dtype[np.float64]]

#: Spellings that astropy doesn't know, or takes for a unit of something else, in lower case.
_SPELLINGS = {
    "a": "Angstrom",
    "å": "Angstrom",
    "ang": "Angstrom",
    "angstroms": "Angstrom",
    "microns": "micron",
    "µm": "um",
    "μm": "um",
    "nanometer": "nm",
    "nanometers": "nm",
    "meter": "m",
    "metre": "m",
    "meters": "m",
    "metres": "m",
    "hz": "Hz",
    "khz": "kHz",
    "mhz": "MHz",
    "ghz": "GHz",
    "thz": "THz",
    "ev": "eV",
    "kev": "keV",
    "mev": "MeV",
}

#: A unit given by its power of ten, as FITS ``WAVEUNIT`` and ``FREQUNIT`` are.
_POWER = re.compile(r"^\s*([+-]?[0-9]{1,2})(?:\.0*)?\s*$")

#: The powers of ten that name a unit of light's wavelength or frequency.
_POWERS = range(-15, 16)


@dataclass(frozen=True)
class Limits:
    """The two ends of spectral ranges, ``low.values <= high.values``, in Hz.

    Parameters
    ----------
    low, high : Outcome
        For ``spectral_range_min`` and ``spectral_range_max``.
    """

    low: Outcome
    high: Outcome


def hertz(values: pl.Series, unit: str | int | pl.Series, power_of: str = "m") -> Outcome:
    """Convert wavelengths, frequencies or energies to Hz.

    Parameters
    ----------
    values : polars.Series
        Numbers, or texts of numbers; zero and below have no frequency.
    unit : str, int or polars.Series
        The unit for all or for each: its name, or the power of ten of another unit
        (``WAVEUNIT = -9`` is nm).
    power_of : str
        The unit that powers of ten refer to: ``m`` for ``WAVEUNIT``, ``Hz`` for ``FREQUNIT``.

    Raises
    ------
    MappingError
        If a unit given for all isn't one of light.

    Examples
    --------
    >>> hertz(pl.Series([150.9, 3.0]), pl.Series(["MHz", "mHz"])).values.to_list()
    [150900000.0, 0.003]
    >>> hertz(pl.Series([1083.0]), -9).values[0] == hertz(pl.Series([1083.0]), "nm").values[0]
    True
    """
    if isinstance(unit, pl.Series):
        return _convert_each_unit(values, unit, power_of)
    known = unit_of(unit, power_of)
    if known is None:
        raise MappingError(
            f"{unit!r} is not a unit of wavelength, frequency or energy",
            cure="Give a name such as nm, Angstrom or MHz, or a power of ten such as -9",
        )
    return refuse_unread(values, from_numbers(_to_hertz(numbers(values), known), "hertz"), _LIGHT)


def hertz_limits(
    one: pl.Series, other: pl.Series, unit: str | int | pl.Series, power_of: str = "m"
) -> Limits:
    """Convert the two ends of spectral ranges to Hz, the lower frequency first.

    Parameters
    ----------
    one, other : polars.Series
        The ends, in any order; if one is missing the range is the other one alone.
    unit, power_of
        As for :func:`hertz`.

    Examples
    --------
    >>> limits = hertz_limits(pl.Series([10.0]), pl.Series([20.0]), "kHz")
    >>> limits.low.values.to_list(), limits.high.values.to_list()
    ([10000.0], [20000.0])
    """
    ends = [hertz(end, unit, power_of) for end in (one, other)]
    return _sort_limits(_fill_from_other(*ends), _fill_from_other(*reversed(ends)))


def hertz_band(
    centre: pl.Series, width: pl.Series | float, unit: str | int | pl.Series, power_of: str = "m"
) -> Limits:
    """Convert bands, given by centre and full width in one unit, to limits in Hz.

    Parameters
    ----------
    centre : polars.Series
        The middles.
    width : polars.Series or float
        The full widths; missing ones count as zero.
    unit, power_of
        As for :func:`hertz`, for both.

    Examples
    --------
    >>> band = hertz_band(pl.Series([100.0]), 20.0, "MHz")
    >>> band.low.values.to_list(), band.high.values.to_list()
    ([90000000.0], [110000000.0])
    """
    middle = numbers(centre)
    half = (numbers(width) if isinstance(width, pl.Series) else np.full(len(centre), width)) / 2
    half = np.abs(np.nan_to_num(half))
    ends = [from_numbers(middle + sign * half, centre.name) for sign in (-1.0, 1.0)]
    readable = refuse_unread(centre, from_numbers(middle, centre.name), "a number")
    found = hertz_limits(ends[0], ends[1], unit, power_of)
    return Limits(*(Outcome(e.values, first_reason(readable, e)) for e in (found.low, found.high)))


def hertz_of_lists(values: pl.Series, unit: str | int, power_of: str = "Hz") -> Limits:
    """Return the lowest and highest frequency of lists, zeros (which fill a list up) left out.

    Parameters
    ----------
    values : polars.Series
        Lists of numbers.
    unit, power_of
        As for :func:`hertz`; ``"100 kHz"`` is a unit too.

    Examples
    --------
    >>> limits = hertz_of_lists(pl.Series([[1500, 2280, 0]]), "100 kHz")
    >>> limits.low.values.to_list(), limits.high.values.to_list()
    ([150000000.0], [228000000.0])
    """
    real = values.list.eval(pl.element().filter(pl.element() > 0))
    return hertz_limits(real.list.min(), real.list.max(), unit, power_of)


@cache
def unit_of(unit: str | int | None, power_of: str = "m") -> u.UnitBase | None:
    """Find a unit by its name or power of ten; None when it isn't one of light.

    Parameters
    ----------
    unit : str or int
        ``nm``, ``Angstrom``, ``MHz``, ``-9``, ``"-10"`` ... The exact spelling counts before one in
        another case: ``mHz`` is a millihertz, ``mhz`` a megahertz.
    power_of : str
        The unit that powers of ten refer to.

    Examples
    --------
    >>> unit_of("nm"), unit_of("MHZ"), unit_of("K")
    (Unit("nm"), Unit("MHz"), None)
    """
    text = str(unit).strip()
    power = _POWER.match(text)
    if power:
        inside = int(power[1]) in _POWERS
        return u.Unit(10.0 ** int(power[1]) * u.Unit(power_of)) if inside else None
    exact = parse_unit(text)
    if exact is not None and _is_light(exact):
        return exact
    # Only then in any case: mHz is no MHz, and K, the kelvin, no kayser (k).
    folded = _SPELLINGS.get(text.lower(), "" if exact is not None else text.lower())
    found = parse_unit(folded)
    return found if found is not None and _is_light(found) else None


def _is_light(unit: u.UnitBase) -> bool:
    return bool(unit.is_equivalent(u.Hz, equivalencies=u.spectral()))


_LIGHT = "a wavelength, frequency or energy above zero"


def _to_hertz(values: _Array, unit: u.UnitBase) -> _Array:
    above = np.where((values > 0) & np.isfinite(values), values, np.nan)
    made = np.asarray((above * unit).to_value(u.Hz, equivalencies=u.spectral()), dtype=np.float64)
    return np.where(np.isfinite(made) & (made > 0), made, np.nan)


def _convert_each_unit(values: pl.Series, units: pl.Series, power_of: str) -> Outcome:
    """Convert values whose units differ, each different unit once."""
    given, names = numbers(values), as_texts(units)
    made = np.full(len(given), np.nan)
    for name in names.drop_nulls().unique():
        known = unit_of(name, power_of)
        chosen = (names == name).fill_null(value=False).to_numpy()
        if known is not None:
            made[chosen] = _to_hertz(given[chosen], known)
    light = refuse_unread(values, from_numbers(made, "hertz"), _LIGHT)
    return Outcome(
        light.values, first_reason(_refuse_unknown_units(values, names, power_of), light)
    )


def _refuse_unknown_units(values: pl.Series, names: pl.Series, power_of: str) -> Outcome:
    """Complain of units that aren't known, and of values that have none."""
    known = map_distinct(names, lambda name: name if unit_of(name, power_of) else None)
    given = names.fill_null("no unit").set(values.is_null(), None)
    return refuse_unread(given, known, "a unit of wavelength, frequency or energy")


def _fill_from_other(end: Outcome, other: Outcome) -> Outcome:
    """Take the other end if this one is missing, but not if one is wrong."""
    wrong = end.reasons.is_not_null() | other.reasons.is_not_null()
    substitute = other.values.set(wrong, None)
    return Outcome(end.values.zip_with(end.values.is_not_null(), substitute), end.reasons)


def _sort_limits(one: Outcome, other: Outcome) -> Limits:
    low, high = (
        from_numbers(pick(numbers(one.values), numbers(other.values)), name)
        for pick, name in ((np.minimum, "low"), (np.maximum, "high"))
    )
    reasons = first_reason(one, other)
    return Limits(Outcome(low, reasons), Outcome(high, reasons))
