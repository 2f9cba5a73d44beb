"""``epnkit upgrade``: another version of epnkit, and the state tables in its form."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from epnkit.cli._options import dachs_option
from epnkit.cli._output import echo

if TYPE_CHECKING:
    from epnkit.dachs.instance import DachsInstance


@click.command()
@click.argument("requirement", required=False)
@click.option("--dry-run", is_flag=True, help="Print what would be done, and do nothing.")
@dachs_option
def command(requirement: str | None, dry_run: bool, directory: Path | None) -> None:
    """Install another version of epnkit, and migrate the state tables to it.

    REQUIREMENT is what pip installs: 'epnkit[all]==0.3', or the path of a wheel. Without it, only
    the state tables are brought to the version of the present epnkit, which every other command
    would do as well.
    """
    from epnkit.dachs.instance import DachsInstance
    from epnkit.deploy.installation import Installation, describe_version
    from epnkit.deploy.steps import carry_out

    echo(describe_version())
    if requirement is not None:
        if dry_run:
            echo(f"would install {requirement} with pip; its own --dry-run shows its migrations")
        else:
            echo(Installation().upgrade_package(requirement))
            # The new version does the rest: this process has the old one in memory.
            words = [sys.argv[0], "upgrade", *(["--dachs", str(directory)] if directory else [])]
            sys.exit(subprocess.run(words, check=False).returncode)  # noqa: S603 - ours
    instance = DachsInstance.find(directory)
    with instance.ensure_running():
        _migrate(instance, dry_run=dry_run)
    if instance.private is None and not dry_run:
        carry_out(Installation().plan_install(), echo)


def _migrate(instance: DachsInstance, *, dry_run: bool) -> None:
    from epnkit.loading.state.schema import list_pending, migrate, read_state_version

    with instance.connect(migrating=False) as connection:
        before = read_state_version(connection)
        done = list_pending(connection) if dry_run else migrate(connection)
    if before is None:
        echo("there is no state yet")
        return
    echo(f"the state tables had version {before}" if done else f"the state has version {before}")
    for path in done:
        echo(f"{'would run' if dry_run else 'ran'} {path}")
