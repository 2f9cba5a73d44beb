"""``epnkit status``: what became of the records of a service."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from epnkit.cli._completion import SERVICE
from epnkit.cli._options import dachs_option, format_option

if TYPE_CHECKING:
    from epnkit.loading.state.status import Standing


@click.command()
@click.argument("service", type=SERVICE)
@click.option("-n", "--last", default=10, show_default=True, help="How many runs to show.")
@format_option
@dachs_option
def command(service: str, last: int, form: str, directory: Path | None) -> None:
    """Show the ledger of SERVICE: its last runs, its cursor, and whether table and book agree.

    Exit status 1 where they do not, or where the last run failed.
    """
    from epnkit.dachs.instance import Place
    from epnkit.loading.state.status import standing

    place = Place.find(directory)
    with place.running(), place.connection() as connection:
        folder = place.inputs / service
        declared = folder if (folder / "service.py").is_file() else None
        found = standing(connection, service, last, declared)
    if form == "json":
        click.echo(json.dumps(asdict(found), default=str, indent=2))
    else:
        _show(found)
    failed = bool(found.runs) and found.runs[0]["state"] in ("failed", "interrupted")
    sys.exit(0 if found.sound and not failed else 1)


def _show(found: Standing) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from epnkit.loading.prepare.counts import Counts

    console = Console()
    agree = "they agree" if found.sound else f"{found.strangers} granules are in only one of them"
    console.print(f"{found.service}: {found.rows} granules, {found.booked} in the book: {agree}")
    if found.cursor:
        console.print(f"cursor: {found.cursor['value']} (run {found.cursor['run']})")
    console.print(f"in quarantine: {found.quarantined}")
    if found.outdated is not None:
        console.print(found.outdated.advice(), highlight=False)
    console.print()
    table = Table("run", "started", "kind", "state", "what became of its records", box=None)
    for run in found.runs:
        counts = Counts(**{name: run[name] for name in Counts.__dataclass_fields__})
        told = run["reason"] or counts.summary()
        table.add_row(
            str(run["run"]),
            f"{run['started']:%Y-%m-%d %H:%M:%S}",
            run["kind"],
            run["state"],
            escape(told),
        )
    console.print(table)
