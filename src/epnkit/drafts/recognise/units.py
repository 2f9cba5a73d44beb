"""The unit of a field, as its name, its neighbours or its source say it."""

from __future__ import annotations

import re

from epnkit.drafts.inspect.sample import Field, Sample

#: How names of fields of units end, beside the field's own name.
_ENDINGS = ("_unit", "_units", "unit", "units", "-unit", " unit")

#: Fields of a document that hold the unit of what else is in it.
_INNER = ("unit", "units")

#: Ångström at the end of a name: ``wave_min_A``, ``lambda [AA]``. A small a may be anything.
_ANGSTROM = re.compile(r"(?:_|\s|\[|\()(?:A|AA|Å)[\])]?$")

#: A unit in brackets that a card of FITS has in its comment (FITS 4.0, section 4.3.2).
_BRACKETS = re.compile(r"^\s*\[([^\]]+)\]")


def unit_in_comment(comment: str) -> str | None:
    """Return the unit with which a card's comment begins: ``[nm] wavelength``.

    Examples
    --------
    >>> unit_in_comment("[Angstrom] bandpass"), unit_in_comment("bandpass")
    ('Angstrom', None)
    """
    found = _BRACKETS.match(comment)
    return found[1].strip() if found else None


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
