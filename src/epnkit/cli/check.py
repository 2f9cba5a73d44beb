"""``epnkit check``: check a file, a service folder, or a served table."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from epnkit import api
from epnkit.cli._options import dachs_option
from epnkit.cli._output import cell, echo, print_table

if TYPE_CHECKING:
    from epnkit.check.report import Report


@click.command()
@click.argument("target")
@click.argument("table", default="")
@click.option(
    "--rows",
    type=click.IntRange(min=0),
    default=10_000,
    show_default=True,
    help="How many rows to look at, in a folder or over TAP.",
)
@click.option("--all", "everything", is_flag=True, help="Look at all rows.")
@click.option(
    "--registry",
    "oai",
    default="",
    metavar="URL",
    help="The OAI-PMH interface with the record; by default DaCHS's own.",
)
@click.option("--strict", is_flag=True, help="Exit 1 for a broken SHOULD, too.")
@click.option("--upcoming", is_flag=True, help="List what the next text of the standard suggests.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "junit"]),
    default="text",
    show_default=True,
    help="The form of the output.",
)
@dachs_option
def command(
    target: str,
    table: str,
    rows: int,
    everything: bool,
    oai: str,
    strict: bool,
    upcoming: bool,
    form: str,
    directory: Path | None,
) -> None:
    """Check TARGET by the rules of EPN-TAP 2.0.

    TARGET is a VOTable, CSV or Parquet file, a service folder, or a TAP URL followed by a TABLE.
    Exit status 1 if a MUST is broken or a load of the folder would be given up, 2 if TARGET could
    not be read.
    """
    wanted = None if everything else rows
    report = api.check_table(target, table, rows=wanted, oai=oai, dachs=directory)
    if form == "text":
        _show(report)
        if upcoming:
            _show_advice(report)
    else:
        echo(report.to_json() if form == "json" else report.to_junit())
    sys.exit(1 if report.broken(strict=strict) else 0)


def _show_advice(report: Report) -> None:
    echo("advice: " + ("" if report.advice else "nothing; it is as the next text has it"))
    for each in report.advice:
        rows = f" ({each.count} rows)" if each.count else ""
        echo(f"  {each.column}{rows}: {each.text}")


def _show(report: Report) -> None:
    from rich.table import Table

    from epnkit.epncore.rulebook import RULES

    shown = Table("rule", "level", "count", "what is wrong, and what to do", box=None)
    for row in report.by_rule().to_dicts():
        rule = RULES[row["rule"]]
        lines = [f"{rule.text} (section {rule.section})."]
        lines += [f"  {line}" for line in row["granules"]]
        lines += [f"  {rule.cure}."]
        shown.add_row(str(rule.number), row["level"], str(row["count"]), cell("\n".join(lines)))
    if shown.row_count:
        print_table(shown)
    elif not report.excess:
        echo("No rule is broken.")
    if report.excess:
        echo(f"a load would be given up: {report.excess}")
    echo("looked at: " + "; ".join(report.looked_at))
    if report.not_looked_at:
        echo("not looked at: " + "; ".join(report.not_looked_at))
