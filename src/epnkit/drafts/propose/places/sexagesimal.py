"""Angles and right ascensions in hours: ``18:36:56.3``, ``+38 47 01``, ``18.6`` hours."""

from __future__ import annotations

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.propose.code import CodeValue, call, number, numbers_of
from epnkit.drafts.recognise.meanings import Candidate
from epnkit.drafts.recognise.values import SHARE, share_matching
from epnkit.mapping.sexagesimal_angles import SEXAGESIMAL, sexagesimal

#: Degrees in an hour of right ascension, and its hours.
_DEGREES, _HOURS = 15.0, 24.0

#: What a unit of hours is called in names and by sources.
_HOUR_WORDS = frozenset(["h", "hr", "hour", "hours", "hms"])


def read_degrees(field: Field, sample: Sample, turn: bool) -> CodeValue | None:
    """Declare an angle on the sky in degrees that is in hours, or has minutes and seconds.

    Parameters
    ----------
    field : Field
        The angles.
    sample : Sample
        The records.
    turn : bool
        Whether they are right ascensions: those with minutes and seconds are in hours.

    Returns
    -------
    CodeValue or None
        None if they are degrees already, or no angles.
    """
    if _have_minutes(field):
        largest = sexagesimal(field.texts).values.max()
        in_hours = turn and isinstance(largest, float) and largest <= _HOURS
        return call(sexagesimal, field.name, **({"hours": True} if in_hours else {}))
    unit = sample.declared.units.get(field.name, "").lower()
    if turn and len(field.numbers) and _HOUR_WORDS & {*field.words, unit}:
        hours = number(numbers_of(field))
        return CodeValue(hours.value * _DEGREES, f"({hours.code}) * {_DEGREES}")
    return None


def are_angles(candidate: Candidate) -> bool:
    """Return whether values are angles with minutes and seconds."""
    return _have_minutes(candidate.field)


def _have_minutes(field: Field) -> bool:
    return len(field.texts) > 0 and share_matching(field.texts, SEXAGESIMAL) >= SHARE
