"""``epnkit load``: run ``dachs imp``: an ordinary load, a window, in full, or from kept records."""

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
    """Load SERVICE from its source, from where the last load ended.

    A load that fails leaves the table as it was.
    """
    from epnkit.cli._imports import run_imports
    from epnkit.dachs.instance import DachsInstance
    from epnkit.loading.request import Request

    if full and (low or high):
        raise ConfigurationError(
            "--full goes with neither --from nor --to",
            why="it reads everything",
            cure="Leave out --full to read a part, or leave out --from and --to.",
        )
    if remap and (full or low or high or limit or jobs > 1):
        raise ConfigurationError(
            "--remap goes with no other option",
            why="it reads nothing from the source, and makes all granules of the table again",
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
    instance = DachsInstance.find(directory)
    with instance.ensure_running():
        succeeded = run_imports(instance, service, [request])
    sys.exit(0 if succeeded else 1)
