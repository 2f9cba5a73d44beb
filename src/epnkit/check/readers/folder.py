"""A service folder: its RD, as DaCHS or lxml reads it, and the first granules."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
from lxml import etree

from epnkit import service as services
from epnkit.check.readers.read import TargetContents
from epnkit.epncore import registryrules
from epnkit.epncore.characters import check_declared_texts
from epnkit.epncore.columns import COLUMNS, Column
from epnkit.epncore.findings import RuleFinding
from epnkit.epncore.published import UTYPE, DeclaredField, DeclaredTable
from epnkit.epncore.rowrules.access import LINK_SCHEMES
from epnkit.errors import CheckError, EpnkitError
from epnkit.loading.prepare.counts import Counts
from epnkit.loading.prepare.preparation import Preparation
from epnkit.loading.require import describe_excess
from epnkit.sources import open_source
from epnkit.sources.base import ALL

#: How DaCHS itself reads an RD; run in a process of its own, since gavo wants its settings before
#: its import.
_DACHS_SCRIPT = """
import json, sys
from gavo import api, base, rscdesc
table = rscdesc.getRD(sys.argv[1]).getById("epn_core")
def field(column):
    kind, size, xtype = base.sqltypeToVOTable(column.type)
    text = (column.unit, column.ucd, column.xtype or xtype)
    return [column.name, kind, size or "", *(value or "" for value in text)]
utype = base.getMetaText(table, "utype", "", propagate=True)
print(json.dumps({"utype": utype, "fields": [field(c) for c in table if not c.hidden]}))
"""

#: VOTable's types, of those that the standard names and of those that an RD declares.
_TYPES = {
    "text": "char",
    "timestamp": "char",
    "integer": "int",
    "float": "double",
    "double": "double",
}
_SQL = {
    "double precision": "double",
    "real": "float",
    "integer": "int",
    "bigint": "long",
    "unicode": "unicodeChar",
}


def read(
    folder: Path, *, rows: int | None, environment: Mapping[str, str] = os.environ
) -> TargetContents:
    """Read a service folder.

    Parameters
    ----------
    folder : pathlib.Path
        The folder, with its ``q.rd`` and ``service.py``.
    rows : int or None
        How many records of the source to look at; 0 for none, None for all.
    environment : mapping
        That of a process that acts on a DaCHS, whose settings ``GAVOSETTINGS`` names: it reads the
        RD.

    Returns
    -------
    TargetContents
        The table that the RD declares, its subjects checked, and the granules of the first records.

    Raises
    ------
    CheckError
        If the RD cannot be read, or the source is wanted and cannot be reached.
    """
    rd = parse_rd(folder / "q.rd")
    element = find_table(rd, folder)
    table, unread = _read_declaration(rd, element, folder, environment)
    made = _Made(refused=["any row"]) if rows == 0 else _make_granules(folder, rows)
    granules, found = made.granules, [*made.findings]
    if granules is not None:
        found += check_declared_texts(table, granules)
    subjects = [text for node in rd.iterfind("meta") if (text := _subject(node))]
    return TargetContents(
        str(folder),
        table,
        granules,
        whole=rows is None,
        findings=(*registryrules.check_subjects(tuple(subjects)), *found),
        frame=mixin_parameters(element).get("spatial_frame_type", ""),
        service=rd.get("schema", ""),
        looked_at=(f"the RD and {granules.height if granules is not None else 0} granules",),
        not_looked_at=(
            *unread,
            *made.refused,
            "the VOTable and the registry record: none is served",
        ),
        schemes=made.schemes,
        excess=made.excess,
    )


def find_mangled_texts(folder: Path, granules: pl.DataFrame) -> list[RuleFinding]:
    """Find columns of granules whose texts the RD of their folder would serve mangled (rule 120).

    Parameters
    ----------
    folder : pathlib.Path
        The folder; without a readable RD nothing is found.
    granules : polars.DataFrame
        What its mapping makes.
    """
    try:
        rd = parse_rd(folder / "q.rd")
        element = find_table(rd, folder)
    except CheckError:
        return []
    name = f"{rd.get('schema')}.{element.get('id')}"
    return list(check_declared_texts(declaration_from_rd(element, name), granules))


def parse_rd(path: Path) -> etree._Element:
    """Parse an RD as it stands.

    Raises
    ------
    CheckError
        If it is missing, or no XML.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        return etree.fromstring(path.read_bytes(), parser)
    except (OSError, etree.XMLSyntaxError) as error:
        raise CheckError(
            "the RD cannot be read",
            where=str(path),
            why=str(error),
            cure="Correct its XML at the position named; dachs val shows more.",
        ) from error


def find_table(rd: etree._Element, folder: Path) -> etree._Element:
    """Find the EPN-TAP table of an RD.

    Raises
    ------
    CheckError
        If there is none.
    """
    tables = [
        table for table in rd.iterfind("table") if mixin_parameters(table) or _is_epn_core(table)
    ]
    if not tables:
        raise CheckError(
            "the RD declares no EPN-TAP table",
            where=str(folder / "q.rd"),
            cure='Give a table the id "epn_core" and the mixin //epntap2#table-2_0',
        )
    return tables[0]


def _is_epn_core(table: etree._Element) -> bool:
    return str(table.get("id")).endswith("epn_core")


def mixin_parameters(table: etree._Element) -> dict[str, str]:
    """Return the parameters of the EPN-TAP mixin; nothing if the table has none."""
    for mixin in table.iterfind("mixin"):
        if "epntap2#table" in (mixin.text or ""):
            return {name: str(value) for name, value in mixin.attrib.items()}
    return {"spatial_frame_type": ""} if "epntap2#table" in table.get("mixin", "") else {}


def _subject(node: etree._Element) -> str:
    return (node.text or "").strip() if node.get("name") == "subject" else ""


def _read_declaration(
    rd: etree._Element, element: etree._Element, folder: Path, environment: Mapping[str, str]
) -> tuple[DeclaredTable, list[str]]:
    name = f"{rd.get('schema')}.{element.get('id')}"
    if environment.get("GAVOSETTINGS"):
        done = subprocess.run(  # noqa: S603 - our own words, no shell
            [sys.executable, "-c", _DACHS_SCRIPT, str((folder / "q.rd").resolve())],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            stdin=subprocess.DEVNULL,
            # DaCHS reads only what lies below its directory of services.
            env={**environment, "GAVO_INPUTSDIR": str(folder.resolve().parent)},
        )
        if done.returncode == 0:
            said = json.loads(done.stdout.splitlines()[-1])
            return DeclaredTable(
                tuple(DeclaredField(*f) for f in said["fields"]), name, said["utype"]
            ), []
        why = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        note = f"what DaCHS makes of the RD ({why})"
    else:
        note = "what DaCHS makes of the RD (there is none; --dachs or GAVOSETTINGS names one)"
    return declaration_from_rd(element, name), [note]


def declaration_from_rd(element: etree._Element, name: str) -> DeclaredTable:
    """Take the mixin's columns as the standard has them, and those of the RD as they stand."""
    parameters = mixin_parameters(element)
    frame = parameters.get("spatial_frame_type", "")
    names = [c.name for c in COLUMNS.values() if c.mandatory] if parameters else []
    names += [word for word in parameters.get("optional_columns", "").split() if word in COLUMNS]
    own = [_own_field(column) for column in element.iterfind("column")]
    # the mixin's column gives way to one of the RD; the RD's own may still come twice
    taken = {field.name for field in own}
    mixed = [_standard_field(COLUMNS[n], frame) for n in dict.fromkeys(names) if n not in taken]
    utype = element.get("utype") or element.findtext("meta[@name='utype']") or ""
    return DeclaredTable((*mixed, *own), name, UTYPE if parameters else utype.strip())


def _standard_field(column: Column, frame: str) -> DeclaredField:
    kind = frame if column.by_kind == "frame" else "energy"
    known = not column.by_kind or kind
    unit, ucd = (column.unit_in(kind), column.ucd_in(kind)) if known else ("", "")
    return DeclaredField(column.name, _TYPES[column.epn_type], "", unit, ucd)


def _own_field(node: etree._Element) -> DeclaredField:
    sql = node.get("type", "real")
    text = [node.get(name, "") for name in ("unit", "ucd", "xtype")]
    return DeclaredField(node.get("name", ""), _SQL.get(sql, "char"), "", *text)


@dataclass(frozen=True)
class _Made:
    """What a mapping made of the first records, and what the rules and itself refuse of them."""

    granules: pl.DataFrame | None = None
    findings: list[RuleFinding] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    schemes: tuple[str, ...] = LINK_SCHEMES
    excess: str = ""


def _make_granules(folder: Path, rows: int | None) -> _Made:
    """Read the first records, and make granules of them.

    Raises
    ------
    CheckError
        If the source cannot be read.
    """
    try:
        service = services.read_service(folder)
        prepared = list(_prepare_batches(service, rows))
    except EpnkitError as error:
        raise CheckError(
            "the source cannot be read",
            where=str(folder),
            why=str(error),
            cure="Reach the source first, or look at the RD alone with --rows 0",
        ) from error
    if not prepared:
        none = ["any row: the source has none"]
        return _Made(pl.DataFrame(), refused=none, schemes=service.link_schemes)
    counts = Counts()
    for batch in prepared:
        counts.add(batch.counts)
    granules = pl.concat([batch.granules for batch in prepared], how="vertical_relaxed")
    refusals = pl.concat([batch.refusals for batch in prepared])
    tracked = [name for name in granules.columns if name.startswith("epnkit_")]
    ruled = refusals.filter(pl.col("rule").is_not_null())
    return _Made(
        granules.drop(tracked),
        [_refusal_finding(row) for row in ruled.to_dicts()],
        _report_unmapped(refusals),
        service.link_schemes,
        describe_excess(counts, service.refuse_share, even_if_few=True),
    )


def _report_unmapped(refusals: pl.DataFrame) -> list[str]:
    """Report records of which the mapping makes no granule: no rule can be applied to them."""
    found = refusals.filter(pl.col("rule").is_null())
    if found.is_empty():
        return []
    first = found.row(0, named=True)
    why = f"{first['field']}: {first['reason']}"
    return [f"{found.height} records that the mapping refuses (the first: {why})"]


def _prepare_batches(service: services.Service, rows: int | None) -> Iterator[Any]:
    # the address of the datalinks is not known before the service is installed
    datalink = f"http://localhost/{service.name}/q/dl/dlmeta?ID=" if service.links else None
    source = open_source(service.source_file, service.order)
    return Preparation(service, datalink).batches(source, ALL, limit=rows)


def _refusal_finding(row: dict[str, Any]) -> RuleFinding:
    named = row["granule_uid"] or row["record_key"] or ""
    return RuleFinding(row["rule"], row["field"] or "", named, row["reason"])
