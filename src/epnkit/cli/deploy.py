"""``epnkit deploy``: install services in a DaCHS, import and publish them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from epnkit.api import find_service
from epnkit.cli._completion import SERVICE
from epnkit.cli._options import dachs_option, to_option


@click.command()
@click.argument("services", type=SERVICE, nargs=-1, required=True, metavar="SERVICE...")
@to_option
@click.option("--dry-run", is_flag=True, help="Print every step, and do nothing.")
@click.option("--force", is_flag=True, help="Replace files that somebody edited.")
@click.option("--no-publish", is_flag=True, help="Leave the registry alone; TAP serves anyway.")
@dachs_option
def command(
    services: tuple[str, ...],
    inputs: Path | None,
    dry_run: bool,
    force: bool,
    no_publish: bool,
    directory: Path | None,
) -> None:
    """Install each SERVICE in DaCHS, validate, import and publish it, and reload the web server.

    SERVICE is a folder with a service.py, or the name of one in resources/. The account that owns
    DaCHS's files runs the import; run this as root, or as that account. If a step fails, it and
    those before it are undone: the service is as it was. Deploying again installs only what
    changed, and reads only new records.
    """
    from epnkit.cli._steps import explain_permissions, find_instance, perform
    from epnkit.deploy.deploy import Deployment

    found = [find_service(given) for given in services]
    with explain_permissions():
        deployment = Deployment(
            find_instance(directory, inputs), force=force, publish=not no_publish
        )
        plans = {each.name: partial(deployment.plan_deploy, each) for each in found}
        perform(deployment, plans, dry_run=dry_run)
