"""``epnkit uninstall``: remove epnkit from the system's DaCHS."""

from __future__ import annotations

import click

from epnkit.cli._output import echo


@click.command()
@click.option("--dry-run", is_flag=True, help="Print every step, and do nothing.")
def command(dry_run: bool) -> None:
    """Remove from the system's DaCHS what epnkit install added; its services are removed before.

    The unit of the streaming server goes, too. DaCHS, PostgreSQL and the credentials of sources
    stay. Run it as root.
    """
    from epnkit.cli._steps import explain_permissions
    from epnkit.deploy.installation import Installation
    from epnkit.deploy.steps import carry_out

    with explain_permissions():
        steps = Installation().plan_uninstall()
        if dry_run:
            for number, step in enumerate(steps, 1):
                echo(f"{number}: {step.plan}")
        else:
            carry_out(steps, echo)
