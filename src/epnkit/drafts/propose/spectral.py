"""Proposals for the spectral range, its steps and its resolution."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.propose.code import CodeValue, call, fill_nulls, number, number_or_null, scaled
from epnkit.drafts.propose.proposal import SURE, Proposal
from epnkit.drafts.recognise.meanings import Candidate, find_candidates, plain_name
from epnkit.drafts.recognise.units import ends_with_a, find_unit_field, is_in_angstrom
from epnkit.drafts.recognise.values import are_spectral_units, share_matching
from epnkit.mapping.spectral import hertz_band, hertz_limits, unit_of

_RANGE = ("spectral_range_min", "spectral_range_max")

#: Words of names that are units.
_UNITS = {
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
    "nanometers": "nm",
    "thz": "THz",
    "nanometer": "nm",
}

#: Names whose unit a standard gives.
_BY_STANDARD = {
    "em_min": "m",
    "em_max": "m",
    "spectral_range_min": "Hz",
    "spectral_range_max": "Hz",
    "wavelnth": None,
}

#: The passbands of imagers in the extreme ultraviolet, in ångström (SDO/AIA, SOHO/EIT...).
_PASSBANDS = {94, 131, 171, 174, 175, 193, 195, 211, 284, 304, 335, 1600, 1700, 4500}

#: The longest wavelength in metres that is believed: 3 MHz.
_LONGEST_METRES = 100.0

#: The highest frequency of a range, in hertz, below which another unit is likely.
_LOWEST = 1000.0

#: The share of values from which on zeros are no longer few that stand for nothing.
_FEW = 0.5

#: How many fewer records may have a range that is chosen for its name.
_MUCH_LESS = 0.1

#: Words of names of the lower and the upper end of a range.
_LOW = {"min", "low", "lower", "start", "first", "from", "begin", "blue"}
_HIGH = {"max", "high", "upper", "end", "stop", "last", "to", "red"}

#: Units of light that are mostly those of other lengths.
_LENGTHS = {"m", "cm", "mm", "km", "J", "meter", "metre"}

#: Words of names of what has a unit of light, and is no position in a spectrum.
_NO_POSITION = {
    "width",
    "fwhm",
    "bandwidth",
    "step",
    "resolution",
    "sampling",
    "dispersion",
    "shift",
    "drift",
    "rate",
    "size",
    "diameter",
    "radius",
    "grain",
    "particle",
    "thickness",
    "plasma",
    "gyro",
    "clock",
    "pixel",
    "error",
    "rms",
    "depth",
}

Quantity = Literal["wavelength", "frequency", "wavenumber", "energy"]


@dataclass(frozen=True)
class _SpectralUnit:
    """The unit of spectral values: a name, or the field that holds it; and how sure that is."""

    given: str | CodeValue
    field: str
    confidence: float
    reason: str

    @property
    def is_field(self) -> bool:
        """Whether a field of each record holds it."""
        return bool(self.field)


def propose_spectral(sample: Sample) -> Iterator[Proposal]:
    """Propose spectral_range_min and _max, and the steps and resolution."""
    quantities: tuple[Quantity, ...] = ("frequency", "wavelength", "wavenumber", "energy")
    found = [made for quantity in quantities for made in _propose_range(sample, quantity)]
    found += _propose_axes(sample)
    found = _keep_common(found or list(propose_by_unit(sample)), sample)
    sure = [each for each in found if each.sure]  # frequencies first: what is wanted, as it is
    for best in (sure or sorted(found, key=lambda each: -each.confidence))[:1]:
        yield _cap_doubtful(best, sample)
    yield from _propose_steps(sample)


def _keep_common(found: list[Proposal], sample: Sample) -> list[Proposal]:
    """Leave out what much fewer records have than something else."""
    shares = [min(sample.fields[name].coverage for name in each.fields[:2]) for each in found]
    most = max(shares, default=0.0)
    return [each for each, share in zip(found, shares, strict=True) if share >= most - _MUCH_LESS]


def _cap_doubtful(best: Proposal, sample: Sample) -> Proposal:
    """Cap a range if other fields hold something spectral too, or its values are implausible."""
    others = [
        field.name
        for field in sample
        if field.name not in best.fields
        and len(field.numbers)
        and _UNITS.keys() & set(field.words)
        and not {"step", "resolution", "width", "sampling"} & set(field.words)
    ]
    if others:
        return best.cap(0.8, f"{best.reason}; or is it in {', '.join(others[:3])}?")
    largest = [sample.fields[name].most_numbers.max() for name in best.fields]
    highest = max((float(str(value)) for value in largest if value is not None), default=0.0)
    if best.value.code.endswith('unit="Hz")') and highest < _LOWEST:
        return best.cap(0.5, f"{best.reason}; but so low a frequency may be in MHz")
    return best


def _propose_range(sample: Sample, quantity: Quantity) -> Iterator[Proposal]:
    ends = [_find_numeric(sample, f"{quantity}_{end}") for end in ("min", "max")]
    if ends[0] and ends[1]:
        yield _propose_limits(sample, quantity, ends[0], ends[1])
    middle = None if quantity == "energy" else _find_numeric(sample, quantity)
    if middle:
        yield _propose_limits(sample, quantity, middle, middle)


def _find_numeric(sample: Sample, meaning: str) -> Candidate | None:
    found = [c for c in find_candidates(sample, meaning) if len(c.field.most_numbers)]
    return found[0] if found else None


def _propose_limits(
    sample: Sample, quantity: Quantity, low: Candidate, high: Candidate
) -> Proposal:
    names = low.field.name, high.field.name
    unit = _find_unit(sample, quantity, low.field)
    score = min(low.score, high.score, unit.confidence)
    fields: tuple[str, ...] = tuple(dict.fromkeys(names))
    if low is high:
        # One value is no range: it may be the middle of a band whose width is not known.
        score, reason = min(score, 0.92), f"one value for both ends; {unit.reason}"
    else:
        reason = f"both ends by their names; {unit.reason}"
    values = [_value_of(each.field) for each in (low, high)]
    if any(isinstance(each, CodeValue) for each in values):
        score, reason = min(score, 0.78), f"{reason}; some values are no numbers above zero"
    powers = {"power_of": "Hz"} if quantity == "frequency" else {}

    def with_unit(said: str) -> CodeValue:
        if unit.is_field:  # what a person says is for the records that lack a unit
            return call(hertz_limits, *values, fill_nulls(unit.field, said), **powers)
        return call(hertz_limits, *values, unit=said)

    again = with_unit if unit.confidence < SURE else None
    if unit.is_field:
        made, fields = call(hertz_limits, *values, unit.given, **powers), (*fields, unit.field)
    else:
        made = call(hertz_limits, *values, unit=str(unit.given))
    return Proposal(_RANGE, made, fields, score, reason, again)


def _largest(field: Field) -> float:
    return float(str(field.most_numbers.max() or 0.0))


def _value_of(field: Field) -> str | CodeValue:
    """Return a field's name; or its numbers, if a few values stand for none."""
    numbers = field.most_numbers.cast(pl.Float64)
    wrong = len(field.given) - int((numbers > 0).sum())
    return number_or_null(field.name) if 0 < wrong < _FEW * len(field.given) else field.name


def _find_unit(sample: Sample, quantity: Quantity, field: Field) -> _SpectralUnit:
    """Find the unit: a field that holds it, the name itself, a standard, or the values."""
    standard = _BY_STANDARD.get(plain_name(field.name))
    if standard == "m" and _largest(field) > _LONGEST_METRES:
        return replace(_guess_unit(quantity, field), reason="too long for m, its standard's unit")
    if standard:
        return _SpectralUnit(standard, "", 0.97, f"{standard} by the standard of that name")
    named = next((_UNITS[word] for word in field.words if word in _UNITS), None)
    named = named or ("Angstrom" if is_in_angstrom(field) else None)
    if named:
        return _SpectralUnit(named, "", 0.96, f"{named} by the name")
    if quantity == "wavelength" and ends_with_a(field):
        return _SpectralUnit("Angstrom", "", 0.88, "Angstrom by the a at the end of the name")
    declared = sample.declared.units.get(field.name, "")
    if declared and unit_of(declared) is not None:
        return _SpectralUnit(declared, "", 0.96, f"{declared}, as the source declares")
    fields = [c.field for c in find_candidates(sample, f"{quantity}_unit")]
    fields = [each for each in (find_unit_field(sample, field), *fields) if each is not None]
    unit = next((each for each in fields if are_spectral_units(each)), None)
    if unit is not None:
        return _unit_of_field(unit, field)
    return _guess_unit(quantity, field)


def _unit_of_field(unit: Field, field: Field) -> _SpectralUnit:
    """Take the unit from its field; where it is missing, the one that most records have."""
    lacking = int((unit.values.is_null() & field.values.is_not_null()).sum())
    if not lacking:
        return _SpectralUnit(unit.name, unit.name, 0.96, f"the unit is in {unit.name}")
    common = str(unit.given.cast(pl.String).mode().sort()[0])
    reason = f"the unit is in {unit.name}; {lacking} records lack it, taken for {common}"
    return _SpectralUnit(fill_nulls(unit.name, common), unit.name, 0.75, reason)


def _guess_unit(quantity: Quantity, field: Field) -> _SpectralUnit:
    numbers = field.most_numbers.cast(pl.Float64)
    numbers = numbers.filter(numbers > 0)
    low, high = (float(str(end or 0.0)) for end in (numbers.min(), numbers.max()))
    if quantity == "energy":
        return _SpectralUnit("keV", "", 0.6, "keV, as of X-rays")
    if quantity == "wavenumber":
        return _SpectralUnit("cm-1", "", 0.9, "cm-1, as wave numbers mostly are")
    if quantity == "frequency":
        unit = "Hz" if low >= 1e6 else "MHz" if high < 1e5 else "kHz"
        return _SpectralUnit(unit, "", 0.6, f"{unit} by the values alone")
    values = {round(value) for value in numbers}
    if values <= _PASSBANDS:
        return _SpectralUnit("Angstrom", "", 0.85, "Angstrom, as the passbands of imagers are")
    unit = "m" if high < 1e-3 else "um" if high < 50 else "Angstrom" if low >= 3000 else "nm"
    return _SpectralUnit(unit, "", 0.6, f"{unit} by the values alone")


def propose_by_unit(sample: Sample) -> Iterator[Proposal]:
    """Propose fields of which nothing but the unit says that they are spectral: ``line_nm``."""
    found = [f for f in sample if len(f.numbers) and _is_position(f) and _unit_of_light(sample, f)]
    lows, highs = ([f for f in found if set(f.words) & side] for side in (_LOW, _HIGH))
    middle = [f for f in found if f not in lows and f not in highs]
    pairs = [*zip(lows[:1], highs[:1], strict=False), *((f, f) for f in middle[:1])]
    for low, high in pairs[:1]:
        unit = _unit_of_light(sample, low)
        made = call(hertz_limits, low.name, high.name, unit=unit)
        names = tuple(dict.fromkeys((low.name, high.name)))
        yield Proposal(_RANGE, made, names, 0.75, f"by its unit, {unit}")


def _is_position(field: Field) -> bool:
    return not {*field.words, *field.context} & _NO_POSITION


def _unit_of_light(sample: Sample, field: Field) -> str:
    """Return the unit that a name, the source or a field gives, if it is one of light."""
    named = next((_UNITS[word] for word in field.words if word in _UNITS), "")
    given = sample.declared.units.get(field.name, "") or _constant_unit(sample, field)
    is_short = given not in _LENGTHS and bool(given) and unit_of(given) is not None
    return named or (given if is_short else "")


def _constant_unit(sample: Sample, field: Field) -> str:
    unit = find_unit_field(sample, field)
    return str(unit.texts[0]) if unit is not None and unit.distinct == 1 else ""


def _propose_axes(sample: Sample) -> Iterator[Proposal]:
    """Propose a spectral axis of one pixel (FITS WCS, paper III): its middle and its width."""
    for axis in range(1, 6):
        keys = [f"{word}{axis}" for word in ("CTYPE", "CRVAL", "CDELT", "CUNIT", "NAXIS")]
        if not all(key in sample.fields for key in keys):
            continue
        kind, middle, width, unit, length = (sample.fields[key] for key in keys)
        spectral_kind = len(kind.texts) > 0 and share_matching(kind.texts, r"^(FREQ|WAVE)") == 1.0
        if spectral_kind and length.given.unique().to_list() == [1] and unit.distinct == 1:
            made = call(hertz_band, middle.name, width.name, unit=str(unit.texts[0]))
            yield Proposal(
                _RANGE,
                made,
                (middle.name, width.name),
                0.95,
                f"the spectral axis {axis}, of one pixel",
            )


def _propose_steps(sample: Sample) -> Iterator[Proposal]:
    for quantity in ("spectral_sampling_step", "spectral_resolution"):
        for candidate in find_candidates(sample, quantity)[:1]:
            if len(candidate.field.numbers) and (found := _in_hertz(sample, candidate, quantity)):
                made, confidence = found
                for end in ("min", "max"):
                    names = (candidate.field.name,)
                    yield Proposal((f"{quantity}_{end}",), made, names, confidence, "by its name")


def _in_hertz(
    sample: Sample, candidate: Candidate, quantity: str
) -> tuple[CodeValue, float] | None:
    """Return a step in Hz if its unit is one of frequency; a resolving power has no unit."""
    field, name = candidate.field, candidate.field.name
    said = _unit_of_light(sample, field) or ("Angstrom" if is_in_angstrom(field) else "")
    if quantity == "spectral_resolution":
        return None if said else (number(name), candidate.score)
    unit = unit_of(said or "Hz")
    if unit is None or not unit.is_equivalent("Hz"):
        return None  # steps in wavelength are as different in frequency as the wavelengths are
    exact = plain_name(name).startswith("spectral_sampling_step") or bool(said)
    confidence = candidate.score if exact else min(candidate.score, 0.55)
    return scaled(name, float(unit.to("Hz"))), confidence
