"""Checking a target by every rule that can be decided from it, and reporting what was found."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import polars as pl
from lxml import etree

from epnkit.check.agreement import find_disagreements
from epnkit.check.readers import files, folder
from epnkit.check.readers.read import TargetContents
from epnkit.epncore import answerrules, registryrules, rules, schemarules
from epnkit.epncore.columns import COLUMNS, Column, EpnType, free_column
from epnkit.epncore.findings import to_frame
from epnkit.epncore.published import DeclaredTable
from epnkit.epncore.rulebook import RULES
from epnkit.epncore.upcoming import Advice, advise
from epnkit.errors import CheckError
from epnkit.quoting import printable
from epnkit.service import read_service

#: How many rows are looked at unless all are asked for.
ROWS = 10_000

_EPN_TYPES: dict[str, EpnType] = {
    "double": "double",
    "float": "float",
    "int": "integer",
    "long": "integer",
    "short": "integer",
}


@dataclass(frozen=True)
class Report:
    """What a check found.

    Parameters
    ----------
    target : str
        What was checked.
    findings : polars.DataFrame
        As `epnkit.epncore.rules.check_rows` gives them, with the ``granule`` next to the row.
    looked_at, not_looked_at : tuple of str
        The extent of the check.
    advice : tuple of Advice
        What the next text of the standard suggests; nothing of it is an error.
    excess : str
        Why a load of the records of a folder would be given up; empty if it would not.
    """

    target: str
    findings: pl.DataFrame
    looked_at: tuple[str, ...]
    not_looked_at: tuple[str, ...]
    advice: tuple[Advice, ...] = ()
    excess: str = ""

    def broken(self, *, strict: bool = False) -> bool:
        """Return whether a MUST is broken, with `strict` a SHOULD, or a load would be given up."""
        found = self.findings["level"]
        return bool(self.excess or (len(found) if strict else "MUST" in found))

    def by_rule(self) -> pl.DataFrame:
        """Group the findings by rule.

        Returns
        -------
        polars.DataFrame
            One row a rule and level: ``rule``, ``level``, ``count``, and the first three
            ``granules`` with their columns, values and messages, as text.
        """
        place = pl.coalesce("granule", pl.lit(""))
        said = pl.concat_str(
            pl.when(place != "").then(place + ": ").otherwise(pl.lit("")),
            pl.when(pl.col("column") != "").then(pl.col("column") + " ").otherwise(pl.lit("")),
            pl.when(pl.col("value") != "")
            .then("'" + pl.col("value").str.slice(0, 80) + "' ")
            .otherwise(pl.lit("")),
            "message",
        )
        grouped = self.findings.with_columns(said=said).group_by("rule", "level")
        return grouped.agg(count=pl.len(), granules=pl.col("said").head(3)).sort("rule", "level")

    def to_json(self) -> str:
        """Write the report as JSON: one object, its findings in full."""
        said = {
            "target": self.target,
            "looked_at": self.looked_at,
            "not_looked_at": self.not_looked_at,
            "findings": self.findings.to_dicts(),
            "excess": self.excess,
            "advice": [asdict(each) for each in self.advice],
        }
        return json.dumps(said, indent=2)

    def to_junit(self) -> str:
        """Write the report as JUnit XML: a test case a rule, failed if the rule is broken."""
        suite = etree.Element("testsuite", name=f"EPN-TAP 2.0: {self.target}")
        broken = {row["rule"]: row for row in self.by_rule().to_dicts()}
        for rule in RULES.values():
            name = f"rule {rule.number} ({rule.level}, {rule.section}): {rule.text}"
            case = etree.SubElement(suite, "testcase", classname="epn-tap", name=name)
            if rule.number in broken:
                found = broken[rule.number]
                failure = etree.SubElement(case, "failure", type=found["level"])
                failure.set("message", f"{found['count']} times. {rule.cure}")
                failure.text = printable("\n".join(found["granules"]))
            elif rule.reason:
                etree.SubElement(case, "skipped", message=rule.reason)
        if self.excess:
            case = etree.SubElement(suite, "testcase", classname="epnkit", name="a load succeeds")
            etree.SubElement(case, "failure", message=printable(self.excess))
        suite.set("tests", str(len(suite)))
        suite.set("failures", str(len(broken) + bool(self.excess)))
        written: bytes = etree.tostring(suite, pretty_print=True)
        return written.decode()


def check(
    target: str,
    table: str = "",
    *,
    rows: int | None = ROWS,
    oai: str = "",
    environment: Mapping[str, str] = os.environ,
) -> Report:
    """Check a file, a service folder, or a table of a TAP service.

    Parameters
    ----------
    target : str
        A path, or the URL of a TAP service.
    table : str, optional
        The full name of the table, with a URL.
    rows : int or None, optional
        How many rows to look at, in a folder or over TAP; None for all. Files are read whole.
    oai : str, optional
        The registry interface (OAI-PMH) that publishes the table.
    environment : mapping
        That of a process that acts on the DaCHS which reads the RD of a folder.

    Returns
    -------
    Report
        What was found.

    Raises
    ------
    CheckError
        If the target cannot be read, wholly and as what it claims to be.
    """
    if re.match(r"https?://", target):
        from epnkit.check.readers import tap  # with pyvo, which files and folders do not need

        return build_report(tap.read(target, table, rows=rows, oai=oai))
    path = Path(target)
    if table:
        raise CheckError(
            "a table is named only with a TAP URL",
            where=target,
            cure="Leave the table out, or give the URL of a TAP service.",
        )
    if not path.is_dir():
        return build_report(files.read(path))
    read = folder.read(path, rows=rows, environment=environment)
    if rows != 0:  # else the RD alone is looked at
        wrong = find_disagreements(read_service(path))
        read = replace(read, findings=(*read.findings, *wrong))
    return build_report(read)


def build_report(read: TargetContents) -> Report:
    """Check what was read, by every rule that it decides.

    Parameters
    ----------
    read : TargetContents
        What a reader gave.

    Returns
    -------
    Report
        What was found.
    """
    service = read.service or (read.table.schema if read.table else "")
    frame = read.frame or _one_frame(read.granules)
    found = [to_frame(read.findings)]
    if read.table is not None:
        found.append(to_frame(schemarules.check_declaration(read.table, frame)))
        if read.answer is not None:
            found.append(to_frame(answerrules.check_votable(read.table, read.answer, frame)))
        if read.record is not None:
            found.append(to_frame(registryrules.check_record(read.record, read.table.name)))
    if read.granules is not None and read.granules.height:
        extra = _own_columns(read.table)
        checked = rules.check_rows(
            read.granules, service=service, frame=frame, extra=extra, schemes=read.schemes
        )
        found.append(checked)
        if read.whole:
            found.append(rules.check_table(read.granules))
    findings = _add_granule_ids(pl.concat(found), read.granules)
    advice = advise(read.granules, read.table, read.answer)
    return Report(read.target, findings, read.looked_at, read.not_looked_at, advice, read.excess)


def _one_frame(granules: pl.DataFrame | None) -> str:
    name = "spatial_frame_type"
    if granules is None or name not in granules.columns or granules[name].n_unique() != 1:
        return ""
    return str(granules[name][0] or "")


def _own_columns(table: DeclaredTable | None) -> dict[str, Column]:
    own = [f for f in (table.fields if table else ()) if f.name not in COLUMNS]
    return {f.name: free_column(f.name, _EPN_TYPES.get(f.datatype, "text"), ucd=f.ucd) for f in own}


def _add_granule_ids(findings: pl.DataFrame, granules: pl.DataFrame | None) -> pl.DataFrame:
    """Add the granule_uid to each row that has one, else the number of the row."""
    row = pl.format("row {}", pl.col("row") + 1)
    if granules is None or "granule_uid" not in granules.columns:
        return findings.with_columns(granule=row).sort("rule", "column", "row")
    uids = granules.select(granule=pl.col("granule_uid").cast(pl.String)).with_row_index("row")
    joined = findings.join(uids.cast({"row": pl.UInt32}), on="row", how="left")
    return joined.with_columns(pl.coalesce("granule", row)).sort("rule", "column", "row")
