"""The unit of a field, as its name, its neighbours or its source say it."""

from __future__ import annotations

import re

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.recognise.lengths import may_be_length
from epnkit.mapping.spectral import unit_of

#: How names of fields of units end, beside the field's own name.
_ENDINGS = ("_unit", "_units", "unit", "units", "-unit", " unit")

#: Fields of a document that hold the unit of what else is in it.
_INNER = ("unit", "units")

#: Ångström at the end of a name: ``wave_min_A``, ``lambda [AA]``. A small a may be anything.
_ANGSTROM = re.compile(r"(?:_|\s|\[|\()(?:A|AA|Å)[\])]?$")

#: A unit in brackets that a comment begins with (FITS 4.0, section 4.3.2), or has elsewhere.
_BRACKETS = re.compile(r"^\s*\[([^\]]+)\]")
_ANYWHERE = re.compile(r"[\[(]([^\])]{1,20})[\])]")

#: A word at the end of a comment that may be a unit: ``exposure, ms``, ``exposure time in ms``.
_LAST = re.compile(r"(?:,|\bin)\s+([^\s,]+)\s*$")

#: Units of time as names and comments spell them, in seconds; the short name of each comes first.
SECONDS = {
    "us": 1e-6,
    "ms": 1e-3,
    "msec": 1e-3,
    "millisecond": 1e-3,
    "milliseconds": 1e-3,
    "s": 1.0,
    "sec": 1.0,
    "secs": 1.0,
    "second": 1.0,
    "seconds": 1.0,
    "min": 60.0,
    "minute": 60.0,
    "minutes": 60.0,
    "h": 3600.0,
    "hr": 3600.0,
    "hour": 3600.0,
    "hours": 3600.0,
    "d": 86400.0,
    "day": 86400.0,
    "days": 86400.0,
}

#: Units of heights, in kilometres.
KILOMETRES = {"km": 1.0, "m": 1e-3, "kilometers": 1.0, "kilometer": 1.0, "meters": 1e-3}


def find_unit(comment: str) -> str | None:
    """Return the unit that a comment gives in brackets, or at its end.

    Examples
    --------
    >>> find_unit("[Angstrom] bandpass"), find_unit("duration (seconds)--calculated")
    ('Angstrom', 's')
    >>> find_unit("bandpass"), find_unit("start (yyyy-mm-dd)"), find_unit("exposure, ms")
    (None, None, 'ms')
    >>> find_unit("exposure time in ms"), find_unit("seen in H-alpha")
    ('ms', None)
    """
    if first := _BRACKETS.match(comment):
        return _shorten(first[1].strip()) or first[1].strip()
    for found in _ANYWHERE.finditer(comment):
        text = found[1].strip()
        if known := _shorten(text) or (text if _is_said(text) else None):
            return known
    at_end = _LAST.search(comment)
    last = at_end[1] if at_end else ""
    return _shorten(last) or (last if _is_said(last) else None)


def _shorten(text: str) -> str | None:
    """Return the short name of a unit of time, so that all spellings agree; None if it is none."""
    seconds = SECONDS.get(text.lower())
    return next((short for short, each in SECONDS.items() if each == seconds), None)


def _is_said(text: str) -> bool:
    """Return whether a text is a unit of light or of length, and no letter that may be anything."""
    return len(text) > 1 and (unit_of(text) is not None or may_be_length(text))


def is_in_angstrom(field: Field) -> bool:
    """Return whether the end of a name is the symbol of the ångström."""
    return _ANGSTROM.search(field.name) is not None


def ends_with_a(field: Field) -> bool:
    """Return whether a name ends with a small a of its own, as databases give ``lambda_A``."""
    return field.name.endswith("_a")


def find_unit_field(sample: Sample, field: Field) -> Field | None:
    """Find the field next to one that holds its unit: ``x_unit``, or ``unit`` of its document."""
    fields = {each.name.lower(): each for each in sample if len(each.texts)}
    name = field.name.lower()
    document, dot, _ = name.rpartition(".")
    named = [f"{name}{ending}" for ending in _ENDINGS]
    inner = [f"{document}{dot}{each}" for each in _INNER] if dot else []
    return next((fields[each] for each in [*named, *inner] if each in fields), None)
