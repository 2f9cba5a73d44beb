"""``epnkit reconcile``: find and repair differences between source and table."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from epnkit.cli._completion import SERVICE
from epnkit.cli._options import dachs_option
from epnkit.cli._output import echo


@click.command()
@click.argument("service", type=SERVICE)
@click.option("--dry-run", is_flag=True, help="Only say what differs.")
@dachs_option
def command(service: str, dry_run: bool, directory: Path | None) -> None:
    """Compare the keys (and, where the source can, the hashes) of SERVICE with its source.

    Late, changed and deleted records are found without reading the others, and repaired. An
    interrupted comparison continues where it was. Exit status 1 if a repair failed.
    """
    from epnkit.api import open_dachs
    from epnkit.deploy.comparison import compare
    from epnkit.deploy.imports import run_imports, split_into_requests

    with open_dachs(directory) as instance:
        found = compare(instance, service)
        echo(
            f"{service}: {len(found.to_read)} records are missing or changed,"
            f" {len(found.gone)} are gone at the source"
        )
        repairs = split_into_requests(found.to_read, found.gone, reconcile=True)
        if not dry_run and not run_imports(instance, service, repairs):
            sys.exit(1)
