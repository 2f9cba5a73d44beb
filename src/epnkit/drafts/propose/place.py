"""Proposals for coordinates, and the frame that they are in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from epnkit.drafts.inspect.sample import Sample
from epnkit.drafts.propose.code import number
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.recognise.meanings import Candidate, find_candidates

Frame = Literal["body", "celestial", "none"]


@dataclass(frozen=True)
class SpatialProposal:
    """Where the granules lie.

    Parameters
    ----------
    frame : str
        The spatial_frame_type.
    proposals : tuple of Proposal
        For c1min, c1max, c2min and c2max.
    """

    frame: Frame
    proposals: tuple[Proposal, ...] = ()


def propose_coordinates(sample: Sample) -> SpatialProposal:
    """Propose a frame, and the limits in it."""
    for frame, names in _SETS:
        found = [_find_in_range(sample, name, limit) for name, limit in names]
        if all(found):
            return SpatialProposal(frame, tuple(_propose_limits(found)))
    return SpatialProposal("none")


#: The meanings that give c1min, c1max, c2min and c2max, with the range of their values in degrees.
_SETS: tuple[tuple[Frame, tuple[tuple[str, tuple[float, float]], ...]], ...] = (
    (
        "celestial",
        tuple(
            (n, r)
            for n, r in (("c1_celestial", (0.0, 360.0)),) * 2
            + (("c2_celestial", (-90.0, 90.0)),) * 2
        ),
    ),
    (
        "body",
        (
            ("longitude_min", (-180.0, 360.0)),
            ("longitude_max", (-180.0, 360.0)),
            ("latitude_min", (-90.0, 90.0)),
            ("latitude_max", (-90.0, 90.0)),
        ),
    ),
    ("body", (("longitude", (-180.0, 360.0)),) * 2 + (("latitude", (-90.0, 90.0)),) * 2),
)


def _find_in_range(sample: Sample, meaning: str, limit: tuple[float, float]) -> Candidate | None:
    for candidate in find_candidates(sample, meaning):
        numbers = candidate.field.numbers
        if len(numbers) and numbers.is_between(*limit).all():
            return candidate
    return None


def _propose_limits(found: list[Candidate | None]) -> Iterator[Proposal]:
    for name, candidate in zip(("c1min", "c1max", "c2min", "c2max"), found, strict=True):
        if candidate is not None:
            field = candidate.field.name
            score = min(candidate.score, 0.8)
            yield Proposal((name,), number(field), (field,), score, "by its name; in degrees")
