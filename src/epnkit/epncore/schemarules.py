"""The rules that the declaration of a table decides (EPN-TAP 2.0, sections 1.2, 2.2, 3, 4)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from epnkit.epncore import ucd
from epnkit.epncore.columns import COLUMNS, FRAMES, Column
from epnkit.epncore.findings import RuleFinding
from epnkit.epncore.published import OLD_UTYPE, UTYPE, DeclaredField, DeclaredTable
from epnkit.epncore.rowrules.pairs import LONGITUDES
from epnkit.units import parse_unit

_NUMBERS = frozenset({"short", "int", "long", "float", "double"})
_DATATYPES = {
    "text": frozenset({"char", "unicodeChar"}),
    "timestamp": frozenset({"char", "unicodeChar"}),
    "integer": frozenset({"int", "long"}),
    "float": frozenset({"float", "double"}),
    "double": frozenset({"double"}),
}
_PARTICLES = [c.name for c in COLUMNS.values() if c.extension == "particle spectroscopy"]
_SINGLE = re.compile(r"(ra|dec)_?(min|max)$")


def check_declaration(table: DeclaredTable, frame: str) -> Iterator[RuleFinding]:
    """Check a table by its declaration.

    Parameters
    ----------
    table : DeclaredTable
        The table, as the service declares it.
    frame : str
        The one spatial frame of its rows; empty if it varies or isn't known.

    Yields
    ------
    RuleFinding
        What breaks a rule.
    """
    yield from _check_identity(table)
    yield from _check_presence(table)
    yield from _check_pairs(table)
    yield from _check_own_names(table)
    if table.described:
        for field in table.fields:
            yield from _check_metadata(field, frame)


def check_utype(utype: str, what: str) -> Iterator[RuleFinding]:
    """Check the utype of an EPN-TAP table, wherever it is declared (rules 2 and 3)."""
    if utype.lower() == OLD_UTYPE.lower():
        yield RuleFinding(3, "", utype, f"is the utype before EPN-TAP 2.0, in {what}")
    elif not utype.lower().startswith("ivo://ivoa.net/std/epntap#table-2."):
        yield RuleFinding(2, "", utype, f"is not {UTYPE}, in {what}")


def _check_identity(table: DeclaredTable) -> Iterator[RuleFinding]:
    if table.name and not re.fullmatch(r"\w+\.epn_core", table.name):
        yield RuleFinding(1, "", table.name, "is not named <schema>.epn_core")
    for sibling in table.siblings:
        yield RuleFinding(1, "", sibling, f"is another EPN-TAP table of the schema of {table.name}")
    if table.utype is not None:
        yield from check_utype(table.utype, "the table")


def _check_presence(table: DeclaredTable) -> Iterator[RuleFinding]:
    for column in COLUMNS.values():
        if column.mandatory and column.name not in table.names:
            yield RuleFinding(4, column.name, "", "is missing")
    if "access_url" in table.names:
        for name in ("access_format", "access_estsize"):
            if name not in table.names:
                yield RuleFinding(94, name, "", "is missing, though there is access_url")
    missing = [name for name in _PARTICLES if name not in table.names]
    if len(missing) < len(_PARTICLES):
        yield from (RuleFinding(109, name, "", "is missing in the set") for name in missing)
    if "accref" in table.names:
        yield RuleFinding(27, "accref", "", "is published")


def _check_pairs(table: DeclaredTable) -> Iterator[RuleFinding]:
    for name in sorted(table.names):
        other = _other_end(name)
        if not other or other in table.names or _is_mandatory(other) or other in _PARTICLES:
            continue
        if _SINGLE.match(name):
            continue
        rule = 25 if "_error_" in name else 86 if name[:-4] in LONGITUDES else 11
        yield RuleFinding(rule, name, "", f"has no {other}")
    for name in filter(_SINGLE.match, sorted(table.names)):
        yield RuleFinding(87, name, "", "is a limit of a single coordinate")


def _other_end(name: str) -> str:
    if name in COLUMNS and not COLUMNS[name].limit:
        return ""
    if not (name in COLUMNS or name.endswith(("_min", "_max"))):
        return ""
    return name[:-3] + ("max" if name.endswith("min") else "min")


def _is_mandatory(name: str) -> bool:
    return name in COLUMNS and COLUMNS[name].mandatory


def _check_own_names(table: DeclaredTable) -> Iterator[RuleFinding]:
    known = {_bare(name): name for name in COLUMNS}
    for name, times in Counter(field.name for field in table.fields).items():
        if times > 1:
            yield RuleFinding(22, name, "", "is declared more than once")
        if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*_?", name):
            yield RuleFinding(14, name, "", "is not made of lower-case words and _")
        elif name not in COLUMNS and _bare(name) in known:
            yield RuleFinding(22, name, "", f"varies the standard's {known[_bare(name)]}")


def _bare(name: str) -> str:
    return name.replace("_", "")


def _check_metadata(field: DeclaredField, frame: str) -> Iterator[RuleFinding]:
    column = COLUMNS.get(field.name)
    if column is None:
        yield from _check_own_column(field)
        return
    yield from _check_datatype(field, column)
    if column.by_kind == "frame":
        yield from _check_frame(field, column, frame)
    elif field.name == "access_estsize":
        if field.unit != "kbyte":
            yield RuleFinding(98, field.name, field.unit, "has not the unit kbyte")
        yield from _check_ucd(28, field, (column.ucd,))
    else:
        kinds = ("energy", "mass", "mass/charge") if column.by_kind else ("",)
        yield from _check_unit(28, field, tuple(column.unit_in(kind) for kind in kinds))
        yield from _check_ucd(28, field, tuple(column.ucd_in(kind) for kind in kinds))


def _check_own_column(field: DeclaredField) -> Iterator[RuleFinding]:
    fault = ucd.find_fault(field.ucd) if field.ucd else ""
    if fault:
        yield RuleFinding(24, field.name, field.ucd, f"the UCD {fault}")
    error = re.search(r"_error(_min|_max)?$", field.name)
    if error and field.datatype in _NUMBERS and field.datatype:
        wanted = ";".join(filter(None, ("stat.error", _limit_word(error[1]))))
        if not f"{field.ucd};".startswith(f"{wanted};"):
            yield RuleFinding(25, field.name, field.ucd, f"the UCD does not begin with {wanted}")


def _limit_word(end: str | None) -> str:
    return f"stat.{end[1:]}" if end else ""


def _check_datatype(field: DeclaredField, column: Column) -> Iterator[RuleFinding]:
    if not field.datatype or column.dachs_type in {"spoly", "smoc"}:
        return
    if field.datatype not in _DATATYPES[column.epn_type]:
        rule = 19 if field.name in {"time_min", "time_max"} else 29
        yield RuleFinding(rule, field.name, field.datatype, f"is not declared as {column.epn_type}")


def _check_frame(field: DeclaredField, column: Column, frame: str) -> Iterator[RuleFinding]:
    if frame not in FRAMES:
        return
    resolution = "_resol_" in field.name
    yield from _check_unit(72 if resolution else 70, field, (column.unit_in(frame),))
    yield from _check_ucd(72 if resolution else 71, field, (column.ucd_in(frame),))


def _check_unit(rule: int, field: DeclaredField, wanted: tuple[str, ...]) -> Iterator[RuleFinding]:
    if not any(_is_same_unit(field.unit, unit) for unit in wanted):
        message = f"has not the unit {' or '.join(wanted) or 'of a pure number'}"
        yield RuleFinding(rule, field.name, field.unit, message)


def _is_same_unit(one: str, other: str) -> bool:
    if one == other or not (one and other):
        return one == other
    parsed = parse_unit(one)
    return parsed is not None and bool(parsed == parse_unit(other))


def _check_ucd(rule: int, field: DeclaredField, wanted: tuple[str, ...]) -> Iterator[RuleFinding]:
    if field.ucd.lower() not in {word.lower() for word in wanted}:
        message = f"has not the UCD {' or '.join(filter(None, dict.fromkeys(wanted))) or '(none)'}"
        yield RuleFinding(rule, field.name, field.ucd, message)
