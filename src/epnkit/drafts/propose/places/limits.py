"""Proposals for the limits of coordinates: which way longitudes count, and in what they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.propose.code import (
    CodeValue,
    apply_sign,
    longitude,
    number,
    numbers_of,
    opposite,
)
from epnkit.drafts.propose.places.sexagesimal import read_degrees
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.recognise.meanings import Candidate
from epnkit.drafts.recognise.values import SHARE

Frame = Literal["body", "celestial", "cartesian", "none"]

#: The limits of coordinates.
LIMITS = ("c1min", "c1max", "c2min", "c2max")

#: Half a turn in degrees, and what is more than half of the records.
_HALF_TURN, _MOSTLY = 180.0, 0.5

#: How sure limits are at most: of two fields on the sky, and of others, that may count another way.
_ON_SKY, _ELSEWHERE = 0.9, 0.8

#: Words of names of angles that count to the west, or to the south.
_DOWN = {"c1": frozenset(["w", "west"]), "c2": frozenset(["s", "south"])}

#: How descriptions say that longitudes grow to the west.
_WEST = (
    r"(?i)west[- ]?positive|positive (to(wards?)? )?(the )?west|westward|\bwest(ern)? longitude"
    r"|deg(rees)? ?W\b"
)

#: Words of names of fields that hold the letters of hemispheres.
_LETTERED = {
    *("longitude", "latitude", "hemisphere", "hemi", "hem", "side", "direction", "dir", "sign"),
    *("quadrant", "ref", "ns", "ew", "sn", "we", "north", "south", "east", "west"),
    *("n", "s", "e", "w"),
}


def propose_limits(
    sample: Sample, found: list[Candidate | None], bodies: frozenset[str], frame: Frame
) -> Iterator[Proposal]:
    """Propose the limits of coordinates.

    Parameters
    ----------
    sample : Sample
        The records.
    found : list of Candidate or None
        The field of each of :data:`LIMITS`, as far as there is one.
    bodies : frozenset of str
        What was looked at.
    frame : str
        The spatial_frame_type.
    """
    swapped = False
    if first_last := _find_west_ends(sample, found, bodies):
        yield from _propose_west_ends(*first_last)
        found = [None, None, *found[2:]]
    elif swapped := _are_long_way_round(*found[:2]):
        found = [found[1], found[0], *found[2:]]
    for name, candidate in zip(LIMITS, found, strict=True):
        if candidate is not None:
            single = found.count(candidate) > 1
            made, fields, reason = _declare_limit(
                sample, name, candidate.field, bodies, single, frame
            )
            if swapped and name in LIMITS[:2]:
                reason = f"{reason}; the shorter way round"
            most = _ON_SKY if frame == "celestial" and not single else _ELSEWHERE
            yield Proposal((name,), made, fields, min(candidate.score, most), reason)


def _are_long_way_round(first: Candidate | None, last: Candidate | None) -> bool:
    """Return whether ranges of longitudes are short from the field of the end to that of the start.

    On the Sun west is at the greater longitude, and elsewhere some count to the west: whatever
    they are called, most ends are in the wrong order then.
    """
    if first is None or last is None or first is last:
        return False
    ends = [c.field.aligned_numbers for c in (first, last)]
    widths = ((ends[1] - ends[0]) % 360.0).drop_nulls()
    if not len(widths):
        return False
    long = float((widths > _HALF_TURN).mean() or 0.0)  # type: ignore[arg-type]
    return long >= SHARE and float((ends[0] > ends[1]).mean() or 0.0) > _MOSTLY  # type: ignore[arg-type]


def _find_west_ends(
    sample: Sample, found: list[Candidate | None], bodies: frozenset[str]
) -> tuple[Candidate, Candidate] | None:
    """Return the ends of a range of longitudes if both are counted to the west."""
    first, last = found[:2]
    if first is None or last is None or first is last or bodies == {"Sun"}:
        return None
    both = all(counts_west(sample, each.field) for each in (first, last))
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
    named = _is_named_down(field, axis)
    named = named or _is_said_to_count_west(sample, field, axis)
    if single and named and bodies != {"Sun"}:
        return opposite(given, axis == "c1"), (field.name,), f"{reason}, counted the other way"
    if axis == "c1" and lowest < 0:
        return longitude(given), (field.name,), f"{reason}, from 0 to 360"
    return number(given), (field.name,), reason


def _is_named_down(field: Field, axis: str) -> bool:
    """Return whether a name says west, or south; a letter does only at its end: ``lat_s``."""
    *others, last = field.words or ("",)
    return last in _DOWN[axis] or any(len(word) > 1 and word in _DOWN[axis] for word in others)


def counts_west(sample: Sample, field: Field) -> bool:
    """Return whether the name of a longitude or the source says that it grows to the west."""
    return _is_named_down(field, "c1") or _is_said_to_count_west(sample, field, "c1")


def _is_said_to_count_west(sample: Sample, field: Field, axis: str) -> bool:
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
