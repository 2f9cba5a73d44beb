"""``epnkit install``: make this epnkit the one of the system's DaCHS."""

from __future__ import annotations

import click

from epnkit.cli._output import echo


@click.command()
@click.option("--authority", help="The IVOA authority to publish under, if DaCHS has none.")
@click.option("--dry-run", is_flag=True, help="Print every step, and do nothing.")
def command(authority: str | None, dry_run: bool) -> None:
    """Make this epnkit the one of the system's DaCHS, which is installed first if it is missing.

    DaCHS's Python finds epnkit, every shell finds the command, and the database takes validated
    polygons. On Debian 12 and 13 the packages of PostgreSQL and DaCHS are installed through apt.
    Run it as root, from an environment that others may read, such as /opt/epnkit; what is done
    already is not done again.
    """
    from epnkit.cli._steps import explain_permissions
    from epnkit.deploy.installation import Installation
    from epnkit.deploy.steps import carry_out

    with explain_permissions():
        steps = Installation(authority).plan_install()
        if dry_run:
            for number, step in enumerate(steps, 1):
                echo(f"{number}: {step.plan}")
        else:
            carry_out(steps, echo)
