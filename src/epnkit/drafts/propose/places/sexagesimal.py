"""Angles and right ascensions in hours: ``18:36:56.3``, ``+38 47 01``, ``18.6`` hours."""

from __future__ import annotations

import polars as pl

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.propose.code import CodeValue, column, number, numbers_of
from epnkit.drafts.recognise.meanings import Candidate
from epnkit.drafts.recognise.values import SHARE, share_matching
from epnkit.mapping.declare import evaluate
from epnkit.quoting import python_text

#: Sign, degrees or hours, minutes and seconds.
_PARTS = (
    r"^\s*([-+]?)(\d{1,3})(?:[:\s]+|\s*[hd°]\s*)(\d{1,2})"
    r"(?:(?:[:\s]+|\s*['m′]\s*)(\d{1,2}(?:[.,]\d*)?))?\s*(?:''|[\"s″])?\s*$"
)

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
    if len(field.texts) and share_matching(field.texts, _PARTS) >= SHARE:
        plain = _join_parts(field.name)
        return _from_hours(plain) if turn and not _exceeds_hours(plain, field) else plain
    unit = sample.declared.units.get(field.name, "").lower()
    if turn and len(field.numbers) and _HOUR_WORDS & {*field.words, unit}:
        return _from_hours(number(numbers_of(field)))
    return None


def are_angles(candidate: Candidate) -> bool:
    """Return whether values are angles with minutes and seconds."""
    texts = candidate.field.texts
    return len(texts) > 0 and share_matching(texts, _PARTS) >= SHARE


def _from_hours(value: CodeValue) -> CodeValue:
    return CodeValue(value.value * _DEGREES, f"({value.code}) * {_DEGREES}")


def _exceeds_hours(value: CodeValue, field: Field) -> bool:
    made = evaluate(value.value, pl.DataFrame({field.name: field.given}))
    return bool((made > _HOURS).any())


def _join_parts(name: str) -> CodeValue:
    """Declare degrees, or hours, with minutes and seconds as one number."""
    text = column(name)
    whole, minutes, seconds = (_extract(text, place) for place in (2, 3, 4))
    sign = text.value.str.extract(_PARTS, 1).replace_strict({"-": -1.0}, default=1.0)
    signed = f"{text.code}.str.extract({python_text(_PARTS)}, 1)"
    signed = f'{signed}.replace_strict({{"-": -1.0}}, default=1.0)'
    parts = whole.value + minutes.value / 60.0 + seconds.value.fill_null(0.0) / 3600.0
    code = f"{whole.code} + {minutes.code} / 60.0 + {seconds.code}.fill_null(0.0) / 3600.0"
    return CodeValue(sign * parts, f"{signed} * ({code})")


def _extract(text: CodeValue, place: int) -> CodeValue:
    code = f"{text.code}.str.extract({python_text(_PARTS)}, {place})"
    value = text.value.str.extract(_PARTS, place).str.replace(",", ".").cast(pl.Float64)
    return CodeValue(value, f'{code}.str.replace(",", ".").cast(pl.Float64)')
