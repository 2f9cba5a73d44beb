"""The unit of spectral values: a field's, a standard's, the source's, one by record, or a guess."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

from epnkit.drafts.inspect.sample import Field, Sample, UnitsByValue
from epnkit.drafts.propose.code import CodeValue, by_value, fill_nulls, literal, text
from epnkit.drafts.recognise.meanings import find_candidates, plain_name
from epnkit.drafts.recognise.units import ends_with_a, find_unit_field, is_in_angstrom
from epnkit.drafts.recognise.values import are_spectral_units
from epnkit.mapping.spectral import unit_of

#: Words of names that are units.
UNITS = {
    "hz": "Hz",
    "khz": "kHz",
    "mhz": "MHz",
    "ghz": "GHz",
    "nm": "nm",
    "angstrom": "Angstrom",
    "angstroms": "Angstrom",
    "um": "um",
    "micron": "um",
    "microns": "um",
    "kev": "keV",
    "ev": "eV",
    "mev": "MeV",
    "nanometers": "nm",
    "thz": "THz",
    "nanometer": "nm",
    "cm1": "cm-1",
}

#: Names whose unit a standard gives.
_BY_STANDARD = {
    "em_min": "m",
    "em_max": "m",
    "spectral_range_min": "Hz",
    "spectral_range_max": "Hz",
    "wavelnth": None,
    "twmin": "Angstrom",  # IRIS's keywords of windows
    "twmax": "Angstrom",
}

#: The passbands of imagers in the extreme ultraviolet, in ångström (SDO/AIA, SOHO/EIT...).
_PASSBANDS = {94, 131, 171, 174, 175, 193, 195, 211, 284, 304, 335, 1600, 1700, 4500}

#: The longest wavelength in metres that is believed: 3 MHz.
_LONGEST_METRES = 100.0

#: Units of light that are mostly those of something else, and from which length on, in metres.
_ELSEWHERE, _LONG = {"J"}, 1e-3

#: How sure units are that another field tells, and those that nothing tells apart.
_BY_RECORD, _MIXED = 0.85, 0.5

Quantity = Literal["wavelength", "frequency", "wavenumber", "energy"]


@dataclass(frozen=True)
class SpectralUnit:
    """The unit of spectral values, and how sure that is.

    Parameters
    ----------
    given : str or CodeValue
        The unit of all, the name of the field that holds it, or a value for each record.
    field : str
        The field that holds it, or tells it; empty if none does.
    confidence : float
        From 0 to 1.
    reason : str
        Why, in a few words.
    by_value : bool
        Whether the field only tells it, as an instrument does.
    is_power : bool
        Whether the field holds powers of ten.
    """

    given: str | CodeValue
    field: str
    confidence: float
    reason: str
    by_value: bool = False
    is_power: bool = False

    @property
    def is_field(self) -> bool:
        """Whether a field of each record holds it, or tells it."""
        return bool(self.field)

    @property
    def value(self) -> CodeValue:
        """The unit for each record."""
        if isinstance(self.given, CodeValue):
            return self.given
        return text(self.given) if self.is_field else literal(self.given)


def find_spectral_unit(sample: Sample, quantity: Quantity, field: Field) -> SpectralUnit:
    """Find the unit: a field that holds it, the name itself, a standard, or the values.

    Parameters
    ----------
    sample : Sample
        The records.
    quantity : str
        What the values are.
    field : Field
        The values.
    """
    # Within a document, the name of a column of EPNcore is somebody else's word.
    standard = None if field.context else _BY_STANDARD.get(plain_name(field.name))
    if standard == "m" and _largest(field) > _LONGEST_METRES:
        return replace(_guess_unit(quantity, field), reason="too long for m, its standard's unit")
    if standard:
        return SpectralUnit(standard, "", 0.97, f"{standard} by the standard of that name")
    named = next((UNITS[word] for word in field.words if word in UNITS), None)
    named = named or ("Angstrom" if is_in_angstrom(field) else None)
    if named:
        return SpectralUnit(named, "", 0.96, f"{named} by the name")
    if quantity == "wavelength" and ends_with_a(field):
        return SpectralUnit("Angstrom", "", 0.88, "Angstrom by the a at the end of the name")
    if field.name in sample.declared.units_by:
        return _unit_by_record(sample, sample.declared.units_by[field.name], quantity, field)
    declared = sample.declared.units.get(field.name, "")
    if declared and unit_of(declared) is not None:
        return SpectralUnit(declared, "", 0.96, f"{declared}, as the source declares")
    fields = [c.field for c in find_candidates(sample, f"{quantity}_unit")]
    fields = [each for each in (find_unit_field(sample, field), *fields) if each is not None]
    unit = next((each for each in fields if are_spectral_units(each)), None)
    if unit is not None:
        return _unit_of_field(unit, field)
    return _guess_unit(quantity, field)


def _unit_by_record(
    sample: Sample, known: UnitsByValue, quantity: Quantity, field: Field
) -> SpectralUnit:
    """Take the unit that another field tells, since files differ; or a guess if none does."""
    told = ", ".join(dict.fromkeys(known.units.values()))
    if known.field and all(unit_of(unit) is not None for unit in known.units.values()):
        made, reason = by_value(known.field, dict(known.units)), f"{told}, by {known.field}"
        return SpectralUnit(made, known.field, _BY_RECORD, reason, by_value=True)
    units = [unit_of(unit) for unit in known.units.values()]
    if units[0] is not None and all(unit == units[0] for unit in units):
        return _complete_unit(sample, quantity, next(iter(known.units.values())))
    guess, reason = _guess_unit(quantity, field), f"files give it in {told}, and nothing says which"
    return replace(guess, confidence=_MIXED, reason=reason)


def _complete_unit(sample: Sample, quantity: Quantity, told: str) -> SpectralUnit:
    """Take the unit that some files tell for those that have none of their own."""
    reason = f"{told}, as some files say"
    fields = [c.field for c in find_candidates(sample, f"{quantity}_unit")]
    unit = next((each for each in fields if are_spectral_units(each)), None)
    if unit is None:
        return SpectralUnit(told, "", _MIXED, reason)
    given = fill_nulls(unit.name, told)
    return SpectralUnit(given, unit.name, _MIXED, f"the unit is in {unit.name}; or {reason}")


def _unit_of_field(unit: Field, field: Field) -> SpectralUnit:
    """Take the unit from its field; where it is missing, the one that most records have."""
    lacking = int((unit.values.is_null() & field.values.is_not_null()).sum())
    powers = len(unit.numbers) > 0
    if not lacking:
        reason = f"the unit is in {unit.name}"
        return SpectralUnit(unit.name, unit.name, 0.96, reason, is_power=powers)
    common = str(unit.given.cast(pl.String).mode().sort()[0])
    reason = f"the unit is in {unit.name}; {lacking} records lack it, taken for {common}"
    given = fill_nulls(unit.name, common)
    return SpectralUnit(given, unit.name, 0.75, reason, is_power=powers)


def _guess_unit(quantity: Quantity, field: Field) -> SpectralUnit:
    numbers = field.most_numbers.cast(pl.Float64)
    numbers = numbers.filter(numbers > 0)
    low, high = (float(str(end or 0.0)) for end in (numbers.min(), numbers.max()))
    if quantity == "energy":
        return SpectralUnit("keV", "", 0.6, "keV, as of X-rays")
    if quantity == "wavenumber":
        return SpectralUnit("cm-1", "", 0.9, "cm-1, as wave numbers mostly are")
    if quantity == "frequency":
        unit = "Hz" if low >= 1e6 else "MHz" if high < 1e5 else "kHz"
        return SpectralUnit(unit, "", 0.6, f"{unit} by the values alone")
    values = {round(value) for value in numbers}
    if values <= _PASSBANDS:
        return SpectralUnit("Angstrom", "", 0.85, "Angstrom, as the passbands of imagers are")
    unit = "m" if high < 1e-3 else "um" if high < 50 else "Angstrom" if low >= 3000 else "nm"
    return SpectralUnit(unit, "", 0.6, f"{unit} by the values alone")


def _largest(field: Field) -> float:
    return float(str(field.most_numbers.max() or 0.0))


def unit_of_light(sample: Sample, field: Field) -> str:
    """Return the unit that a name, the source or a field gives, if it is one of light."""
    named = next((UNITS[word] for word in field.words if word in UNITS), "")
    given = sample.declared.units.get(field.name, "") or _constant_unit(sample, field)
    return named or (given if given and _is_of_light(given) else "")


def _is_of_light(given: str) -> bool:
    known = unit_of(given)
    if known is None or given in _ELSEWHERE:
        return False
    return not (known.is_equivalent("m") and known.to("m") >= _LONG)


def _constant_unit(sample: Sample, field: Field) -> str:
    unit = find_unit_field(sample, field)
    return str(unit.texts[0]) if unit is not None and unit.distinct == 1 else ""
