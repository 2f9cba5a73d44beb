"""Proposals for positions in x, y and z, as probes and events in the solar wind have them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.inspect.tables import read_table
from epnkit.drafts.propose.code import CodeValue, numbers_of, scale
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.recognise.lengths import kilometres_of, may_be_length
from epnkit.drafts.recognise.meanings import plain_name

#: The axes, in the order of c1, c2 and c3.
_AXES = ("x", "y", "z")

#: How sure positions are whose unit is said, and those in a guessed unit.
_SAID, _GUESSED = 0.88, 0.5

#: Words of positions of what looked, which are seldom where the data are; how sure at most.
_OBSERVERS, _OF_OBSERVER = {"sc", "spacecraft", "observer", "obs", "sun", "earth"}, 0.75

#: Words of names that say that a vector is a position.
_POSITIONS = {"pos", "position", "positions", "location", "coord", "coords", "coordinate", "r"}

#: Words of names of other vectors, and of places in a picture.
_OTHERS = {
    *("v", "vel", "velocity", "speed", "b", "mag", "field", "e", "j", "normal", "n", "flow"),
    *("pixel", "pix", "px", "arcsec", "hpc", "image", "size", "dim", "scale", "offset", "matrix"),
    *("rotation", "quaternion", "error", "err", "sigma", "std", "naxis", "axis", "acceleration"),
}

#: An axis with its unit: ``xkm``.
_GLUED = re.compile(r"(?<![a-z])([xyz])(km|au|re|rj|rs)(?![a-z])")

#: A radius of a body at the end of a name, with a mark within: ``x_r_e``.
_RADIUS = re.compile(r"(?<![a-z])r_([a-z])$")


@dataclass(frozen=True)
class _Axes:
    """The fields of x, y and z, and the words that their names have in common."""

    words: tuple[str, ...]
    fields: tuple[Field, ...]


def propose_points(sample: Sample, bodies: frozenset[str]) -> Iterator[Proposal]:
    """Propose x, y and z in kilometres, each for both ends of a coordinate.

    Parameters
    ----------
    sample : Sample
        The records.
    bodies : frozenset of str
        What was looked at; its radius may be the unit.
    """
    found = [(axes, _find_unit(sample, axes)) for axes in _find_axes(sample)]
    best = max(found, key=lambda each: each[1] is not None, default=None)
    if best is not None:
        axes, unit = best
        for number, field in enumerate(axes.fields, 1):
            yield from _propose_axis(f"c{number}", field, axes, unit, bodies)


def _propose_axis(
    column: str, field: Field, axes: _Axes, unit: str | None, bodies: frozenset[str]
) -> Iterator[Proposal]:
    def with_unit(said: str) -> CodeValue:
        return scale(numbers_of(field), kilometres_of(said, bodies) or 1.0)

    known = unit is not None and kilometres_of(unit, bodies) is not None
    most = _OF_OBSERVER if _OBSERVERS & {*axes.words} else _SAID
    score = min(most, _SAID if known else _GUESSED)
    reason = f"a position on an axis; in {unit or 'km'}{'' if known else '?'}"
    for end in ("min", "max"):
        made, again = with_unit(unit or "km"), None if known else with_unit
        yield Proposal((f"{column}{end}",), made, (field.name,), score, reason, again)


def _find_unit(sample: Sample, axes: _Axes) -> str | None:
    """Find the unit of length that the names or the source give."""
    first = axes.fields[0]
    declared = sample.declared.units.get(first.name, "")
    pairs = [*axes.words, *map("_".join, zip(axes.words, axes.words[1:], strict=False))]
    named = [word for word in pairs if may_be_length(word)]
    return declared or next(reversed(named), None)


def _find_axes(sample: Sample) -> Iterator[_Axes]:
    """Find the fields that are named alike but for x, y and z, and are positions."""
    named: dict[tuple[str, ...], dict[str, Field]] = defaultdict(dict)
    for field in sample:
        words = _split(field.name)
        axis = [word for word in words if word in _AXES]
        if len(axis) == 1 and len(field.numbers):
            named[tuple(word for word in words if word != axis[0])][axis[0]] = field
    for words, axes in named.items():
        made = _Axes(words, tuple(axes[name] for name in _AXES if name in axes))
        if len(made.fields) == len(_AXES) and _are_positions(sample, made):
            yield made


def _split(name: str) -> tuple[str, ...]:
    """Cut a name at marks, and an axis from the name of a frame: ``xgse``, ``GSEX``."""
    plain = _axis_of_frame().sub(r"\1_\2_\3", plain_name(name))
    plain = _GLUED.sub(r"\1_\2", _RADIUS.sub(r"r\1", plain))
    return tuple(word for word in re.split(r"[^a-z0-9]+", plain) if word)


@cache
def _axis_of_frame() -> re.Pattern[str]:
    frames = "|".join(read_table("lengths")["frames"]["names"])
    return re.compile(rf"(?<![a-z])([xyz]?)({frames})([xyz]?)(?![a-z])")


def _are_positions(sample: Sample, axes: _Axes) -> bool:
    words, declared = {*axes.words}, sample.declared.units.get(axes.fields[0].name, "")
    if words & _OTHERS or (declared and not may_be_length(declared)):
        return False
    frames = {*read_table("lengths")["frames"]["names"]}
    return bool(words & (_POSITIONS | frames)) or _find_unit(sample, axes) is not None
