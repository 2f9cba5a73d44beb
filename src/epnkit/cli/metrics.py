"""``epnkit metrics``: the state of services in Prometheus's text form."""

from __future__ import annotations

from pathlib import Path

import click

from epnkit.cli._completion import SERVICE
from epnkit.cli._options import dachs_option
from epnkit.cli._output import echo


@click.command()
@click.argument("services", type=SERVICE, nargs=-1, metavar="[SERVICE]...")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write this file, completely or not at all; by default they are printed.",
)
@dachs_option
def command(services: tuple[str, ...], output: Path | None, directory: Path | None) -> None:
    """Print the metrics of each SERVICE: by default of all that were deployed or loaded.

    Last run, newest granule, quarantine, and whether table and ledger agree, for the textfile
    collector of Prometheus's node exporter; run it from a timer.
    """
    from epnkit.dachs.instance import DachsInstance
    from epnkit.deploy.state import list_loaded
    from epnkit.doctor.metrics import collect
    from epnkit.modules import requires_extra

    with requires_extra("metrics"):
        from prometheus_client import generate_latest, write_to_textfile

    instance = DachsInstance.find(directory)
    with instance.ensure_running(), instance.connect() as connection:
        registry = collect(connection, services or list_loaded(connection))
    if output is None:
        echo(generate_latest(registry).decode(), nl=False)
    else:
        write_to_textfile(str(output), registry)
