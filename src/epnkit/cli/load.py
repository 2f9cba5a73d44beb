"""``epnkit load``: an import by ``dachs imp``, ordinary or of a window, in full or in part."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from epnkit.cli._completion import SERVICE
from epnkit.cli._options import dachs_option
from epnkit.errors import ConfigurationError


@click.command()
@click.argument("service", type=SERVICE)
@click.option("--full", is_flag=True, help="Read everything; delete granules that are gone.")
@click.option("--remap", is_flag=True, help="Make all granules anew, of records that are kept.")
@click.option("--from", "low", help="Read from this value of the cursor on (the cursor stays).")
@click.option("--to", "high", help="Read up to this value of the cursor, without it.")
@click.option("--limit", type=click.IntRange(1), help="Read at most so many records.")
@click.option(
    "--jobs",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Read and map in so many processes, each a window of the cursor at a time.",
)
@dachs_option
def command(
    service: str,
    full: bool,
    remap: bool,
    low: str | None,
    high: str | None,
    limit: int | None,
    jobs: int,
    directory: Path | None,
) -> None:
    """Load SERVICE from its source, from where the last load got to.

    A load that fails leaves the table as it was.
    """
    from epnkit.cli._imports import carry_out
    from epnkit.dachs.instance import Place
    from epnkit.loading.request import Request

    if full and (low or high):
        raise ConfigurationError(
            "--full goes with neither --from nor --to",
            why="it reads everything",
            cure="Leave it out to read a part, or leave out --from and --to.",
        )
    if remap and (full or low or high or limit or jobs > 1):
        raise ConfigurationError(
            "--remap goes with no other option",
            why="it reads nothing from the source, and makes all granules of the table anew",
            cure="Leave the others out; epnkit preview shows what the mapping makes.",
        )
    if full and limit:
        raise ConfigurationError(
            "--full and --limit exclude each other",
            why="a full load deletes the granules that it did not read",
            cure="Leave out one of them; epnkit preview shows the first records.",
        )
    if limit and jobs > 1:
        raise ConfigurationError(
            "--limit and --jobs exclude each other",
            why="the first records are one window, which one process reads",
            cure="Leave out one of them.",
        )
    request = Request(limit=limit, full=full, remap=remap, low=low, high=high, jobs=jobs)
    place = Place.find(directory)
    with place.running():
        well = carry_out(place, service, [request])
    sys.exit(0 if well else 1)
