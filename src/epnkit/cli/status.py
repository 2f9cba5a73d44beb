"""``epnkit status``: show what became of the records of a service."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from epnkit.cli._completion import SERVICE
from epnkit.cli._options import dachs_option, format_option
from epnkit.cli._output import cell, echo, print_table

if TYPE_CHECKING:
    from epnkit.loading.state.status import ServiceStatus


@click.command()
@click.argument("service", type=SERVICE)
@click.option("-n", "--last", default=10, show_default=True, help="How many runs to show.")
@format_option
@dachs_option
def command(service: str, last: int, form: str, directory: Path | None) -> None:
    """Show the ledger of SERVICE: its last runs, its cursor, and whether it agrees with the table.

    Exit status 1 if they do not agree, or if the last run failed.
    """
    from epnkit.api import status

    found = status(service, last, dachs=directory)
    if form == "json":
        echo(json.dumps(_as_dict(found), default=str, indent=2))
    else:
        _show(found)
    failed = bool(found.runs) and found.runs[0]["state"] in ("failed", "interrupted")
    sys.exit(0 if found.consistent and not failed else 1)


def _as_dict(found: ServiceStatus) -> dict[str, Any]:
    """Return the keys of the JSON form, which scripts read: they stay as they are."""
    names = {"tracked": "booked", "unmatched": "strangers", "stale": "outdated"}
    return {names.get(name, name): value for name, value in asdict(found).items()}


def _show(found: ServiceStatus) -> None:
    from rich.table import Table

    from epnkit.loading.prepare.counts import Counts

    agree = (
        "they agree" if found.consistent else f"{found.unmatched} granules are in only one of them"
    )
    echo(f"{found.service}: {found.rows} granules, {found.tracked} in the ledger: {agree}")
    if found.cursor:
        echo(f"cursor: {found.cursor['value']} (run {found.cursor['run']})")
    echo(f"in quarantine: {found.quarantined}")
    if found.stale is not None:
        echo(found.stale.advice())
    _show_parts(found.parts)
    echo()
    table = Table("run", "started", "kind", "state", "what became of its records", box=None)
    for run in found.runs:
        counts = Counts(**{name: run[name] for name in Counts.__dataclass_fields__})
        outcome = run["reason"] or counts.summary()
        table.add_row(
            str(run["run"]),
            f"{run['started']:%Y-%m-%d %H:%M:%S}",
            run["kind"],
            run["state"],
            cell(outcome),
        )
    print_table(table)


def _show_parts(parts: list[dict[str, Any]]) -> None:
    """Show a parallel load, and which worker has which part."""
    from epnkit.loading.state.status import summarise_parts

    if parts:
        echo(summarise_parts(parts))
    for part in parts:
        if part["state"] == "running":
            again = f", attempt {part['attempts']}" if part["attempts"] > 1 else ""
            echo(f"  part {part['part']}: {part['worker']} since {part['started']:%H:%M:%S}{again}")
