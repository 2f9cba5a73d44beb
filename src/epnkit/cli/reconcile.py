"""``epnkit reconcile``: find and repair what differs between source and table."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from epnkit.cli._completion import SERVICE
from epnkit.cli._options import dachs_option

if TYPE_CHECKING:
    from epnkit.dachs.instance import Place
    from epnkit.loading.reconcile import Difference


@click.command()
@click.argument("service", type=SERVICE)
@click.option("--dry-run", is_flag=True, help="Only say what differs.")
@dachs_option
def command(service: str, dry_run: bool, directory: Path | None) -> None:
    """Compare the keys (and, where the source can, the hashes) of SERVICE with its source.

    Late, changed and deleted records are found without reading the others, and repaired. A
    comparison that was broken off goes on where it was. Exit status 1 where a repair failed.
    """
    from epnkit.cli._imports import carry_out, requests
    from epnkit.dachs.instance import Place

    place = Place.find(directory)
    with place.running():
        found = compare(place, service)
        click.echo(
            f"{service}: {len(found.missing)} records are missing or changed,"
            f" {len(found.gone)} are gone at the source"
        )
        repairs = requests(found.missing, found.gone, reconcile=True)
        if not dry_run and not carry_out(place, service, repairs):
            sys.exit(1)


def compare(place: Place, name: str) -> Difference:
    """Compare a service that is laid in a DaCHS with its source.

    Parameters
    ----------
    place : Place
        The DaCHS.
    name : str
        The service.

    Raises
    ------
    LoadError
        Where the kind of source cannot say which records it holds.
    """
    from epnkit import service as services
    from epnkit.errors import LoadError
    from epnkit.loading.reconcile import Comparison
    from epnkit.loading.state.schema import prepare_books
    from epnkit.sources import open_source
    from epnkit.sources.base import Reconcilable

    service = services.load(place.inputs / name)
    place.use_credentials()
    source = open_source(service.source_file, service.order)
    if not isinstance(source, Reconcilable):
        raise LoadError(
            "this kind of source cannot say cheaply which records it holds",
            where=source.label,
            cure=f"Load in full instead: epnkit load {name} --full.",
        )
    with place.connection() as connection:
        prepare_books(connection)
        return Comparison(connection, name, source).run()
