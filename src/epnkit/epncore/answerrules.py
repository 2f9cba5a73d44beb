"""The rules that a VOTable decides: declarations of types, of systems, and its validity."""

from __future__ import annotations

from collections.abc import Iterator

from epnkit.epncore.columns import COLUMNS
from epnkit.epncore.findings import RuleFinding
from epnkit.epncore.published import DeclaredField, DeclaredTable, VotableMetadata

_TEXT = frozenset({"char", "unicodeChar"})
_FLOATS = frozenset({"float", "double"})
_SHAPES = frozenset({"point", "circle", "polygon"})


def check_votable(
    table: DeclaredTable, answer: VotableMetadata, frame: str
) -> Iterator[RuleFinding]:
    """Check what a VOTable declares.

    Parameters
    ----------
    table : DeclaredTable
        Its fields.
    answer : VotableMetadata
        What it says about the whole answer.
    frame : str
        The one spatial frame of its rows; empty if it varies or isn't known.

    Yields
    ------
    RuleFinding
        What breaks a rule.
    """
    for fault in answer.faults:
        yield RuleFinding(10, "", fault, "is not valid VOTable")
    if not answer.time_systems:
        yield RuleFinding(9, "time_min", "", "no TIMESYS is declared")
    # VOTable 1.5 has a system for bodies, which no DaCHS up to 2.11 writes: that is advice only.
    if frame == "celestial" and not answer.space_systems:
        yield RuleFinding(9, "c1min", "", "no COOSYS is declared")
    for field in table.fields:
        yield from _check_xtype(field)


def _check_xtype(field: DeclaredField) -> Iterator[RuleFinding]:
    column = COLUMNS.get(field.name)
    if column is None or not field.datatype:
        return
    if column.epn_type == "timestamp" and field.xtype != "timestamp":
        rule = 58 if field.name.startswith("target_time") else 60
        yield RuleFinding(rule, field.name, field.xtype, "has not the xtype timestamp")
    if field.name == "s_region" and not _is_region(field):
        message = "is neither text with xtype adql:REGION nor numbers with that of a shape"
        yield RuleFinding(82, field.name, f"{field.datatype} {field.xtype}".strip(), message)
    if field.name == "coverage" and not _is_moc(field):
        yield RuleFinding(84, field.name, field.xtype, "is not text with xtype moc or stmoc")


def _is_region(field: DeclaredField) -> bool:
    text = field.datatype in _TEXT and field.xtype == "adql:REGION"
    return text or (field.datatype in _FLOATS and field.xtype in _SHAPES)


def _is_moc(field: DeclaredField) -> bool:
    return field.datatype in _TEXT and field.xtype in {"moc", "stmoc"}
