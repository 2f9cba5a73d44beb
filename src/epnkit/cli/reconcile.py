"""``epnkit reconcile``: find and repair what differs between source and table."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from epnkit.cli._completion import SERVICE
from epnkit.cli._options import dachs_option


@click.command()
@click.argument("service", type=SERVICE)
@click.option("--dry-run", is_flag=True, help="Only say what differs.")
@dachs_option
def command(service: str, dry_run: bool, directory: Path | None) -> None:
    """Compare the keys (and, where the source can, the hashes) of SERVICE with its source.

    Late, changed and deleted records are found without reading the others, and repaired. A
    comparison that was broken off goes on where it was. Exit status 1 where a repair failed.
    """
    from epnkit.cli._imports import carry_out, requests
    from epnkit.deploy.place import Place
    from epnkit.loading.reconcile import compare

    place = Place.find(directory)
    with place.running():
        found = compare(place, service)
        click.echo(
            f"{service}: {len(found.missing)} records are missing or changed,"
            f" {len(found.gone)} are gone at the source"
        )
        repairs = requests(found.missing, found.gone, reconcile=True)
        if not dry_run and not carry_out(place, service, repairs):
            sys.exit(1)
