"""``epnkit load``: run ``dachs imp``: an ordinary load, a window, in full, or from kept records."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from epnkit.cli._completion import SERVICE
from epnkit.cli._options import dachs_option
from epnkit.errors import DeployError

if TYPE_CHECKING:
    from epnkit.dachs.instance import DachsInstance
    from epnkit.loading.request import Request


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
@click.option(
    "--dask", metavar="ADDRESS", help="Read and map by the workers of a Dask scheduler, tcp://…"
)
@click.option(
    "--notify",
    multiple=True,
    metavar="TARGET",
    help="Whom to notify if it fails or quarantines more than before: a webhook's URL,"
    " mailto:ADDRESS, command:SHELL COMMAND, or a credential that holds one of these.",
)
@click.option("--dry-run", is_flag=True, help="Show what would change, and write nothing.")
@dachs_option
def command(
    service: str,
    full: bool,
    remap: bool,
    low: str | None,
    high: str | None,
    limit: int | None,
    jobs: int,
    dask: str | None,
    notify: tuple[str, ...],
    dry_run: bool,
    directory: Path | None,
) -> None:
    """Load SERVICE from its source, from where the last load ended.

    A load that fails leaves the table as it was. Data whose embargo has ended are opened first.
    --dry-run has the exit status of epnkit preview: 1 if a record would be refused or a granule
    breaks a MUST.
    """
    from epnkit.api import open_dachs
    from epnkit.deploy.notify import load_and_notify, require_target
    from epnkit.loading.request import Request

    request = Request.of_options(
        full=full, remap=remap, low=low, high=high, limit=limit, jobs=jobs, dask=dask
    )
    with open_dachs(directory) as instance:
        _require_deployed(instance, service)
        _report_undeployed(instance, service)
        if dry_run:
            sys.exit(_show_dry_run(instance, service, request))
        _report_running(instance, service)
        with instance.use_credentials():
            targets = [require_target(target) for target in notify]
            succeeded = load_and_notify(instance, service, request, targets, _warn)
    sys.exit(0 if succeeded else 1)


def _warn(text: str) -> None:
    from epnkit.cli._output import echo

    echo(f"epnkit: {text}", err=True)


def _show_dry_run(instance: DachsInstance, service: str, request: Request) -> int:
    """Print what a load would do, and return the exit status."""
    from epnkit.cli._dry_run import describe
    from epnkit.cli._output import echo
    from epnkit.deploy.rehearsal import rehearse_load

    found = rehearse_load(instance, service, request)
    echo("\n".join(describe(found)))
    return 1 if found.has_violations else 0


def _require_deployed(instance: DachsInstance, service: str) -> None:
    """Refuse a service that this DaCHS does not have, before DaCHS says so in its words."""
    if not (instance.inputs / service / "q.rd").is_file():
        raise DeployError(
            "this DaCHS has no such service",
            where=service,
            why=f"no q.rd in {instance.inputs / service}",
            cure=f"Deploy it first: epnkit deploy {service}.",
        )


def _report_running(instance: DachsInstance, service: str) -> None:
    """Say which other import of the service is at work, for which this one waits a little."""
    from epnkit.cli._output import echo
    from epnkit.loading.state.lock_holder import describe_holder

    with instance.connect(migrating=False) as connection:
        if holder := describe_holder(connection, service):
            echo(f"{service}: this waits for another import of it: {holder}", err=True)


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
