"""Proposals for coordinates, and the frame that they are in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.inspect.words import split_words
from epnkit.drafts.propose.code import CodeValue, call, join_list, numbers_of
from epnkit.drafts.propose.common import keep_common
from epnkit.drafts.propose.places.cartesian import propose_points
from epnkit.drafts.propose.places.heights import propose_heights
from epnkit.drafts.propose.places.limits import LIMITS, Frame, propose_limits
from epnkit.drafts.propose.places.outlines import propose_outline
from epnkit.drafts.propose.places.sexagesimal import are_angles
from epnkit.drafts.propose.places.solar_offsets import propose_solar_offsets
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.recognise.meanings import Candidate, find_candidates
from epnkit.drafts.recognise.values import SHARE, share_matching, time_form
from epnkit.epncore.columns import COLUMNS
from epnkit.mapping.catalogue_positions import box_region, disc_position
from epnkit.mapping.outlines import OUTLINE, sky_outline


@dataclass(frozen=True)
class SpatialProposal:
    """Where the granules lie.

    Parameters
    ----------
    frame : str
        The spatial_frame_type.
    proposals : tuple of Proposal
        For c1min, c1max, c2min and c2max, and c3min and c3max.
    """

    frame: Frame
    proposals: tuple[Proposal, ...] = ()


def propose_coordinates(sample: Sample, bodies: frozenset[str]) -> SpatialProposal:
    """Propose a frame, and the limits in it.

    Parameters
    ----------
    sample : Sample
        The records.
    bodies : frozenset of str
        What was looked at, as far as that is known.
    """
    outlined, outline = propose_outline(sample, bodies)
    if outline:
        heights = propose_heights(sample) if outlined == "body" else ()
        return SpatialProposal(outlined, (*outline, *heights))
    if sets := keep_common(_find_sets(sample), _measure_coverage):
        frame, found = sets[0]
        if bodies == {"Sun"}:
            found = _prefer_carrington(sample, found)
        limits = tuple(propose_limits(sample, found, bodies, frame))
        heights = propose_heights(sample) if frame == "body" else ()
        region = _propose_region(sample, limits, frame)
        return SpatialProposal(frame, (*limits, *heights, *region))
    points = tuple(propose_points(sample, bodies))
    found_points = SpatialProposal("cartesian", points) if points else None
    offsets = tuple(propose_solar_offsets(sample, bodies))
    drawn = SpatialProposal("body", offsets) if offsets else None
    whole = _find_box(sample, bodies) or _find_position(sample) or found_points or drawn
    return whole or _find_part(sample, bodies) or SpatialProposal("none")


def _find_sets(sample: Sample) -> Iterator[tuple[Frame, list[Candidate | None]]]:
    """Find the fields of whole sets of limits, the likeliest set first."""
    for frame, names in _SETS:
        found = _find_family(sample, names)
        if all(found) and _are_in_order(*found[2:]):
            yield frame, found


def _prefer_carrington(sample: Sample, found: list[Candidate | None]) -> list[Candidate | None]:
    """Take a Carrington longitude for one that turns with the observer, where there are both."""
    first, last, *others = found
    if first is None or last is None or first.field.name != last.field.name:
        return found
    if _is_carrington(sample, first.field):
        return found
    fixed = (c for c in find_candidates(sample, "longitude") if _is_carrington(sample, c.field))
    own = next((c for c in fixed if c.field.coverage >= first.field.coverage), None)
    return found if own is None else [own, own, *others]


def _is_carrington(sample: Sample, field: Field) -> bool:
    said = sample.declared.descriptions.get(field.name, "")
    return "carrington" in {*field.words, *split_words(said)}


def _measure_coverage(found: tuple[Frame, list[Candidate | None]]) -> float:
    """Return the share of the records that have all limits of a set."""
    return min(each.field.coverage for each in found[1] if each is not None)


_Limited = tuple[str, tuple[float, float]]
_Set = tuple[_Limited, _Limited, _Limited, _Limited]

#: The range of longitudes, and of latitudes, in degrees.
_AROUND, _ACROSS = (-180.0, 360.0), (-90.0, 90.0)

#: The range of right ascensions in degrees.
_TURN = (0.0, 360.0)


#: Words that say the ends of a range.
_ENDS = {"min": "max", "lower": "upper", "low": "high", "start": "end", "from": "to", "1": "2"}

#: Each of them with that of the other end.
_OPPOSITES = _ENDS | {last: first for first, last in _ENDS.items()}


def _pair(longitude: str, latitude: str, around: tuple[float, float] = _AROUND) -> _Set:
    """Take a longitude and a latitude for both limits of each."""
    return (longitude, around), (longitude, around), (latitude, _ACROSS), (latitude, _ACROSS)


#: The meanings that give c1min, c1max, c2min and c2max, with the range of their values.
_SETS: tuple[tuple[Frame, _Set], ...] = (
    (
        "celestial",
        (
            ("c1_celestial_min", _TURN),
            ("c1_celestial_max", _TURN),
            ("c2_celestial_min", _ACROSS),
            ("c2_celestial_max", _ACROSS),
        ),
    ),
    ("celestial", _pair("c1_celestial", "c2_celestial", _TURN)),
    (
        "body",
        (
            ("longitude_min", _AROUND),
            ("longitude_max", _AROUND),
            ("latitude_min", _ACROSS),
            ("latitude_max", _ACROSS),
        ),
    ),
    (
        "body",
        (
            ("west_longitude_min", _AROUND),
            ("west_longitude_max", _AROUND),
            ("latitude_min", _ACROSS),
            ("latitude_max", _ACROSS),
        ),
    ),
    ("body", _pair("longitude", "latitude")),
    ("body", _pair("longitude_of", "latitude_of")),
)


#: Words of descriptions of points that are no footprint.
_OTHER_POINTS = {"subsolar", "subspacecraft", "subobserver", "subearth"}

#: Words of names that say which side of a box a field is.
_SIDES = {
    *("longitude", "latitude", "min", "max", "west", "east", "south", "north", "w", "e", "s", "n"),
    *("from", "to"),
    *(
        "lower",
        "upper",
        "low",
        "high",
        "start",
        "end",
        "left",
        "right",
        "top",
        "bottom",
        "ll",
        "ur",
    ),
    *("westernmost", "easternmost", "southernmost", "northernmost", "bound", "1", "2"),
    *("deg", "degs", "degree", "degrees"),
    *("ra", "dec", "de", "raj", "dej", "alpha", "delta", "right", "ascension", "declination"),
}

#: A box in text: the numbers of two corners, in brackets or not.
_BOX = r"^[\s\[\](),]*(?:-?\d+(?:\.\d*)?[\s\[\](),]*){4}$"

#: A number in such a text, words of names of fields of corners, and what means when it was seen.
_NUMBER = r"[-+]?\d+(?:\.\d*)?"
_CORNERS = {"corner", "corners", "bbox", "extent", "fov"}
_STARTS = ("time_min", "time_of_side_start")

#: How sure a bare longitude or latitude is; one that is the same in all records is of the site.
_OF_SITE = 0.75

#: How sure a longitude or a latitude has to be that is there without the other.
_ALONE = 0.6

#: How catalogues of the Sun write a position: latitude, distance from the central meridian.
_POSITION = r"^\s*[NSns]\s*\d{1,2}(\.\d+)?\s*[EWew]\s*\d{1,3}(\.\d+)?\s*$"


def _find_part(sample: Sample, bodies: frozenset[str]) -> SpatialProposal | None:
    """Find a latitude without a longitude, or a longitude alone."""
    for start in (2, 0):
        for frame, names in _SETS:
            found: list[Candidate | None] = [None] * len(LIMITS)
            found[start : start + 2] = _find_family(sample, names[start : start + 2])
            likely = all(c is not None and c.score >= _ALONE for c in found[start : start + 2])
            if likely and (start == 0 or _are_in_order(*found[start:])):
                return SpatialProposal(frame, tuple(propose_limits(sample, found, bodies, frame)))
    return None


def _find_position(sample: Sample) -> SpatialProposal | None:
    """Find positions such as N15E30 by their values."""
    for field in sample:
        if len(field.texts) and share_matching(field.texts, _POSITION) >= SHARE:
            made = call(disc_position, field.name)
            reason = "positions such as N15E30: Stonyhurst degrees, west positive"
            return SpatialProposal("body", (Proposal(LIMITS, made, (field.name,), 0.8, reason),))
    return None


def _find_box(sample: Sample, bodies: frozenset[str]) -> SpatialProposal | None:
    """Find a box of two corners around the Sun's centre, which a time makes a region of the Sun."""
    starts = [c for m in _STARTS for c in find_candidates(sample, m)]
    dates = [c.field for c in starts if time_form(c.field) == "text"]
    for field in sample:
        is_list = field.given.dtype == pl.List(pl.String)
        texts = field.given.list.join(",") if is_list else field.texts
        named = {"bounding", "box"} <= set(field.words)
        named = named or (bodies == {"Sun"} and _are_corners_in_arcseconds(field, texts))
        if dates and named and share_matching(texts, _BOX) >= SHARE:
            none = CodeValue(_NO_OUTLINE, "pl.lit(None, pl.List(pl.Float64))")
            box = join_list(field.name) if is_list else field.name
            made = call(sky_outline, none, box, dates[0].name)
            reason = "a box in helioprojective arcseconds, drawn on the Sun as seen from the Earth"
            names = (field.name, dates[0].name)
            return SpatialProposal("body", (Proposal(_OUTLINE, made, names, 0.75, reason),))
    return None


def _are_corners_in_arcseconds(field: Field, texts: pl.Series) -> bool:
    """Return whether a field is named for corners, and its values are no degrees of a body."""
    numbers = texts.str.extract_all(_NUMBER).explode().cast(pl.Float64, strict=False)
    return bool({*field.words} & _CORNERS and (numbers.abs() > _AROUND[1]).any())


#: The columns that each table has among those that an outline gives.
_OUTLINE = tuple(name for name in OUTLINE if name in COLUMNS and COLUMNS[name].mandatory)

_NO_OUTLINE = pl.lit(None, pl.List(pl.Float64))


def _propose_region(
    sample: Sample, limits: tuple[Proposal, ...], frame: Frame
) -> Iterator[Proposal]:
    """Propose a box on a body as s_region if the limits are of one, and no points."""
    names = [each.fields[0] for each in limits]
    if frame != "body" or names[0] == names[1] or names[2] == names[3]:
        return
    confidence = min(each.confidence for each in limits)
    swapped = limits[0].value.code.startswith("-")  # counted to the west
    given = [
        each.value if swapped else numbers_of(sample.fields[each.fields[0]]) for each in limits
    ]
    made = call(box_region, *given)
    reason = f"the box of its limits ({frame} frame)"
    yield Proposal(("s_region",), made, tuple(names), confidence, reason)


def _find_family(sample: Sample, names: tuple[_Limited, ...]) -> list[Candidate | None]:
    """Find the fields of a set: those that are named alike, or else the best of each."""
    found = [_list_in_range(sample, name, limit) for name, limit in names]
    families = [{_family_of(c.field) for c in each} for each in found]
    common = set.intersection(*families)
    if common:
        found = [[c for c in each if _family_of(c.field) in common] for each in found]
    return [next(iter(each), None) for each in found]


def _are_in_order(least: Candidate | None, most: Candidate | None) -> bool:
    """Return whether values are limits, and not two values of one kind."""
    if least is None or most is None:
        return False
    first, second = (c.field.aligned_numbers for c in (least, most))
    return bool((first > second).sum() <= (1.0 - SHARE) * len(first))


def _family_of(field: Field) -> frozenset[str]:
    """Return what a name says apart from longitude, latitude and the side."""
    return frozenset({*field.words, *field.context} - _SIDES)


def _list_in_range(sample: Sample, meaning: str, limit: tuple[float, float]) -> list[Candidate]:
    return [
        candidate
        for candidate in find_candidates(sample, meaning)
        if (
            _is_within(candidate.field, limit) or ("celestial" in meaning and are_angles(candidate))
        )
        and not (candidate.field.constant and candidate.score <= _OF_SITE)
        and not _is_described_as_other_point(sample, candidate.field)
        and (meaning.endswith(("_min", "_max")) or not _is_end(sample, candidate.field))
    ]


def _is_described_as_other_point(sample: Sample, field: Field) -> bool:
    """Return whether a coordinate is that of the point below the Sun or an observer."""
    said = split_words(sample.declared.descriptions.get(field.name, ""))
    return bool({*said} & _OTHER_POINTS)


def _is_within(field: Field, limit: tuple[float, float]) -> bool:
    return len(field.numbers) > 0 and bool(field.numbers.is_between(*limit).all())


def _is_end(sample: Sample, field: Field) -> bool:
    """Return whether a field is one end of a range, of which another field is the other end."""
    other = tuple(_OPPOSITES.get(word, word) for word in field.words)
    return other != field.words and any(
        each.words == other and each.context == field.context for each in sample
    )
