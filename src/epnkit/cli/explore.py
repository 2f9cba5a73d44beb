"""``epnkit explore``: put the page that searches all services into a DaCHS."""

from __future__ import annotations

from pathlib import Path

import click

from epnkit.cli._options import dachs_option
from epnkit.cli._output import echo


@click.command()
@click.option("--remove", is_flag=True, help="Remove the page again.")
@click.option("--dry-run", is_flag=True, help="Print every step, and do nothing.")
@dachs_option
def command(remove: bool, dry_run: bool, directory: Path | None) -> None:
    """Put a page into DaCHS that searches all its EPN-TAP services together.

    It has a form, a map of the footprints, a timeline, a table, pictures and links, and sends rows
    to Aladin and TOPCAT by SAMP. DaCHS serves it at /explore/q/page/static/, and its root page
    leads there.
    """
    from epnkit.cli._steps import explain_permissions, find_instance
    from epnkit.deploy.steps import carry_out
    from epnkit.explore.deployment import PageDeployment

    with explain_permissions():
        page = PageDeployment(find_instance(directory, None))
        steps = page.plan_remove() if remove else page.plan_install()
        if dry_run:
            for number, step in enumerate(steps, 1):
                echo(f"explore {number}: {step.plan}")
        else:
            carry_out(steps, lambda line: echo(f"explore: {line}"))
