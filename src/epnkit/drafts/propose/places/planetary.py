"""Proposals for seasons, local times and the places under the Sun and the observer."""

from __future__ import annotations

from collections.abc import Iterator

from epnkit.drafts.inspect.sample import Sample
from epnkit.drafts.propose.code import number, numbers_of, opposite
from epnkit.drafts.propose.places.limits import counts_west
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.propose.targets.target import read_bodies
from epnkit.drafts.recognise.meanings import Candidate, find_candidates, find_end

#: What is proposed, with the range of its values: degrees, or hours of local time.
_QUANTITIES: dict[str, tuple[float, float]] = {
    "solar_longitude": (0.0, 360.0),
    "local_time": (0.0, 24.0),
    "subsolar_longitude": (-180.0, 360.0),
    "subsolar_latitude": (-90.0, 90.0),
    "subobserver_longitude": (-180.0, 360.0),
    "subobserver_latitude": (-90.0, 90.0),
}

#: The most that a proposal is sure: whose longitudes and which hours they are, no name says.
_MOST = 0.88


def propose_planetary(sample: Sample, target: tuple[Proposal, ...]) -> Iterator[Proposal]:
    """Propose the circumstances of an observation of a planet's surface.

    Parameters
    ----------
    sample : Sample
        The records.
    target : tuple of Proposal
        What is proposed for the target: of the Sun there are none of these.
    """
    bodies = read_bodies(target, sample)
    if not bodies or "Sun" in bodies:
        return
    for name, bounds in _QUANTITIES.items():
        found = [c for c in find_candidates(sample, name) if _is_within(c, bounds)]
        if found:
            yield from _propose_bounds(sample, name, found)


def _is_within(candidate: Candidate, bounds: tuple[float, float]) -> bool:
    numbers = candidate.field.numbers
    return len(numbers) > 0 and bool(numbers.is_between(*bounds).all())


def _propose_bounds(sample: Sample, name: str, found: list[Candidate]) -> Iterator[Proposal]:
    """Propose both ends, from one field unless there are two."""
    for end in ("min", "max"):
        if (of_end := find_end(found, end)) is None:
            continue
        chosen, own = of_end
        field, score = chosen.field, min(chosen.score, _MOST)
        reason = "by its name" if own else "by its name; one value for both ends"
        made = number(numbers_of(field))
        if name.endswith("longitude") and counts_west(sample, field):
            made = opposite(numbers_of(field), around=True)
            reason = f"{reason}; counted to the west"
        yield Proposal((f"{name}_{end}",), made, (field.name,), score, reason)
