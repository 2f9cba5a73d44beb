"""Proposals for places on the Sun that records give in arcseconds from the disc's centre."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from epnkit.drafts.inspect.sample import Field, Sample
from epnkit.drafts.inspect.tables import read_table
from epnkit.drafts.propose.code import CodeValue, call, number, numbers_of
from epnkit.drafts.propose.proposal import Proposal
from epnkit.drafts.recognise.meanings import find_candidates
from epnkit.drafts.recognise.values import time_form
from epnkit.epncore.columns import COLUMNS
from epnkit.mapping.solar_views import FIELD, field_of_view

#: The columns of a field on the Sun that each table has.
_COLUMNS = tuple(name for name in FIELD if name in COLUMNS and COLUMNS[name].mandatory)

#: How far from the disc's centre a place is at most, in arcseconds: three radii.
_FARTHEST = 3000.0

#: The longest side of a field of view, in arcseconds.
_WIDEST = 6000.0

#: How sure a field of view is, and a place alone, which is drawn as a square of one arcsecond.
_WITH_SIDES, _PLACE = 0.75, 0.6


def propose_solar_offsets(sample: Sample, bodies: frozenset[str]) -> Iterator[Proposal]:
    """Propose what is drawn on the Sun around a place, at the time and as seen from the Earth.

    Parameters
    ----------
    sample : Sample
        The records.
    bodies : frozenset of str
        What was looked at: nothing is proposed unless that is the Sun alone.
    """
    dates = [c.field for c in find_candidates(sample, "time_min") if time_form(c.field) == "text"]
    x, y = (_find(sample, f"solar_{axis}", _FARTHEST) for axis in ("x", "y"))
    if bodies != {"Sun"} or not dates or x is None or y is None or _is_far_from_earth(sample):
        return
    width, height = (_find(sample, f"field_{side}", _WIDEST) for side in ("width", "height"))
    sides = [] if width is None or height is None else [width, height]
    drawn = [numbers_of(side) for side in sides] or [_one_arcsecond(x)] * 2
    made = call(field_of_view, dates[0].name, numbers_of(x), numbers_of(y), *drawn)
    fields = [dates[0], x, y, *sides]
    reason = "arcseconds from the disc's centre, drawn on the Sun as seen from the Earth"
    score = _WITH_SIDES if sides else _PLACE
    yield Proposal(_COLUMNS, made, tuple(each.name for each in fields), score, reason)


def _is_far_from_earth(sample: Sample) -> bool:
    """Return whether a spacecraft saw the Sun from another side than the Earth's."""
    hosts = [c.field for c in find_candidates(sample, "instrument_host_name")]
    names = {*read_table("targets")["solar"]["far"]}
    return any(bool(field.texts.str.to_lowercase().is_in(names).any()) for field in hosts)


def _find(sample: Sample, meaning: str, most: float) -> Field | None:
    found = (c.field for c in find_candidates(sample, meaning) if len(c.field.numbers))
    return next((f for f in found if f.numbers.is_between(-most, most).all()), None)


def _one_arcsecond(field: Field) -> CodeValue:
    plain = number(numbers_of(field))
    return CodeValue(plain.value * 0.0 + pl.lit(1.0), f"{plain.code} * 0.0 + pl.lit(1.0)")
