"""Proposals for coordinates, and the frame that they are in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import polars as pl

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.propose.cartesian import propose_points
from epnkit.drafts.propose.code import (
    CodeValue,
    apply_sign,
    call,
    join_list,
    longitude,
    number,
    numbers_of,
    opposite,
)
from epnkit.drafts.propose.heights import propose_heights
from epnkit.drafts.propose.outlines import propose_outline
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.propose.sexagesimal import are_angles, read_degrees
from epnkit.drafts.propose.solar_offsets import propose_solar_offsets
from epnkit.drafts.recognise.meanings import Candidate, find_candidates
from epnkit.drafts.recognise.values import SHARE, share_matching, time_form
from epnkit.epncore.columns import COLUMNS
from epnkit.mapping.catalogue_positions import box_region, disc_position
from epnkit.mapping.outlines import OUTLINE, sky_outline

Frame = Literal["body", "celestial", "cartesian", "none"]


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
    outlined, outline = propose_outline(sample)
    if outline:
        heights = propose_heights(sample) if outlined == "body" else ()
        return SpatialProposal(outlined, (*outline, *heights))
    for frame, names in _SETS:
        found = _find_family(sample, names)
        if all(found) and _are_in_order(*found[2:]):
            limits = tuple(_propose_limits(sample, found, bodies, frame))
            heights = propose_heights(sample) if frame == "body" else ()
            region = _propose_region(sample, limits, frame)
            return SpatialProposal(frame, (*limits, *heights, *region))
    points = tuple(propose_points(sample, bodies))
    found_points = SpatialProposal("cartesian", points) if points else None
    offsets = tuple(propose_solar_offsets(sample, bodies))
    drawn = SpatialProposal("body", offsets) if offsets else None
    whole = _find_box(sample) or _find_position(sample) or found_points or drawn
    return whole or _find_part(sample, bodies) or SpatialProposal("none")


_Limited = tuple[str, tuple[float, float]]
_Set = tuple[_Limited, _Limited, _Limited, _Limited]

#: The range of longitudes, and of latitudes, in degrees.
_AROUND, _ACROSS = (-180.0, 360.0), (-90.0, 90.0)

#: The range of right ascensions in degrees.
_TURN = (0.0, 360.0)

#: How sure limits are at most: of two fields on the sky, and of others, that may count another way.
_ON_SKY, _ELSEWHERE = 0.9, 0.8

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

#: Words of names of angles that count to the west, or to the south.
_DOWN = {"c1": frozenset(["w", "west"]), "c2": frozenset(["s", "south"])}


#: How descriptions say that longitudes grow to the west.
_WEST = (
    r"(?i)west[- ]?positive|positive (to(wards?)? )?(the )?west|westward|\bwest(ern)? longitude"
    r"|deg(rees)? ?W\b"
)


#: Words of names that say which side of a box a field is.
_SIDES = {
    *("longitude", "latitude", "min", "max", "west", "east", "south", "north", "w", "e", "s", "n"),
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

#: How sure a bare longitude or latitude is; one that is the same in all records is of the site.
_OF_SITE = 0.75

#: How sure a longitude or a latitude has to be that is there without the other.
_ALONE = 0.6

#: How catalogues of the Sun write a position: latitude, distance from the central meridian.
_POSITION = r"^\s*[NSns]\s*\d{1,2}(\.\d+)?\s*[EWew]\s*\d{1,3}(\.\d+)?\s*$"

#: Words of names of fields that hold the letters of hemispheres.
_LETTERED = {
    *("longitude", "latitude", "hemisphere", "hemi", "hem", "side", "direction", "dir", "sign"),
    *("quadrant", "ref", "ns", "ew", "sn", "we", "north", "south", "east", "west"),
    *("n", "s", "e", "w"),
}

_LIMITS = ("c1min", "c1max", "c2min", "c2max")


def _find_part(sample: Sample, bodies: frozenset[str]) -> SpatialProposal | None:
    """Find a latitude without a longitude, or a longitude alone."""
    for start in (2, 0):
        for frame, names in _SETS:
            found: list[Candidate | None] = [None] * len(_LIMITS)
            found[start : start + 2] = _find_family(sample, names[start : start + 2])
            likely = all(c is not None and c.score >= _ALONE for c in found[start : start + 2])
            if likely and (start == 0 or _are_in_order(*found[start:])):
                return SpatialProposal(frame, tuple(_propose_limits(sample, found, bodies, frame)))
    return None


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
            box = join_list(field.name) if is_list else field.name
            made = call(sky_outline, none, box, dates[0].name)
            reason = "a box in helioprojective arcseconds, drawn on the Sun as seen from the Earth"
            names = (field.name, dates[0].name)
            return SpatialProposal("body", (Proposal(_OUTLINE, made, names, 0.75, reason),))
    return None


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
        and (meaning.endswith(("_min", "_max")) or not _is_end(sample, candidate.field))
    ]


def _is_within(field: Field, limit: tuple[float, float]) -> bool:
    return len(field.numbers) > 0 and bool(field.numbers.is_between(*limit).all())


def _is_end(sample: Sample, field: Field) -> bool:
    """Return whether a field is one end of a range, of which another field is the other end."""
    other = tuple(_OPPOSITES.get(word, word) for word in field.words)
    return other != field.words and any(
        each.words == other and each.context == field.context for each in sample
    )


def _propose_limits(
    sample: Sample, found: list[Candidate | None], bodies: frozenset[str], frame: Frame
) -> Iterator[Proposal]:
    if first_last := _find_west_ends(sample, found, bodies):
        yield from _propose_west_ends(*first_last)
        found = [None, None, *found[2:]]
    for name, candidate in zip(_LIMITS, found, strict=True):
        if candidate is not None:
            single = found.count(candidate) > 1
            made, fields, reason = _declare_limit(
                sample, name, candidate.field, bodies, single, frame
            )
            most = _ON_SKY if frame == "celestial" and not single else _ELSEWHERE
            yield Proposal((name,), made, fields, min(candidate.score, most), reason)


def _find_west_ends(
    sample: Sample, found: list[Candidate | None], bodies: frozenset[str]
) -> tuple[Candidate, Candidate] | None:
    """Return the ends of a range of longitudes if both are counted to the west."""
    first, last = found[:2]
    if first is None or last is None or first is last or bodies == {"Sun"}:
        return None
    both = all(
        set(each.field.words) & _DOWN["c1"] or _counts_west(sample, each.field, "c1")
        for each in (first, last)
    )
    return (first, last) if both else None


def _propose_west_ends(first: Candidate, last: Candidate) -> Iterator[Proposal]:
    """Propose longitudes to the east of those that are counted to the west: the ends swap."""
    for name, candidate in (("c1min", last), ("c1max", first)):
        made = opposite(numbers_of(candidate.field), around=True)
        score, names = min(candidate.score, _ELSEWHERE), (candidate.field.name,)
        yield Proposal((name,), made, names, score, "by its name; counted the other way")


def _declare_limit(
    sample: Sample, name: str, field: Field, bodies: frozenset[str], single: bool, frame: Frame
) -> tuple[CodeValue, tuple[str, ...], str]:
    """Declare an angle in degrees, and say of which fields, and why."""
    axis, given = name[:2], numbers_of(field)
    if frame == "celestial" and (made := read_degrees(field, sample, turn=axis == "c1")):
        return made, (field.name,), "by its name; in degrees, from hours or minutes"
    letters = {"E", "W"} if axis == "c1" else {"N", "S"}
    lowest, reason = float(str(field.numbers.min())), "by its name; in degrees"
    side = _find_side(sample, letters) if lowest >= 0 else None
    if side is not None:
        # On the Sun, east and west are those of the observer's sky: longitudes grow to the west.
        negative = (letters & ({"E", "S"} if bodies == {"Sun"} else {"W", "S"})).pop()
        fields = (field.name, side.name)
        return apply_sign(given, side.name, negative), fields, f"{reason}, {negative} negative"
    named = bool(set(field.words) & _DOWN[axis])
    if single and (named or _counts_west(sample, field, axis)) and bodies != {"Sun"}:
        return opposite(given, axis == "c1"), (field.name,), f"{reason}, counted the other way"
    if axis == "c1" and lowest < 0:
        return longitude(given), (field.name,), f"{reason}, from 0 to 360"
    return number(given), (field.name,), reason


def _counts_west(sample: Sample, field: Field, axis: str) -> bool:
    """Return whether the source says of a longitude that it grows to the west."""
    said = (
        sample.declared.descriptions.get(field.name, ""),
        sample.declared.units.get(field.name, ""),
    )
    return axis == "c1" and re.search(_WEST, " ".join(said)) is not None


def _find_side(sample: Sample, letters: set[str]) -> Field | None:
    """Find the one field that is named for a side, and has the letters of a hemisphere."""
    named = (f for f in sample if len(f.texts) and _LETTERED & {*f.words, *f.context})
    found = [f for f in named if set(f.texts.unique()) <= letters]
    return found[0] if len(found) == 1 else None
