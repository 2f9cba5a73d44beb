"""Values out of closed lists and vocabularies (sections 2.1 to 2.3)."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import polars as pl

from epnkit.epncore import ucd, vocabularies
from epnkit.epncore.columns import COLUMNS
from epnkit.epncore.rowrules.base import Check, GranuleRows

#: The rule that closes the list of each enumerated text column.
_CLOSED = {
    "dataproduct_type": 36,
    "target_class": 48,
    "spatial_frame_type": 68,
    "particle_spectral_type": 109,
    "geometry_type": 111,
    "event_status": 112,
    "event_cite": 112,
    "dynamical_class": 115,
}


def items(value: str) -> list[str]:
    """Split a list; its empty items are a matter of rule 18, its blanks of rule 16."""
    return [item.strip() for item in value.split("#") if item.strip()]


def checks(rows: GranuleRows) -> Iterator[Check]:
    """Return the checks of enumerated values and of vocabulary terms."""
    for name, rule in _CLOSED.items():
        if rows.has(name):
            yield _check_closed_list(rows, name, rule)
    for rule_checks in (_processing_level, _measurement, _messenger, _time_scale):
        yield from rule_checks(rows)
    yield from _time_refposition(rows)
    yield from _target_region(rows)


def _outside(
    rows: GranuleRows, name: str, known: Collection[str] | vocabularies.Vocabulary
) -> pl.Expr:
    return rows.where(name, lambda value: any(item not in known for item in items(value)))


def _check_closed_list(rows: GranuleRows, name: str, rule: int) -> Check:
    column = COLUMNS[name]
    single = column.hash_list == "no"
    allowed = column.allowed_values
    if single:
        broken = rows.where(name, lambda value: value.strip() not in allowed)
    else:
        broken = _outside(rows, name, allowed)
    return Check(rule, name, broken, f"is not of the list {', '.join(allowed)}")


def _processing_level(rows: GranuleRows) -> Iterator[Check]:
    if not rows.has("processing_level"):
        return
    level = pl.col("processing_level")
    yield Check(43, "processing_level", ~level.is_in([1, 2, 3, 4, 5, 6]), "is not 1, 2, 3, 5 or 6")
    message = "is CODMAC's; EPN-TAP says 5"
    yield Check(43, "processing_level", level == 4, message, severity="SHOULD")


def _measurement(rows: GranuleRows) -> Iterator[Check]:
    name = "measurement_type"
    if rows.has(name):
        broken = rows.where(name, lambda value: any(map(ucd.find_fault, items(value))))
        yield Check(41, name, broken, "is not a valid UCD of UCD1+ 1.6")


def _messenger(rows: GranuleRows) -> Iterator[Check]:
    if rows.has("messenger"):
        broken = _outside(rows, "messenger", vocabularies.load("messenger"))
        yield Check(106, "messenger", broken, "is not a term of the vocabulary messenger")


def _time_scale(rows: GranuleRows) -> Iterator[Check]:
    if not rows.has("time_scale"):
        return
    known = vocabularies.load("timescale")
    broken = rows.where("time_scale", lambda value: value.strip() not in known)
    yield Check(55, "time_scale", broken, "is not a term of the vocabulary timescale")
    other = rows.where("time_scale", lambda v: v.strip() in known and v.strip() != "UTC")
    yield Check(55, "time_scale", other, "is not UTC, as data services are", severity="SHOULD")


def _time_refposition(rows: GranuleRows) -> Iterator[Check]:
    name = "time_refposition"
    if not rows.has(name):
        return
    unknown = rows.where(name, lambda value: value.strip() not in vocabularies.load("refposition"))
    named = [
        _equals_item_of(rows, name, other) for other in ("target_name", "instrument_host_name")
    ]
    broken = unknown & ~pl.any_horizontal(named)
    yield Check(56, name, broken, "is no term of refposition, and neither target nor host")


def _equals_item_of(rows: GranuleRows, name: str, other: str) -> pl.Expr:
    if not rows.has(other):
        return pl.lit(value=False)
    listed = pl.col(other).str.to_lowercase().str.split("#")
    return listed.list.contains(pl.col(name).str.to_lowercase()).fill_null(value=False)


def _target_region(rows: GranuleRows) -> Iterator[Check]:
    if rows.has("target_region"):
        broken = rows.where("target_region", lambda v: not all(map(_in_uat, items(v))))
        yield Check(107, "target_region", broken, "is not a word of the UAT")


def _in_uat(item: str) -> bool:
    """Return whether words end a term: ``atmosphere`` does in ``planetary-atmospheres``."""
    word = item.lower().replace(" ", "-").replace("_", "-")
    ends: tuple[str, ...] = tuple(f"-{word}{plural}" for plural in ("", "s", "es"))
    return any(f"-{term}".endswith(ends) for term in vocabularies.load("uat").terms)
