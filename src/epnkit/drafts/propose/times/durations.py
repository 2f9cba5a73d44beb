"""Proposals for steps in time and exposures, and the unit of a duration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.propose.code import (
    CodeValue,
    call,
    first_value,
    number,
    numbers_of,
    scale,
    scale_by,
)
from epnkit.drafts.propose.common import keep_common
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.propose.spectra.units import unit_of_light
from epnkit.drafts.propose.synonyms import count_synonyms, find_synonyms
from epnkit.drafts.recognise.meanings import (
    UNIT_WORDS,
    Candidate,
    find_candidates,
    find_end,
    plain_name,
)
from epnkit.drafts.recognise.units import SECONDS, find_unit_field
from epnkit.drafts.recognise.values import are_durations
from epnkit.epncore.columns import COLUMNS
from epnkit.mapping.durations import duration_seconds

#: How many times as long as observations exposures in seconds have to be, so that they are in ms;
#: more than rounding makes of ends that come from the exposures themselves.
_LONGER = 1.2

#: The longest step or exposure that is believed, in seconds: a year.
_LONGEST = 3.2e7

#: Names whose unit a standard gives: seconds.
_INSECONDS = {
    "exptime",
    "xposure",
    "texposur",
    "cadence",
    "t_exptime",
    "t_resolution",
    "telapse",
    "exposure",
    "time_exp_min",
    "time_exp_max",
    "time_sampling_step_min",
    "time_sampling_step_max",
}


#: Units of rates of samples, in hertz; how sure steps are that come of them, and of no said unit.
_RATES = {"Hz": 1.0, "kHz": 1e3, "MHz": 1e6}
_RATE, _UNSAID = 0.85, 0.7

#: How sure a duration is whose unit another field tells, and one whose unit nothing tells.
_BY_RECORD, _MIXED = 0.85, 0.5


@dataclass(frozen=True)
class Seconds:
    """A duration in seconds.

    Parameters
    ----------
    value : CodeValue
        The duration.
    fields : tuple of str
        The fields it comes from.
    sure : bool
        Whether its unit is said, and no guess.
    factor : float, optional
        The one unit of all records, in seconds; None if it differs by record.
    reason : str
        Why, in a few words.
    """

    value: CodeValue
    fields: tuple[str, ...]
    sure: bool
    factor: float | None
    reason: str


def propose_durations(sample: Sample, lengths: pl.Series | None) -> Iterator[Proposal]:
    """Propose time_sampling_step and time_exp, both ends from one field unless there are two.

    Parameters
    ----------
    sample : Sample
        The records.
    lengths : polars.Series, optional
        How long each record's observation took, in seconds, as far as that is known.
    """
    for quantity in ("time_sampling_step", "time_exp"):
        candidates = find_candidates(sample, quantity)
        found = [c for c in candidates if len(c.field.numbers) or are_durations(c.field)]
        found = found or find_timed_spans(sample, f"{quantity}_bare")
        if found:
            longest = lengths if quantity == "time_exp" else None
            yield from _propose_bounds(sample, quantity, found, longest)
        elif quantity == "time_sampling_step":
            yield from _propose_rate(sample)


def find_timed_spans(sample: Sample, meaning: str) -> list[Candidate]:
    """List the fields that have a meaning if they are in a unit of time, as their source says.

    Parameters
    ----------
    sample : Sample
        The records.
    meaning : str
        A meaning of names that alone may be of anything: ``interval``, ``scan``.
    """
    found = (c for c in find_candidates(sample, meaning) if len(c.field.numbers))
    return [c for c in found if duration_unit(sample, c.field)[1]]


def _propose_rate(sample: Sample) -> Iterator[Proposal]:
    """Propose how many samples a second there are, for steps in time."""
    for candidate in find_candidates(sample, "sampling_rate")[:1]:
        field = candidate.field
        unit = unit_of_light(sample, field) or "Hz"
        if len(field.numbers) and (field.numbers > 0).all() and unit in _RATES:
            plain = number(numbers_of(field))
            made = CodeValue(
                1.0 / (plain.value * _RATES[unit]), f"1.0 / ({plain.code} * {_RATES[unit]!r})"
            )
            score = candidate.score if unit != "Hz" or "hz" in field.words else _UNSAID
            for end in ("min", "max"):
                column = f"time_sampling_step_{end}"
                reason = f"samples a second, in {unit}"
                yield Proposal((column,), made, (field.name,), min(score, _RATE), reason)


def _propose_bounds(
    sample: Sample, quantity: str, found: list[Candidate], lengths: pl.Series | None
) -> Iterator[Proposal]:
    common = keep_common(found, lambda each: each.field.coverage)
    minutes = {c.field.name for c in common if _ends_in_minutes(sample, c.field)}
    for end in ("min", "max"):
        if (of_end := find_end(common, end, minutes)) is None:
            continue
        chosen, own = of_end
        made = None if own else _propose_synonyms(sample, quantity, end, found)
        yield made or _propose_bound(sample, f"{quantity}_{end}", chosen, lengths)


def _propose_bound(
    sample: Sample, column: str, chosen: Candidate, lengths: pl.Series | None
) -> Proposal:
    if are_durations(chosen.field) or chosen.field.name in sample.declared.units_by:
        return _propose_by_record(sample, column, chosen)
    factor, sure = duration_unit(sample, chosen.field)
    confidence = chosen.score if sure else min(chosen.score, 0.65)
    reason = "by its name" if sure else "by its name; in seconds?"
    if not sure and lengths is not None and _exceeds(sample, chosen.field, lengths):
        factor, confidence = 1e-3, 0.75
        reason = "in ms: in seconds, it would take longer than the observation"
    if not chosen.field.numbers.is_between(0.0, _LONGEST / factor).all():
        confidence, reason = 0.3, "by its name, but some values cannot be durations"
    name, given = chosen.field.name, numbers_of(chosen.field)

    def with_unit(unit: str) -> CodeValue:
        return scale(given, SECONDS[unit.lower()])

    made = scale(given, factor)
    return Proposal((column,), made, (name,), confidence, reason, None if sure else with_unit)


def _propose_by_record(sample: Sample, column: str, chosen: Candidate) -> Proposal:
    """Propose a duration that says its unit itself, or that files give in different units."""
    seconds = read_seconds(sample, chosen.field)
    score = min(chosen.score, _BY_RECORD if seconds.sure else _MIXED)
    return Proposal((column,), seconds.value, seconds.fields, score, seconds.reason)


def read_seconds(sample: Sample, field: Field) -> Seconds:
    """Declare a duration in seconds, whose unit may differ by record."""
    if are_durations(field):
        made = call(duration_seconds, field.name)
        return Seconds(made, (field.name,), True, None, "a duration in ISO 8601")
    known = sample.declared.units_by.get(field.name)
    if known is None:
        factor, sure = duration_unit(sample, field)
        return Seconds(scale(numbers_of(field), factor), (field.name,), sure, factor, "by its name")
    factors = {value: SECONDS.get(unit) for value, unit in known.units.items()}
    each = {value: factor for value, factor in factors.items() if factor is not None}
    told = ", ".join(known.units.values())
    if not known.field or len(each) < len(factors):
        reason = f"by its name; files give it in {told}, and nothing says which"
        return Seconds(scale(numbers_of(field), 1.0), (field.name,), False, 1.0, reason)
    made = scale_by(numbers_of(field), known.field, each)
    reason = f"by its name; in {told}, by {known.field}"
    return Seconds(made, (field.name, known.field), True, None, reason)


def _propose_synonyms(
    sample: Sample, quantity: str, end: str, found: list[Candidate]
) -> Proposal | None:
    """Propose the first of several fields in seconds that has a value, if none always has one."""
    read = {c.field.name: read_seconds(sample, c.field) for c in found if not c.ends}
    known = [c for c in found if not c.ends and _is_known(read[c.field.name])]
    kept = find_synonyms(sample, known)
    if not kept:
        return None
    each = [read[c.field.name] for c in kept]
    names = tuple(dict.fromkeys(name for seconds in each for name in seconds.fields))
    made, reason = first_value([seconds.value for seconds in each]), count_synonyms(kept, sample)
    return Proposal((f"{quantity}_{end}",), made, names, 0.75, reason)


def _is_known(seconds: Seconds) -> bool:
    return seconds.sure or seconds.factor == 1.0


def _exceeds(sample: Sample, field: Field, lengths: pl.Series) -> bool:
    """Return whether values in seconds are longer than observations, and those in ms are not.

    Exposures of which a field has the number count together.
    """
    values = field.aligned_numbers
    counts = next(
        (f for f in sample if {"frame", "count"} <= set(f.words) and len(f.numbers)), None
    )
    if counts is not None:
        values *= counts.aligned_numbers.fill_null(1.0)
    known = (lengths > 0) & values.is_not_null()
    ratios = (values / lengths).filter(known.fill_null(value=False))
    median = ratios.median()
    return isinstance(median, float) and _LONGER < median <= 1e3


def duration_unit(sample: Sample, field: Field) -> tuple[float, bool]:
    """Return the unit of a duration in seconds, and whether it is said and no guess."""
    # In a name, min is a minimum, and a day or an h may be anything.
    named = next((word for word in field.words if word in UNIT_WORDS & SECONDS.keys()), None)
    if named:
        return SECONDS[named], True
    if _ends_in_minutes(sample, field):
        return 60.0, True
    said = {sample.declared.units.get(field.name, "")}
    if not any(said):
        unit = find_unit_field(sample, field)
        said = set() if unit is None else set(unit.texts)
    factors = {SECONDS.get(each.strip().lower()) for each in said}
    factor = factors.pop() if len(factors) == 1 else None
    if factor is not None:
        return factor, True
    return 1.0, field.name.lower().rsplit(".", 1)[-1].replace("-", "_") in _INSECONDS


def _ends_in_minutes(sample: Sample, field: Field) -> bool:
    """Return whether min means minutes: ``duration_min`` without ``duration_max``."""
    if plain_name(field.name) in COLUMNS:
        return False
    *head, last = field.words or ("",)
    others = {each.words for each in sample}
    return last == "min" and len(head) > 0 and (*head, "max") not in others
