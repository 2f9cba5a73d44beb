"""``epnkit load``: run ``dachs imp``: an ordinary load, a window, in full, or from kept records."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from epnkit.cli._completion import SERVICE
from epnkit.cli._options import dachs_option

if TYPE_CHECKING:
    from epnkit.dachs.instance import DachsInstance


@click.command()
@click.argument("service", type=SERVICE)
@click.option("--full", is_flag=True, help="Read everything; delete granules that are gone.")
@click.option("--remap", is_flag=True, help="Make all granules again, from the kept records.")
@click.option("--from", "low", help="Read from this value of the cursor on (the cursor stays).")
@click.option("--to", "high", help="Read up to this value of the cursor, without it.")
@click.option("--limit", type=click.IntRange(1), help="Read at most this many records.")
@click.option(
    "--jobs",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Read and map in this many processes, each a window of the cursor at a time.",
)
@dachs_option
def command(
    service: str,
    full: bool,
    remap: bool,
    low: str | None,
    high: str | None,
    limit: int | None,
    jobs: int,
    directory: Path | None,
) -> None:
    """Load SERVICE from its source, from where the last load ended.

    A load that fails leaves the table as it was. Data whose embargo has ended are opened first.
    """
    from epnkit.api import make_request, open_dachs
    from epnkit.deploy.imports import run_load

    request = make_request(full, remap, low, high, limit, jobs)
    with open_dachs(directory) as instance:
        _report_undeployed(instance, service)
        succeeded = run_load(instance, service, request)
    sys.exit(0 if succeeded else 1)


def _report_undeployed(instance: DachsInstance, service: str) -> None:
    """Say that the folder which the service was deployed from has been edited since."""
    from epnkit.cli._output import echo
    from epnkit.deploy.folder import find_undeployed
    from epnkit.deploy.manifest import Manifest

    manifest = Manifest.read(instance)
    if edited := find_undeployed(manifest, service):
        origin = manifest.origins[service]
        echo(
            f"{service}: this loads what is deployed. {', '.join(edited)} in {origin} changed"
            f" since; to take that in: epnkit deploy {origin}",
            err=True,
        )
