"""Proposals for heights above a surface, in kilometres."""

from __future__ import annotations

from collections.abc import Iterator

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.propose.code import CodeValue, greatest_of, least_of, numbers_of, scale
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.recognise.meanings import Candidate, find_candidates
from epnkit.drafts.recognise.units import KILOMETRES

#: Units of altitudes above a horizon, which are no heights.
_ANGLES = {"deg", "degree", "degrees", "rad", "arcmin", "arcsec"}

#: How sure heights are at most whose unit is said, and others.
_SAID, _UNSAID = 0.82, 0.6


def propose_heights(sample: Sample) -> Iterator[Proposal]:
    """Propose altitudes above the surface in km for c3min and c3max.

    Parameters
    ----------
    sample : Sample
        The records.
    """
    if sides := _find_sides_of_heights(sample):
        yield from _propose_between(sample, *sides)
        return
    for end in ("min", "max"):
        meanings = f"altitude_{end}", "altitude"
        found = [c for meaning in meanings for c in _list_numeric(sample, meaning)]
        found += [c for c in _list_numeric(sample, "elevation") if _unit_of_length(sample, c.field)]
        if found:
            yield _propose_height(sample, f"c3{end}", found[0])


def _list_numeric(sample: Sample, meaning: str) -> list[Candidate]:
    numeric = (c for c in find_candidates(sample, meaning) if len(c.field.numbers))
    angles = {name for name, unit in sample.declared.units.items() if unit.lower() in _ANGLES}
    return [c for c in numeric if c.field.name not in angles]


def _find_sides_of_heights(sample: Sample) -> tuple[Field, Field] | None:
    """Find the heights at which something began and ended, as meteors do."""
    found = [
        next((c.field for c in _list_numeric(sample, f"altitude_{side}")), None)
        for side in ("begin", "end")
    ]
    return (found[0], found[1]) if found[0] is not None and found[1] is not None else None


def _propose_between(sample: Sample, *sides: Field) -> Iterator[Proposal]:
    """Propose the lower and the higher of two heights."""
    units = {_unit_of_length(sample, field) for field in sides}
    unit = units.pop() if len(units) == 1 else ""
    values = [scale(numbers_of(field), KILOMETRES[unit or "km"]) for field in sides]
    names = tuple(field.name for field in sides)
    for end in ("min", "max"):
        made = least_of(values) if end == "min" else greatest_of(values)
        score = _SAID if unit else _UNSAID
        yield Proposal((f"c3{end}",), made, names, score, f"the ends of a path; in {unit or 'km?'}")


def _propose_height(sample: Sample, column: str, candidate: Candidate) -> Proposal:
    name, unit = candidate.field.name, _unit_of_length(sample, candidate.field)
    given = numbers_of(candidate.field)

    def with_unit(said: str) -> CodeValue:
        return scale(given, KILOMETRES[said.lower()])

    score = min(candidate.score, _SAID if unit else _UNSAID)
    made, reason = with_unit(unit or "km"), f"by its name; in {unit or 'km?'}"
    return Proposal((column,), made, (name,), score, reason, None if unit else with_unit)


def _unit_of_length(sample: Sample, field: Field) -> str:
    declared = sample.declared.units.get(field.name, "")
    return next((w for w in (*field.words[::-1], declared.lower()) if w in KILOMETRES), "")
