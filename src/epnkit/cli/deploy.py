"""``epnkit deploy``: install services in a DaCHS, import and publish them."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from epnkit.api import find_service
from epnkit.cli._completion import SERVICE
from epnkit.cli._options import dachs_option, to_option
from epnkit.cli._output import echo

if TYPE_CHECKING:
    from epnkit.service import Service


def _ask_undecided(services: list[Service]) -> bool:
    """Ask on a terminal whether drafts are to be published as they are; False if nobody can say."""
    from epnkit.check.agreement import find_placeholders

    left = [f"{each.name}: {line}" for each in services for line in find_placeholders(each.folder)]
    if not left or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    echo("\n".join(["not decided yet:", *(f"  {line}" for line in left)]))
    return click.confirm("Publish it as it is?", default=False)


@click.command()
@click.argument("services", type=SERVICE, nargs=-1, required=True, metavar="SERVICE...")
@to_option
@click.option("--dry-run", is_flag=True, help="Print every step, and do nothing.")
@click.option("--force", is_flag=True, help="Replace files that somebody edited.")
@click.option("--undecided", is_flag=True, help="Publish a draft although DECIDE stands in it.")
@click.option("--no-publish", is_flag=True, help="Leave the registry alone; TAP serves anyway.")
@dachs_option
def command(
    services: tuple[str, ...],
    inputs: Path | None,
    dry_run: bool,
    force: bool,
    undecided: bool,
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
            find_instance(directory, inputs),
            force=force,
            publish=not no_publish,
            undecided=undecided or (not dry_run and not no_publish and _ask_undecided(found)),
        )
        plans = {each.name: partial(deployment.plan_deploy, each) for each in found}
        perform(deployment, plans, dry_run=dry_run)
