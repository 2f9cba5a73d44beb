"""``epnkit deploy``: services into a DaCHS, imported and published."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from epnkit.cli._completion import SERVICE
from epnkit.cli._options import dachs_option, to_option
from epnkit.cli._services import find_service


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
    """Lay each SERVICE into DaCHS, validate, import and publish it, and tell the web server.

    SERVICE is a folder with a service.py, or the name of one in resources/. The account that
    DaCHS's files belong to imports; run this as root, or as that account. A step that fails is
    undone with those before it: the service is as it was. Done again, only changes are laid and new
    records read.
    """
    from epnkit.cli._steps import perform, place_of, telling_permissions
    from epnkit.deploy.deploy import Deployment

    found = [find_service(given) for given in services]
    with telling_permissions():
        deployment = Deployment(place_of(directory, inputs), force=force, publish=not no_publish)
        plans = {each.name: partial(deployment.deploying, each) for each in found}
        perform(deployment, plans, dry_run=dry_run)
