"""Proposals for outlines that records hold as WKT, GeoJSON or lists of corners."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import polars as pl

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.propose.code import CodeValue, column
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.recognise.meanings import find_candidates
from epnkit.drafts.recognise.values import SHARE, share_matching
from epnkit.mapping.declare import evaluate
from epnkit.quoting import python_text

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"

#: How polygons begin: well-known text, GeoJSON, and a list of the corners of GeoJSON.
_BEGINNINGS = {
    "WKT": r"(?i)^\s*(?:SRID=\d+;)?\s*POLYGON\s*\(\(",
    "GeoJSON": r'^\s*\{.*"type"\s*:\s*"Polygon"',
    "corners": rf"^\s*\[\s*(?:\[\s*)+{_NUMBER}\s*,\s*{_NUMBER}\s*\]\s*,",
}

#: The outer ring in each of them.
_RINGS = {
    "WKT": r"\(\(([^()]+)\)",
    "GeoJSON": rf"(\[\s*\[\s*{_NUMBER}[^{{}}]*?\]\s*\])",
    "corners": rf"(\[\s*\[\s*{_NUMBER}[^{{}}]*?\]\s*\])",
}

#: How sure the limits of an outline are, and the outline itself.
_LIMITS, _OUTLINE = 0.82, 0.85

#: The fewest numbers of an outline.
_FEWEST = 6


def propose_outline(sample: Sample) -> tuple[Literal["body", "celestial"], tuple[Proposal, ...]]:
    """Propose s_region and the limits of the first field that holds polygons of degrees.

    Parameters
    ----------
    sample : Sample
        The records.

    Returns
    -------
    tuple of str and tuple of Proposal
        The frame, which is the sky's where records have a right ascension; and no proposals if no
        field holds polygons.
    """
    sky = all(find_candidates(sample, f"c{axis}_celestial") for axis in (1, 2))
    found = next((each for field in sample if (each := _read_outline(field))), None)
    return "celestial" if sky else "body", () if found is None else tuple(_propose(*found))


def _read_outline(field: Field) -> tuple[str, CodeValue, str] | None:
    """Return the name of a field of polygons, the numbers of their corners, and their form."""
    is_list = field.given.dtype == pl.List(pl.String)
    texts = field.given.list.first().drop_nulls() if is_list else field.texts
    for form, beginning in _BEGINNINGS.items():
        if len(texts) and share_matching(texts, beginning) >= SHARE:
            corners = _declare_corners(field.name, is_list, form)
            return (field.name, corners, form) if _are_degrees(corners, field) else None
    return None


def _declare_corners(name: str, is_list: bool, form: str) -> CodeValue:
    """Declare the corners as numbers, longitude and latitude by turns."""
    text, ring = column(name), _RINGS[form]
    if is_list:
        text = CodeValue(text.value.list.first(), f"{text.code}.list.first()")
    numbers = text.value.str.extract(ring, 1).str.extract_all(_NUMBER)
    code = f"{text.code}.str.extract({python_text(ring)}, 1)"
    code = f"{code}.str.extract_all({python_text(_NUMBER)}).cast(pl.List(pl.Float64))"
    return CodeValue(numbers.cast(pl.List(pl.Float64)), code)


def _are_degrees(corners: CodeValue, field: Field) -> bool:
    """Return whether corners are pairs of a longitude and a latitude."""
    lists = evaluate(corners.value, pl.DataFrame({field.name: field.given}))
    pairs = bool(((lists.list.len() % 2 == 0) & (lists.list.len() >= _FEWEST)).all())
    along, across = (
        lists.list.gather_every(2, start).explode().is_between(-limit, limit)
        for start, limit in ((0, 360.0), (1, 90.0))
    )
    return pairs and bool(along.all()) and bool(across.all())


def _propose(name: str, corners: CodeValue, form: str) -> Iterator[Proposal]:
    reason = f"its values are polygons ({form})"
    yield Proposal(("s_region",), corners, (name,), _OUTLINE, reason)
    for axis in (0, 1):
        for end in ("min", "max"):
            made = _declare_limit(corners, axis, end)
            limits = f"the limits of the polygons in {name}"
            yield Proposal((f"c{axis + 1}{end}",), made, (name,), _LIMITS, limits)


def _declare_limit(corners: CodeValue, axis: int, end: str) -> CodeValue:
    """Declare the least or the greatest longitude or latitude of corners."""
    values = corners.value.list.gather_every(2, axis)
    code = f"{corners.code}.list.gather_every(2, {axis}).list.{end}()"
    least = values.list.min() if end == "min" else values.list.max()
    return CodeValue(least % 360.0, f"{code} % 360.0") if axis == 0 else CodeValue(least, code)
