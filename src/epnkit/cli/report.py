"""``epnkit report``: a page that shows what a service holds."""

from __future__ import annotations

from pathlib import Path

import click

from epnkit.cli._completion import SERVICE
from epnkit.cli._options import dachs_option
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
    """Write a page of HTML about SERVICE that needs nothing beside itself, offline too.

    It shows what the table holds by type, time, frequency and place, where there is nothing, what
    lies in quarantine, and the last runs.
    """
    from epnkit.dachs.instance import Place
    from epnkit.report.page import write

    place = Place.find(directory)
    with place.running(), place.connection() as connection:
        page = write(connection, service, last)
    try:
        output.write_text(page, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            "the page cannot be written",
            where=str(output),
            why=error.strerror,
            cure="Name a file in a directory that is there and open to you.",
        ) from None
    click.echo(f"{output}: {len(page.encode()) / 1000:.0f} kB")
