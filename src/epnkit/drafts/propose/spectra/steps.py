"""Proposals for spectral steps and resolutions, also those in units of wavelength."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from astropy import units as u

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.propose.code import CodeValue, by_value, number, numbers_of, scale
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.propose.spectra.units import SpectralUnit, unit_of_light
from epnkit.drafts.recognise.meanings import Candidate, find_candidates, plain_name
from epnkit.drafts.recognise.units import is_in_angstrom
from epnkit.mapping.spectral import unit_of

#: How sure values in a unit of wavelength are, and those whose unit is taken from the range.
_CONVERTED, _BORROWED, _DOUBTFUL = 0.82, 0.72, 0.55

#: The resolving power below which a number is rather a width.
_LEAST_POWER = 20.0

#: The speed of light in m/s.
_LIGHT = 299792458.0


@dataclass(frozen=True)
class SpectralAxis:
    """The two ends of a range, or one field for both, and their unit.

    Parameters
    ----------
    low, high : Field
        The ends.
    unit : SpectralUnit
        Their unit.
    alone : bool
        Whether only a unit says that they are spectral, as may be of a step.
    width : str
        The field of the width around a middle, of which the ends are made; empty if there is none.
    """

    low: Field
    high: Field
    unit: SpectralUnit
    alone: bool = False
    width: str = ""


def propose_steps(sample: Sample, axis: SpectralAxis | None) -> Iterator[Proposal]:
    """Propose spectral_sampling_step in Hz, and spectral_resolution as resolving power.

    Parameters
    ----------
    sample : Sample
        The records.
    axis : SpectralAxis, optional
        The range, by which widths in units of wavelength are converted.
    """
    steps = set() if axis is None else {axis.low.name, axis.high.name, axis.width}
    # What is a step by its name is no resolution by its UCD.
    for quantity in ("spectral_sampling_step", "spectral_resolution"):
        found = find_candidates(sample, quantity) or _find_bare(sample, quantity, axis)
        numeric = (c for c in found if len(c.field.numbers) and c.field.name not in steps)
        for candidate in list(numeric)[:1]:
            steps.add(candidate.field.name)
            yield from _propose(sample, quantity, candidate, axis)


def _find_bare(sample: Sample, quantity: str, axis: SpectralAxis | None) -> list[Candidate]:
    """Find a step whose name says no more: in a unit of light, or next to a range."""
    found = find_candidates(sample, f"{quantity}_bare")
    return [c for c in found if unit_of_light(sample, c.field) or _is_next_to(axis, c.field)]


def _is_next_to(axis: SpectralAxis | None, field: Field) -> bool:
    return axis is not None and (axis.alone or field.context == axis.low.context != ())


def _propose(
    sample: Sample, quantity: str, candidate: Candidate, axis: SpectralAxis | None
) -> Iterator[Proposal]:
    field = candidate.field
    said = unit_of_light(sample, field) or ("Angstrom" if is_in_angstrom(field) else "")
    is_power = quantity == "spectral_resolution"
    if is_power and not said and not _is_width(candidate, axis):
        yield from _for_both_ends(quantity, number(numbers_of(field)), candidate, "by its name")
        return
    factors = _find_factors(sample, said, axis)
    if factors is None or axis is None:
        if not is_power and unit_of(said or "Hz") is not None:
            yield from _propose_hertz(quantity, candidate, said)
        return
    most = _CONVERTED if said else _BORROWED
    score = min(candidate.score, most if axis.unit.confidence > most else _DOUBTFUL)
    yield from _convert(quantity, Candidate(field, score), factors, axis)


def _is_width(candidate: Candidate, axis: SpectralAxis | None) -> bool:
    """Return whether a number without a unit is too small for a resolving power."""
    largest = float(str(candidate.field.numbers.max()))
    return axis is not None and "power" not in candidate.field.words and largest < _LEAST_POWER


def _propose_hertz(quantity: str, candidate: Candidate, said: str) -> Iterator[Proposal]:
    """Propose a step in a unit in which all steps are alike, such as kHz; else nothing."""
    factor = _linear_factor(said or "Hz")
    if factor is None:
        return
    field = candidate.field
    exact = plain_name(field.name).startswith(quantity) or bool(said)
    score = candidate.score if exact else min(candidate.score, _DOUBTFUL)
    made = scale(numbers_of(field), factor)
    yield from _for_both_ends(quantity, made, Candidate(field, score), "by its name")


def _for_both_ends(
    quantity: str, made: CodeValue, candidate: Candidate, reason: str
) -> Iterator[Proposal]:
    for end in ("min", "max"):
        names = (candidate.field.name,)
        yield Proposal((f"{quantity}_{end}",), made, names, candidate.score, reason)


def _linear_factor(unit: str) -> float | None:
    """Return what a step of one is in Hz, if that is the same wherever it is; None for others."""
    known = unit_of(unit)
    if known is None or known.is_equivalent(u.m):
        return None
    return float(known.to(u.Hz, equivalencies=u.spectral()))


def _metres_of(unit: str) -> float | None:
    known = unit_of(unit)
    return float(known.to(u.m)) if known is not None and known.is_equivalent(u.m) else None


def _find_factors(
    sample: Sample, said: str, axis: SpectralAxis | None
) -> tuple[CodeValue, CodeValue] | None:
    """Declare the units of a width and of a range in metres; None if they are no wavelengths."""
    if axis is None:
        return None
    if axis.unit.is_field:
        units = sample.fields[axis.unit.field].texts.unique()
        metres = {unit: _metres_of(unit) for unit in units}
        if isinstance(axis.unit.given, CodeValue) or not metres or not all(metres.values()):
            return None
        of_range = by_value(axis.unit.field, metres)
    elif isinstance(axis.unit.given, str) and (length := _metres_of(axis.unit.given)):
        of_range = _literal(length)
    else:
        return None
    if not said:
        return of_range, of_range
    of_width = _metres_of(said)
    return (_literal(of_width), of_range) if of_width else None


def _literal(value: float) -> CodeValue:
    return CodeValue(value, repr(value))


def _convert(
    quantity: str, candidate: Candidate, factors: tuple[CodeValue, CodeValue], axis: SpectralAxis
) -> Iterator[Proposal]:
    """Convert widths in wavelength: their steps in Hz, or the resolving power, at either end."""
    of_width, of_range = factors
    width = _times(number(numbers_of(candidate.field)), of_width)
    ends = {
        end: _times(number(numbers_of(field)), of_range)
        for end, field in (("short", axis.low), ("long", axis.high))
    }
    is_power = quantity == "spectral_resolution"
    order = ("short", "long") if is_power else ("long", "short")
    for end, at in zip(("min", "max"), order, strict=True):
        place = ends[at]
        if is_power:
            made = CodeValue(place.value / width.value, f"{place.code} / ({width.code})")
        else:
            made = CodeValue(
                width.value * _LIGHT / place.value**2,
                f"{width.code} * {_LIGHT} / ({place.code}) ** 2",
            )
        names = tuple(dict.fromkeys((candidate.field.name, axis.low.name, axis.high.name)))
        reason = "a width in wavelength, at the ends of the range"
        yield Proposal((f"{quantity}_{end}",), made, names, candidate.score, reason)


def _times(value: CodeValue, factor: CodeValue) -> CodeValue:
    return CodeValue(value.value * factor.value, f"{value.code} * {factor.code}")
