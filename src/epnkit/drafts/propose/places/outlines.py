"""Proposals for outlines that records hold as WKT, GeoJSON, STC-S or lists of corners."""

from __future__ import annotations

from typing import Literal

import polars as pl

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.propose.code import CodeValue, call
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.recognise.bodies import body_of
from epnkit.drafts.recognise.meanings import find_candidates
from epnkit.drafts.recognise.values import SHARE, share_matching
from epnkit.quoting import python_text

#: How polygons begin: well-known text, GeoJSON, a list of its corners, and STC-S.
_BEGINNINGS = {
    "WKT": r"(?i)^\s*(?:SRID=\d+;)?\s*POLYGON\s*\(\(",
    "GeoJSON": r'^\s*\{.*"type"\s*:\s*"Polygon"',
    "corners": r"^\s*\[\s*\[",
    "STC-S": r"(?i)^\s*POLYGON\s+[A-Z0-9]",
}

#: How sure an outline is.
_OUTLINE = 0.85


def propose_outline(
    sample: Sample, bodies: frozenset[str]
) -> tuple[Literal["body", "celestial"], tuple[Proposal, ...]]:
    """Propose s_region and the limits of the first field that holds polygons of degrees.

    Parameters
    ----------
    sample : Sample
        The records.
    bodies : frozenset of str
        What was looked at, as far as that is known.

    Returns
    -------
    tuple of str and tuple of Proposal
        The frame, which is the sky's where records have a right ascension, or their targets are
        points of light; and no proposals if no field holds polygons.
    """
    far = bool(bodies) and not any(map(body_of, bodies))
    sky = far or all(find_candidates(sample, f"c{axis}_celestial") for axis in (1, 2))
    found = next((each for field in sample if (each := _read_outline(field))), None)
    return "celestial" if sky else "body", () if found is None else (found,)


def _read_outline(field: Field) -> Proposal | None:
    """Return what a field of polygons of degrees gives."""
    is_list = field.given.dtype == pl.List(pl.String)
    texts = field.given.list.first().drop_nulls() if is_list else field.texts
    for form, beginning in _BEGINNINGS.items():
        if len(texts) and share_matching(texts, beginning) >= SHARE:
            # Not at the top: numba and shapely, which few sources need.
            from epnkit.mapping.written_outlines import WRITTEN_OUTLINE, written_outline

            if written_outline(texts)["s_region"].reasons.is_not_null().any():
                return None
            first = CodeValue(
                pl.col(field.name).list.first(), f"pl.col({python_text(field.name)}).list.first()"
            )
            made = call(written_outline, first if is_list else field.name)
            reason = f"its values are polygons ({form})"
            return Proposal(WRITTEN_OUTLINE, made, (field.name,), _OUTLINE, reason)
    return None
