"""Proposals for the spectral range, its steps and its resolution."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.propose.code import (
    CodeValue,
    call,
    choose,
    fill_nulls,
    number,
    number_or_null,
    numbers_of,
)
from epnkit.drafts.propose.common import keep_common
from epnkit.drafts.propose.proposal import SURE, Proposal
from epnkit.drafts.propose.spectra.steps import SpectralAxis, propose_steps
from epnkit.drafts.propose.spectra.texts import propose_spectral_texts
from epnkit.drafts.propose.spectra.units import (
    UNITS,
    Quantity,
    SpectralUnit,
    find_spectral_unit,
    unit_of_light,
)
from epnkit.drafts.propose.spectra.widths import SpectralWidth, find_width
from epnkit.drafts.propose.spectra.windows import propose_windows
from epnkit.drafts.propose.synonyms import count_synonyms, find_synonyms
from epnkit.drafts.recognise.meanings import Candidate, find_candidates
from epnkit.drafts.recognise.values import are_spectral_units, share_matching
from epnkit.mapping.spectral import hertz_band, hertz_limits

_RANGE = ("spectral_range_min", "spectral_range_max")

#: How sure ranges are that complete each other.
_JOINED = 0.82

#: How sure a start and a stop are whose unit alone is spectral.
_BARE = 0.85

#: How sure what is spectral is of which nothing but the unit says so.
_BY_UNIT = 0.75

#: The highest frequency of a range, in hertz, below which another unit is likely.
_LOWEST = 1000.0

#: The share of values from which on zeros are no longer few that stand for nothing.
_FEW = 0.5

#: Words of names of the lower and the upper end of a range.
_LOW = {"min", "low", "lower", "start", "first", "from", "begin", "blue", "short"}
_HIGH = {"max", "high", "upper", "end", "stop", "last", "to", "red", "long"}

#: Words of names of what has a unit of light, and is no position in a spectrum.
_NO_POSITION = {
    "width",
    "fwhm",
    "bandwidth",
    "bandpass",
    "passband",
    "channel",
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

#: Words of particles, and how many kinds of them a field may hold.
_PARTICLES = frozenset(
    ["proton", "protons", "electron", "electrons", "ion", "ions", "particle", "particles"]
)
_KINDS = 12


@dataclass(frozen=True)
class _Range:
    """The fields of the two ends of a spectral range, or one field for both, and their unit."""

    quantity: Quantity
    low: Candidate
    high: Candidate
    unit: SpectralUnit
    width: SpectralWidth | None = None

    @property
    def score(self) -> float:
        """How sure the fields and the unit are."""
        of_width = 1.0 if self.width is None else self.width.confidence
        return min(self.low.score, self.high.score, self.unit.confidence, of_width)

    @property
    def ends(self) -> tuple[str | CodeValue, str | CodeValue]:
        """Both ends, in the unit."""
        if self.width is not None:
            return self.width.split(_value_of(self.low.field))
        return _value_of(self.low.field), _value_of(self.high.field)

    @property
    def fields(self) -> list[str]:
        """The fields that it comes from."""
        of_unit = [self.unit.field] if self.unit.is_field else []
        of_width = [] if self.width is None else [self.width.field]
        named = [self.low.field.name, self.high.field.name, *of_unit, *of_width]
        return list(dict.fromkeys(named))


def propose_spectral(sample: Sample) -> Iterator[Proposal]:
    """Propose spectral_range_min and _max, and the steps and resolution."""
    quantities: tuple[Quantity, ...] = ("frequency", "wavelength", "wavenumber", "energy")
    if _is_of_particles(sample):
        quantities = quantities[:-1]  # their energy is no spectral coordinate
    ranges = [each for quantity in quantities for each in _find_ranges(sample, quantity)]
    joined = _join_ranges(sample, ranges)
    if joined is not None:
        yield joined
        yield from propose_steps(sample, _choose_axis(sample, ranges))
        return
    found = [_propose_limits(each) for each in ranges]
    found += [*_propose_axes(sample), *_propose_bare_ends(sample)]
    found = found or list(propose_windows(sample)) or list(propose_by_unit(sample))
    found = keep_common(
        found or propose_spectral_texts(sample),
        lambda each: min(sample.fields[name].coverage for name in each.fields[:2]),
    )
    sure = [each for each in found if each.sure]  # frequencies first: what is wanted, as it is
    for best in (sure or sorted(found, key=lambda each: -each.confidence))[:1]:
        yield _cap_doubtful(best, sample)
    yield from propose_steps(sample, _choose_axis(sample, ranges))


def _is_of_particles(sample: Sample) -> bool:
    """Return whether names, or the values of few, speak of particles."""
    for field in sample:
        values = field.texts.unique().str.to_lowercase()
        if _PARTICLES & {*field.words, *(values if len(values) <= _KINDS else ())}:
            return True
    return False


def _cap_doubtful(best: Proposal, sample: Sample) -> Proposal:
    """Cap a range if other fields hold something spectral too, or its values are implausible."""
    others = [
        field.name
        for field in sample
        if field.name not in best.fields
        and len(field.numbers)
        and UNITS.keys() & set(field.words)
        and _is_position(field)
    ]
    if others:
        return best.cap(0.8, f"{best.reason}; or is it in {', '.join(others[:3])}?")
    largest = [sample.fields[name].most_numbers.max() for name in best.fields]
    highest = max((float(str(value)) for value in largest if value is not None), default=0.0)
    if best.value.code.endswith('unit="Hz")') and highest < _LOWEST:
        return best.cap(0.5, f"{best.reason}; but so low a frequency may be in MHz")
    return best


def _find_ranges(sample: Sample, quantity: Quantity) -> Iterator[_Range]:
    """Find the two ends of a quantity, and its single values."""
    ends = [_find_numeric(sample, f"{quantity}_{end}") for end in ("min", "max")]
    if ends[0] and ends[1]:
        yield _Range(
            quantity, ends[0], ends[1], find_spectral_unit(sample, quantity, ends[0].field)
        )
    middles = [] if quantity == "energy" else _list_numeric(sample, quantity)
    for middle in find_synonyms(sample, middles) or middles[:1]:
        unit = find_spectral_unit(sample, quantity, middle.field)
        width = find_width(sample, middle.field, unit)
        yield _Range(quantity, middle, middle, unit, width)


def _find_numeric(sample: Sample, meaning: str) -> Candidate | None:
    return next(iter(_list_numeric(sample, meaning)), None)


def _list_numeric(sample: Sample, meaning: str) -> list[Candidate]:
    return [c for c in find_candidates(sample, meaning) if len(c.field.most_numbers)]


def _propose_limits(each: _Range) -> Proposal:
    unit, low, high = each.unit, each.low, each.high
    score, fields = each.score, tuple(each.fields)
    if each.width is not None:
        reason = f"a middle and the width of the band, {each.width.field}; {unit.reason}"
    elif low is high:
        # One value is no range: it may be the middle of a band whose width is not known.
        score, reason = min(score, 0.92), f"one value for both ends; {unit.reason}"
    else:
        reason = f"both ends by their names; {unit.reason}"
    values = each.ends
    if any(_has_gaps(each.field) for each in (low, high)):
        score, reason = min(score, 0.78), f"{reason}; some values are no numbers above zero"
    powers = {"power_of": "Hz"} if each.quantity == "frequency" else {}

    def with_unit(said: str) -> CodeValue:
        if unit.is_field:  # what a person says is for the records that lack a unit
            return call(hertz_limits, *values, fill_nulls(unit.field, said), **powers)
        return call(hertz_limits, *values, unit=said)

    again = with_unit if unit.confidence < SURE and not unit.by_value else None
    if unit.is_field:
        made = call(hertz_limits, *values, unit.given, **powers)
    else:
        made = call(hertz_limits, *values, unit=str(unit.given))
    return Proposal(_RANGE, made, fields, score, reason, again)


def _join_ranges(sample: Sample, ranges: list[_Range]) -> Proposal | None:
    """Propose the first of several ranges that a record has, if none has one in all records.

    Two ends say more than one value, so they come first.
    """
    ranked = [
        Candidate(each.low.field, 1.0 if each.low is not each.high else 0.5) for each in ranges
    ]
    kept = find_synonyms(sample, ranked)
    chosen = [each for c in kept for each in ranges if each.low.field is c.field]
    powers = any(each.unit.is_power for each in chosen)
    if not chosen or (powers and any(each.quantity == "frequency" for each in chosen)):
        return None  # powers of ten are of m or of Hz, and one function reads them all
    fields = [name for each in chosen for name in each.fields]
    score = min(_JOINED, *(each.score for each in chosen))
    units = ", ".join(f"{each.low.field.name}: {each.unit.reason}" for each in chosen)
    reason = f"{count_synonyms(kept, sample)} {units}"
    made = call(hertz_limits, *_choose_by_record(chosen))
    return Proposal(_RANGE, made, tuple(dict.fromkeys(fields)), score, reason)


def _choose_by_record(ranges: list[_Range]) -> tuple[CodeValue, CodeValue, CodeValue]:
    """Declare the ends and the unit of the first of several ranges that a record has."""
    *others, last = ranges
    (low, high), unit = map(_as_number, last.ends), last.unit.value
    for each in reversed(others):
        name = each.low.field.name
        first, second = map(_as_number, each.ends)
        low, high = choose(name, first, low), choose(name, second, high)
        unit = unit if unit.code == each.unit.value.code else choose(name, each.unit.value, unit)
    return low, high, unit


def _as_number(value: str | CodeValue) -> CodeValue:
    return value if isinstance(value, CodeValue) else number(value)


def _has_gaps(field: Field) -> bool:
    """Return whether a few values of a field stand for none."""
    numbers = field.most_numbers.cast(pl.Float64)
    wrong = len(field.given) - int((numbers > 0).sum())
    return 0 < wrong < _FEW * len(field.given)


def _value_of(field: Field) -> str | CodeValue:
    """Return a field's name; or its numbers, if a few values stand for none."""
    given = numbers_of(field)
    return number_or_null(given) if _has_gaps(field) else given


def propose_by_unit(sample: Sample) -> Iterator[Proposal]:
    """Propose fields of which nothing but the unit says that they are spectral: ``line_nm``."""
    left_out = {"energy"} if _is_of_particles(sample) else set()
    lit = (f for f in sample if unit_of_light(sample, f) and not left_out & {*f.words})
    found = [f for f in lit if len(f.numbers) and _is_position(f)]
    lows, highs = ([f for f in found if set(f.words) & side] for side in (_LOW, _HIGH))
    middle = [f for f in found if f not in lows and f not in highs]
    pairs = [*zip(lows[:1], highs[:1], strict=False), *((f, f) for f in middle[:1])]
    for low, high in pairs[:1]:
        unit = unit_of_light(sample, low)
        said = SpectralUnit(unit, "", _BY_UNIT, f"{unit}, by which it is taken for a spectral one")
        width = find_width(sample, low, said) if low is high else None
        ends = Candidate(low, _BY_UNIT), Candidate(high, _BY_UNIT)
        yield _propose_limits(_Range("wavelength", *ends, said, width))


def _propose_bare_ends(sample: Sample) -> Iterator[Proposal]:
    """Propose a start and a stop that only a field of spectral units says to be spectral."""
    if fields := _find_bare_ends(sample):
        names = tuple(field.name for field in fields)
        low, high, unit = fields
        reason = f"both ends by their names; the unit is in {unit.name}"
        made = call(hertz_limits, numbers_of(low), numbers_of(high), unit.name)
        yield Proposal(_RANGE, made, names, _BARE, reason)


def _choose_axis(sample: Sample, ranges: list[_Range]) -> SpectralAxis | None:
    """Choose the range of wavelengths by which widths in them are converted."""
    for each in ranges:
        if each.quantity == "wavelength":
            width = "" if each.width is None else each.width.field
            return SpectralAxis(each.low.field, each.high.field, each.unit, width=width)
    if fields := _find_bare_ends(sample):
        low, high, unit = fields
        said = SpectralUnit(unit.name, unit.name, _BARE, f"the unit is in {unit.name}")
        return SpectralAxis(low, high, said, alone=True)
    return None


def _find_bare_ends(sample: Sample) -> tuple[Field, Field, Field] | None:
    """Find a start, a stop and a field of spectral units."""
    units = [f for f in sample if f.words == ("unit",) and are_spectral_units(f)]
    ends = [
        [f for f in sample if len(f.numbers) and f.words and set(f.words) <= side]
        for side in (_LOW, _HIGH)
    ]
    if units and all(len(each) == 1 for each in ends):
        return ends[0][0], ends[1][0], units[0]
    return None


def _is_position(field: Field) -> bool:
    return not {*field.words, *field.context} & _NO_POSITION


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
