"""``epnkit reconcile``: find and repair what differs between source and table."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from epnkit.cli._completion import SERVICE
from epnkit.cli._options import dachs_option

if TYPE_CHECKING:
    from epnkit.deploy.place import Place
    from epnkit.loading.reconcile import Difference

#: Keys that one repair carries: an environment variable holds 128 kB.
_AT_ONCE = 2000


@click.command()
@click.argument("service", type=SERVICE)
@click.option("--dry-run", is_flag=True, help="Only say what differs.")
@dachs_option
def command(service: str, dry_run: bool, directory: Path | None) -> None:
    """Compare the keys (and, where the source can, the hashes) of SERVICE with its source.

    Late, changed and deleted records are found without reading the others, and repaired. A
    comparison that was broken off goes on where it was. Exit status 1 where a repair failed.
    """
    from epnkit.deploy.place import Place
    from epnkit.loading.reconcile import compare

    place = Place.find(directory)
    with place.running():
        found = compare(place, service)
        click.echo(
            f"{service}: {len(found.missing)} records are missing or changed,"
            f" {len(found.gone)} are gone at the source"
        )
        if not dry_run and not _repair(place, service, found):
            sys.exit(1)


def _repair(place: Place, service: str, found: Difference) -> bool:
    from epnkit.loading.request import Request

    missing, gone = sorted(found.missing), sorted(found.gone)
    for start in range(0, max(len(missing), len(gone)), _AT_ONCE):
        chunk = slice(start, start + _AT_ONCE)
        request = Request(keys=tuple(missing[chunk]), gone=tuple(gone[chunk]), reconcile=True)
        done = place.run("imp", f"{service}/q", environment=request.to_environment())
        if done.returncode:
            return False
    return True
