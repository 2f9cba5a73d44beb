"""``epnkit quarantine``: the refused records of a service."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from epnkit.cli._completion import SERVICE
from epnkit.cli._options import dachs_option, format_option


@click.group()
def command() -> None:
    """List, show, retry or drop the records that were refused."""


@contextmanager
def _connected(directory: Path | None) -> Iterator[Any]:
    from epnkit.dachs.instance import Place
    from epnkit.loading.state.schema import prepare_books

    place = Place.find(directory)
    with place.running(), place.connection() as connection:
        prepare_books(connection)
        yield connection


@command.command("list")
@click.argument("service", type=SERVICE)
@click.option("--settled", is_flag=True, help="Those too that were loaded later, or dropped.")
@click.option("-n", "--limit", default=50, show_default=True, help="At most so many.")
@format_option
@dachs_option
def list_(service: str, settled: bool, limit: int, form: str, directory: Path | None) -> None:
    """List the refused records of SERVICE, newest first, with the reason and the rule."""
    from epnkit.loading.state.quarantine import entries

    with _connected(directory) as connection:
        found = entries(connection, service, settled=settled, limit=limit)
    if form == "json":
        click.echo(json.dumps(found, default=str, indent=2))
    elif found:
        _show(found)
    else:
        click.echo(f"Nothing of {service} is in quarantine.")


@command.command()
@click.argument("entry", type=int)
@dachs_option
def show(entry: int, directory: Path | None) -> None:
    """Show ENTRY whole, with the record as the source gave it."""
    from epnkit.loading.state.quarantine import entry as find

    with _connected(directory) as connection:
        found = find(connection, entry)
    found["record"] = json.loads(found["record"])
    click.echo(json.dumps(found, default=str, indent=2, ensure_ascii=False))


@command.command()
@click.argument("service", type=SERVICE)
@click.argument("entry", type=int, nargs=-1)
@dachs_option
def drop(service: str, entry: tuple[int, ...], directory: Path | None) -> None:
    """Mark entries of SERVICE as dropped: all that wait, or those named."""
    from epnkit.loading.state.quarantine import drop as mark

    with _connected(directory) as connection:
        count = mark(connection, service, list(entry) or None)
    click.echo(f"{count} dropped")


@command.command()
@click.argument("service", type=SERVICE)
@click.argument("entry", type=int, nargs=-1)
@dachs_option
def retry(service: str, entry: tuple[int, ...], directory: Path | None) -> None:
    """Read the refused records of SERVICE again, all that wait or those named, and load them."""
    from epnkit.cli._imports import carry_out, requests
    from epnkit.dachs.instance import Place
    from epnkit.loading.state.quarantine import waiting_keys

    with _connected(directory) as connection:
        keys = waiting_keys(connection, service, list(entry) or None)
    if not keys:
        click.echo(f"Nothing of {service} waits.")
        return
    place = Place.find(directory)
    with place.running():
        well = carry_out(place, service, requests(keys))
    sys.exit(0 if well else 1)


def _show(found: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("entry", "run", "record", "rule", "field", "reason", box=None)
    for row in found:
        shown = (row["entry"], row["run"], row["record_key"], row["rule"], row["field"])
        reason = row["reason"] + (f" ({row['resolved']})" if row["resolved"] else "")
        cells = ["" if each is None else str(each) for each in (*shown, reason)]
        table.add_row(*map(escape, cells))
    Console().print(table)
