"""The rules that the declaration of a table decides (EPN-TAP 2.0, sections 1.2, 2.2, 3, 4)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from astropy import units

from epnkit.epncore import ucd
from epnkit.epncore.columns import COLUMNS, FRAMES, Column
from epnkit.epncore.findings import Finding
from epnkit.epncore.published import OLD_UTYPE, UTYPE, Field, Table
from epnkit.epncore.rowrules.pairs import LONGITUDES

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


def judge(table: Table, frame: str) -> Iterator[Finding]:
    """Judge a table by its declaration.

    Parameters
    ----------
    table : Table
        The table, as the service declares it.
    frame : str
        The one spatial frame of its rows; empty where it varies or isn't known.

    Yields
    ------
    Finding
        What breaks a rule.
    """
    yield from _identity(table)
    yield from _presence(table)
    yield from _pairs(table)
    yield from _own_names(table)
    if table.described:
        for field in table.fields:
            yield from _metadata(field, frame)


def utype_faults(utype: str, what: str) -> Iterator[Finding]:
    """Judge the utype of an EPN-TAP table, wherever it is told (rules 2 and 3)."""
    if utype.lower() == OLD_UTYPE.lower():
        yield Finding(3, "", utype, f"is the utype before EPN-TAP 2.0, in {what}")
    elif not utype.lower().startswith("ivo://ivoa.net/std/epntap#table-2."):
        yield Finding(2, "", utype, f"is not {UTYPE}, in {what}")


def _identity(table: Table) -> Iterator[Finding]:
    if table.name and not re.fullmatch(r"\w+\.epn_core", table.name):
        yield Finding(1, "", table.name, "is not named <schema>.epn_core")
    for sibling in table.siblings:
        yield Finding(1, "", sibling, f"is another EPN-TAP table beside {table.name}")
    if table.utype is not None:
        yield from utype_faults(table.utype, "the table")


def _presence(table: Table) -> Iterator[Finding]:
    for column in COLUMNS.values():
        if column.mandatory and column.name not in table.names:
            yield Finding(4, column.name, "", "is missing")
    if "access_url" in table.names:
        for name in ("access_format", "access_estsize"):
            if name not in table.names:
                yield Finding(94, name, "", "is missing beside access_url")
    missing = [name for name in _PARTICLES if name not in table.names]
    if len(missing) < len(_PARTICLES):
        yield from (Finding(109, name, "", "is missing in the set") for name in missing)
    if "accref" in table.names:
        yield Finding(27, "accref", "", "is published")


def _pairs(table: Table) -> Iterator[Finding]:
    for name in sorted(table.names):
        other = _other_end(name)
        if not other or other in table.names or _mandatory(other) or other in _PARTICLES:
            continue
        if _SINGLE.match(name):
            continue
        rule = 25 if "_error_" in name else 86 if name[:-4] in LONGITUDES else 11
        yield Finding(rule, name, "", f"has no {other}")
    for name in filter(_SINGLE.match, sorted(table.names)):
        yield Finding(87, name, "", "is a limit of a single coordinate")


def _other_end(name: str) -> str:
    if name in COLUMNS and not COLUMNS[name].limit:
        return ""
    if not (name in COLUMNS or name.endswith(("_min", "_max"))):
        return ""
    return name[:-3] + ("max" if name.endswith("min") else "min")


def _mandatory(name: str) -> bool:
    return name in COLUMNS and COLUMNS[name].mandatory


def _own_names(table: Table) -> Iterator[Finding]:
    known = {_bare(name): name for name in COLUMNS}
    for name, times in Counter(field.name for field in table.fields).items():
        if times > 1:
            yield Finding(22, name, "", "is declared more than once")
        if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*_?", name):
            yield Finding(14, name, "", "is not made of lower-case words and _")
        elif name not in COLUMNS and _bare(name) in known:
            yield Finding(22, name, "", f"varies the standard's {known[_bare(name)]}")


def _bare(name: str) -> str:
    return name.replace("_", "")


def _metadata(field: Field, frame: str) -> Iterator[Finding]:
    column = COLUMNS.get(field.name)
    if column is None:
        yield from _own(field)
        return
    yield from _datatype(field, column)
    if column.by_kind == "frame":
        yield from _framed(field, column, frame)
    elif field.name == "access_estsize":
        if field.unit != "kbyte":
            yield Finding(98, field.name, field.unit, "has not the unit kbyte")
        yield from _ucd(28, field, (column.ucd,))
    else:
        kinds = ("energy", "mass", "mass/charge") if column.by_kind else ("",)
        yield from _unit(28, field, tuple(column.unit_in(kind) for kind in kinds))
        yield from _ucd(28, field, tuple(column.ucd_in(kind) for kind in kinds))


def _own(field: Field) -> Iterator[Finding]:
    fault = ucd.fault(field.ucd) if field.ucd else ""
    if fault:
        yield Finding(24, field.name, field.ucd, f"the UCD {fault}")
    error = re.search(r"_error(_min|_max)?$", field.name)
    if error and field.datatype in _NUMBERS and field.datatype:
        wanted = ";".join(filter(None, ("stat.error", _limit_word(error[1]))))
        if not f"{field.ucd};".startswith(f"{wanted};"):
            yield Finding(25, field.name, field.ucd, f"the UCD does not begin with {wanted}")


def _limit_word(end: str | None) -> str:
    return f"stat.{end[1:]}" if end else ""


def _datatype(field: Field, column: Column) -> Iterator[Finding]:
    if not field.datatype or column.dachs_type in {"spoly", "smoc"}:
        return
    if field.datatype not in _DATATYPES[column.epn_type]:
        rule = 19 if field.name in {"time_min", "time_max"} else 29
        yield Finding(rule, field.name, field.datatype, f"is not declared as {column.epn_type}")


def _framed(field: Field, column: Column, frame: str) -> Iterator[Finding]:
    if frame not in FRAMES:
        return
    resolution = "_resol_" in field.name
    yield from _unit(72 if resolution else 70, field, (column.unit_in(frame),))
    yield from _ucd(72 if resolution else 71, field, (column.ucd_in(frame),))


def _unit(rule: int, field: Field, wanted: tuple[str, ...]) -> Iterator[Finding]:
    if not any(_same_unit(field.unit, unit) for unit in wanted):
        message = f"has not the unit {' or '.join(wanted) or 'of a pure number'}"
        yield Finding(rule, field.name, field.unit, message)


def _same_unit(one: str, other: str) -> bool:
    if one == other or not (one and other):
        return one == other
    try:
        return bool(units.Unit(one) == units.Unit(other))
    except ValueError:
        return False


def _ucd(rule: int, field: Field, wanted: tuple[str, ...]) -> Iterator[Finding]:
    if field.ucd.lower() not in {word.lower() for word in wanted}:
        message = f"has not the UCD {' or '.join(filter(None, dict.fromkeys(wanted))) or '(none)'}"
        yield Finding(rule, field.name, field.ucd, message)
