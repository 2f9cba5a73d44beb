"""``epnkit quarantine``: list, show, retry or drop the refused records of a service."""

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
from epnkit.cli._output import cell, echo, print_table


@click.group()
def command() -> None:
    """List, show, retry or drop the records that were refused."""


@contextmanager
def _connect(directory: Path | None) -> Iterator[Any]:
    from epnkit.dachs.instance import DachsInstance
    from epnkit.loading.state.schema import create_state_schema

    instance = DachsInstance.find(directory)
    with instance.ensure_running(), instance.connect() as connection:
        create_state_schema(connection)
        yield connection


@command.command("list")
@click.argument("service", type=SERVICE)
@click.option("--settled", is_flag=True, help="Include those that were loaded later, or dropped.")
@click.option("-n", "--limit", default=50, show_default=True, help="How many at most.")
@format_option
@dachs_option
def list_(service: str, settled: bool, limit: int, form: str, directory: Path | None) -> None:
    """List the refused records of SERVICE, newest first, with the reason and the rule."""
    from epnkit.api import quarantine

    found = quarantine(service, settled=settled, limit=limit, dachs=directory)
    if form == "json":
        echo(json.dumps(found, default=str, indent=2))
    elif found:
        _show(found)
    else:
        echo(f"Nothing of {service} is in quarantine.")


@command.command()
@click.argument("entry", type=int)
@dachs_option
def show(entry: int, directory: Path | None) -> None:
    """Show ENTRY whole, with the record as the source gave it."""
    from epnkit.loading.state.quarantine import read_entry

    with _connect(directory) as connection:
        found = read_entry(connection, entry)
    found["record"] = json.loads(found["record"])
    echo(json.dumps(found, default=str, indent=2, ensure_ascii=False))


@command.command()
@click.argument("service", type=SERVICE)
@click.argument("entry", type=int, nargs=-1)
@dachs_option
def drop(service: str, entry: tuple[int, ...], directory: Path | None) -> None:
    """Mark entries of SERVICE as dropped: all that wait, or those named."""
    from epnkit.loading.state.quarantine import drop_entries

    with _connect(directory) as connection:
        count = drop_entries(connection, service, list(entry) or None)
    echo(f"{count} dropped")


@command.command()
@click.argument("service", type=SERVICE)
@click.argument("entry", type=int, nargs=-1)
@dachs_option
def retry(service: str, entry: tuple[int, ...], directory: Path | None) -> None:
    """Read the refused records of SERVICE again, all that wait or those named, and load them."""
    from epnkit.dachs.instance import DachsInstance
    from epnkit.deploy.imports import run_imports, split_into_requests
    from epnkit.loading.state.quarantine import read_waiting_keys

    with _connect(directory) as connection:
        keys = read_waiting_keys(connection, service, list(entry) or None)
    if not keys:
        echo(f"Nothing of {service} waits.")
        return
    instance = DachsInstance.find(directory)
    with instance.ensure_running():
        succeeded = run_imports(instance, service, split_into_requests(keys))
    sys.exit(0 if succeeded else 1)


def _show(found: list[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table("entry", "run", "record", "rule", "field", "reason", box=None)
    for row in found:
        shown = (row["entry"], row["run"], row["record_key"], row["rule"], row["field"])
        reason = row["reason"] + (f" ({row['resolved']})" if row["resolved"] else "")
        table.add_row(*map(cell, (*shown, reason)))
    print_table(table)
