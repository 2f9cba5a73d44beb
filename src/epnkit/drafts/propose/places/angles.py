"""Proposals for the angles under which a surface was seen: incidence, emergence and phase."""

from __future__ import annotations

from collections.abc import Iterator

from epnkit.drafts.inspect.sample import Sample
from epnkit.drafts.propose.code import greatest_of, least_of, number, numbers_of
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.recognise.meanings import Candidate, find_candidates, find_end
from epnkit.epncore.columns import COLUMNS

#: Words of two values of one angle, and how sure the lesser and the greater of them are.
_PAIRS = (("1", "2"), ("start", "end"), ("start", "stop"), ("first", "last"))
_OF_PAIR = 0.82

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


def _find_pair(found: list[Candidate]) -> list[Candidate]:
    """Find two fields that are numbered, or at the start and at the end; none if there are not."""
    for first, second in _PAIRS:
        pair = [[c for c in found if word in c.field.words] for word in (first, second)]
        if all(len(each) == 1 for each in pair) and not any(c.ends for each in pair for c in each):
            return [each[0] for each in pair]
    return []


def _is_in_range(candidate: Candidate, angle: str) -> bool:
    column, numbers = COLUMNS[f"{angle}_min"], candidate.field.numbers
    return len(numbers) > 0 and bool(numbers.is_between(column.low, column.high).all())


def _propose_bounds(angle: str, found: list[Candidate]) -> Iterator[Proposal]:
    if pair := _find_pair(found):
        values = [number(numbers_of(each.field)) for each in pair]
        names = tuple(each.field.name for each in pair)
        score = min(_OF_PAIR, *(each.score for each in pair))
        for end, made in (("min", least_of(values)), ("max", greatest_of(values))):
            yield Proposal((f"{angle}_{end}",), made, names, score, f"the {end} of two")
        return
    for end in ("min", "max"):
        if (of_end := find_end(found, end)) is None:
            continue
        chosen, own = of_end
        reason = "by its name; in degrees" if own else "by its name; one value for both ends"
        score = chosen.score if not own else chosen.score + 0.08  # the end is no further word
        yield Proposal(
            (f"{angle}_{end}",),
            number(numbers_of(chosen.field)),
            (chosen.field.name,),
            min(score, 0.93),
            reason,
        )
