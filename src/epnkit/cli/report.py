"""``epnkit report``: write a page that shows what a service holds."""

from __future__ import annotations

from pathlib import Path

import click

from epnkit.cli._completion import SERVICE
from epnkit.cli._options import dachs_option
from epnkit.cli._output import echo
from epnkit.errors import ConfigurationError


@click.command()
@click.argument("service", type=SERVICE)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The page to write.",
)
@click.option(
    "-n",
    "--last",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    help="How many runs to show.",
)
@dachs_option
def command(service: str, output: Path, last: int, directory: Path | None) -> None:
    """Write an HTML page about SERVICE that needs no other file, nor the network.

    It shows the table's content by type, time, frequency and place, its gaps, the quarantine, and
    the last runs.
    """
    from epnkit.dachs.instance import DachsInstance
    from epnkit.report.page import write_page

    instance = DachsInstance.find(directory)
    with instance.ensure_running(), instance.connect() as connection:
        page = write_page(connection, service, last)
    try:
        output.write_text(page, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            "the page cannot be written",
            where=str(output),
            why=error.strerror,
            cure="Name a file in an existing directory that you may write to.",
        ) from None
    echo(f"{output}: {len(page.encode()) / 1000:.0f} kB")
