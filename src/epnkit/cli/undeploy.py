"""``epnkit undeploy``: remove services from a DaCHS, with all that deploying them did."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from epnkit.cli._completion import SERVICE
from epnkit.cli._options import dachs_option, to_option


@click.command()
@click.argument("services", type=SERVICE, nargs=-1, required=True, metavar="SERVICE...")
@to_option
@click.option("--dry-run", is_flag=True, help="Print every step, and do nothing.")
@click.option("--force", is_flag=True, help="Delete files that somebody edited.")
@dachs_option
def command(
    services: tuple[str, ...],
    inputs: Path | None,
    dry_run: bool,
    force: bool,
    directory: Path | None,
) -> None:
    """Remove each SERVICE from DaCHS: its publication, its table and ledger, its files.

    What services share is removed with the last of them. Files that others put into its folder
    stay.
    """
    from epnkit.cli._steps import explain_permissions, find_instance, perform
    from epnkit.deploy.deploy import Deployment

    with explain_permissions():
        deployment = Deployment(find_instance(directory, inputs), force=force)
        plans = {name: partial(deployment.plan_undeploy, name, services) for name in services}
        perform(deployment, plans, dry_run=dry_run)
