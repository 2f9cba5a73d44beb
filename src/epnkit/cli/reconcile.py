"""``epnkit reconcile``: find and repair differences between source and table."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from epnkit.cli._completion import SERVICE
from epnkit.cli._options import dachs_option

if TYPE_CHECKING:
    from epnkit.dachs.instance import DachsInstance
    from epnkit.loading.reconcile import Difference


@click.command()
@click.argument("service", type=SERVICE)
@click.option("--dry-run", is_flag=True, help="Only say what differs.")
@dachs_option
def command(service: str, dry_run: bool, directory: Path | None) -> None:
    """Compare the keys (and, where the source can, the hashes) of SERVICE with its source.

    Late, changed and deleted records are found without reading the others, and repaired. An
    interrupted comparison continues where it was. Exit status 1 if a repair failed.
    """
    from epnkit.cli._imports import run_imports, split_into_requests
    from epnkit.dachs.instance import DachsInstance

    instance = DachsInstance.find(directory)
    with instance.ensure_running():
        found = compare(instance, service)
        click.echo(
            f"{service}: {len(found.missing)} records are missing or changed,"
            f" {len(found.gone)} are gone at the source"
        )
        repairs = split_into_requests(found.missing, found.gone, reconcile=True)
        if not dry_run and not run_imports(instance, service, repairs):
            sys.exit(1)


def compare(instance: DachsInstance, name: str) -> Difference:
    """Compare a service that is installed in a DaCHS with its source.

    Parameters
    ----------
    instance : DachsInstance
        The DaCHS.
    name : str
        The service.

    Raises
    ------
    LoadError
        If this kind of source cannot list its records.
    """
    from epnkit import service as services
    from epnkit.errors import LoadError
    from epnkit.loading.reconcile import Comparison
    from epnkit.loading.state.schema import create_state_schema
    from epnkit.sources import open_source
    from epnkit.sources.base import Reconcilable

    service = services.read_service(instance.inputs / name)
    instance.use_credentials()
    source = open_source(service.source_file, service.order)
    if not isinstance(source, Reconcilable):
        raise LoadError(
            "this kind of source cannot list its records",
            where=source.label,
            cure=f"Load in full instead: epnkit load {name} --full.",
        )
    with instance.connect() as connection:
        create_state_schema(connection)
        return Comparison(connection, name, source).run()
