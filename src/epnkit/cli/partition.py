"""``epnkit partition``: a table partitioned as its service declares, while it is served."""

from __future__ import annotations

from pathlib import Path

import click

from epnkit.cli._completion import SERVICE
from epnkit.cli._options import dachs_option
from epnkit.cli._output import echo


@click.command()
@click.argument("service", type=SERVICE)
@click.option("--dry-run", is_flag=True, help="Only say what differs.")
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=600.0,
    show_default=True,
    help="How many seconds to wait for queries that hold the table in the end.",
)
@dachs_option
def command(service: str, dry_run: bool, wait: float, directory: Path | None) -> None:
    """Partition the table of SERVICE as its deployed service.py declares, or make it plain again.

    The table is served meanwhile: readers have the old one until the new one is complete. It needs
    the space of a second table. Imports of the service are refused until it has ended.
    """
    from epnkit.api import open_dachs
    from epnkit.deploy.partition import find_difference, partition_table

    with open_dachs(directory) as instance:
        if dry_run:
            difference = find_difference(instance, service)
        else:
            difference = partition_table(instance, service, wait)
    if difference is None:
        echo(f"{service}: the table is as declared")
    else:
        echo(f"{service}: {difference}{'' if dry_run else '; now it is as declared'}")
