"""Proposals for coordinates, and the frame that they are in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import polars as pl

from epnkit.drafts.inspect.sample import Sample
from epnkit.drafts.propose.code import CodeValue, call, joined_list, longitude, number
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.recognise.meanings import Candidate, find_candidates
from epnkit.drafts.recognise.values import SHARE, share_matching, time_form
from epnkit.epncore.columns import COLUMNS
from epnkit.mapping.catalogue_positions import box_region, disc_position
from epnkit.mapping.outlines import OUTLINE, sky_outline

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
            limits = tuple(_propose_limits(found))
            return SpatialProposal(frame, (*limits, *_propose_region(limits, frame)))
    found_box = _find_box(sample)
    return found_box or _find_position(sample) or SpatialProposal("none")


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


#: A box in text: the numbers of two corners, in brackets or not.
_BOX = r"^[\s\[\](),]*(?:-?\d+(?:\.\d*)?[\s\[\](),]*){4}$"

#: How sure a bare longitude or latitude is; one that is the same in all records is of the site.
_OF_SITE = 0.75

#: How catalogues of the Sun write a position: latitude, distance from the central meridian.
_POSITION = r"^\s*[NSns]\s*\d{1,2}(\.\d+)?\s*[EWew]\s*\d{1,3}(\.\d+)?\s*$"

_LIMITS = ("c1min", "c1max", "c2min", "c2max")


def _find_position(sample: Sample) -> SpatialProposal | None:
    """Find positions such as N15E30 by their values."""
    for field in sample:
        if len(field.texts) and share_matching(field.texts, _POSITION) >= SHARE:
            made = call(disc_position, field.name)
            reason = "positions such as N15E30: Stonyhurst degrees, west positive"
            return SpatialProposal("body", (Proposal(_LIMITS, made, (field.name,), 0.8, reason),))
    return None


def _find_box(sample: Sample) -> SpatialProposal | None:
    """Find a box of two corners around the Sun's centre, which a time makes a region of the Sun."""
    dates = [c.field for c in find_candidates(sample, "time_min") if time_form(c.field) == "text"]
    for field in sample:
        named = {"bounding", "box"} <= set(field.words)
        is_list = field.given.dtype == pl.List(pl.String)
        texts = field.given.list.join(",") if is_list else field.texts
        if dates and named and share_matching(texts, _BOX) >= SHARE:
            none = CodeValue(_NO_OUTLINE, "pl.lit(None, pl.List(pl.Float64))")
            box = joined_list(field.name) if is_list else field.name
            made = call(sky_outline, none, box, dates[0].name)
            reason = "a box in helioprojective arcseconds, drawn on the Sun as seen from the Earth"
            names = (field.name, dates[0].name)
            return SpatialProposal("body", (Proposal(_OUTLINE, made, names, 0.75, reason),))
    return None


#: The columns that each table has among those that an outline gives.
_OUTLINE = tuple(name for name in OUTLINE if name in COLUMNS and COLUMNS[name].mandatory)

_NO_OUTLINE = pl.lit(None, pl.List(pl.Float64))


def _propose_region(limits: tuple[Proposal, ...], frame: Frame) -> Iterator[Proposal]:
    """Propose a box as s_region if the limits are of one, and no points."""
    names = [each.fields[0] for each in limits]
    if names[0] == names[1] or names[2] == names[3]:
        return
    confidence = min(each.confidence for each in limits)
    reason = f"the box of its limits ({frame} frame)"
    yield Proposal(("s_region",), call(box_region, *names), tuple(names), confidence, reason)


def _find_in_range(sample: Sample, meaning: str, limit: tuple[float, float]) -> Candidate | None:
    for candidate in find_candidates(sample, meaning):
        numbers = candidate.field.numbers
        is_site = candidate.field.constant and candidate.score <= _OF_SITE
        if len(numbers) and numbers.is_between(*limit).all() and not is_site:
            return candidate
    return None


def _propose_limits(found: list[Candidate | None]) -> Iterator[Proposal]:
    for name, candidate in zip(("c1min", "c1max", "c2min", "c2max"), found, strict=True):
        if candidate is not None:
            field = candidate.field.name
            score = min(candidate.score, 0.8)
            lowest = candidate.field.numbers.min()
            is_signed = name.startswith("c1") and float(str(lowest)) < 0
            made = longitude(field) if is_signed else number(field)
            reason = "by its name; in degrees" + (", from 0 to 360" if is_signed else "")
            yield Proposal((name,), made, (field,), score, reason)
