"""Proposals for the angles under which a surface was seen: incidence, emergence and phase."""

from __future__ import annotations

from collections.abc import Iterator

from epnkit.drafts.inspect.sample import Sample
from epnkit.drafts.propose.code import number
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.recognise.meanings import Candidate, find_candidates, find_end
from epnkit.epncore.columns import COLUMNS

_ANGLES = ("incidence", "emergence", "phase")


def propose_angles(sample: Sample) -> Iterator[Proposal]:
    """Propose incidence, emergence and phase, both ends from one field unless there are two."""
    for angle in _ANGLES:
        found = [c for c in _find_angle(sample, angle) if _is_in_range(c, angle)]
        if found:
            yield from _propose_bounds(angle, found)


def _find_angle(sample: Sample, angle: str) -> list[Candidate]:
    found = find_candidates(sample, angle)
    return found if found or angle == "incidence" else find_candidates(sample, f"{angle}_alone")


def _is_in_range(candidate: Candidate, angle: str) -> bool:
    column, numbers = COLUMNS[f"{angle}_min"], candidate.field.numbers
    return len(numbers) > 0 and bool(numbers.is_between(column.low, column.high).all())


def _propose_bounds(angle: str, found: list[Candidate]) -> Iterator[Proposal]:
    for end in ("min", "max"):
        if (of_end := find_end(found, end)) is None:
            continue
        chosen, own = of_end
        reason = "by its name; in degrees" if own else "by its name; one value for both ends"
        score = chosen.score if not own else chosen.score + 0.08  # the end is no further word
        yield Proposal(
            (f"{angle}_{end}",),
            number(chosen.field.name),
            (chosen.field.name,),
            min(score, 0.93),
            reason,
        )
