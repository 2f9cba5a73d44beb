"""``epnkit report``: write a page that shows what a service holds, or pages about all services."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from epnkit.cli._completion import SERVICE
from epnkit.cli._options import dachs_option
from epnkit.cli._output import echo
from epnkit.errors import ConfigurationError

if TYPE_CHECKING:
    from epnkit.dachs.instance import DachsInstance

#: The page about all services.
_INDEX = "index.html"


@click.command()
@click.argument("service", type=SERVICE, required=False)
@click.option(
    "--all", "everything", is_flag=True, help="A page about each service, and one of all."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="The page to write; with --all the directory of the pages.",
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
def command(
    service: str | None, everything: bool, output: Path, last: int, directory: Path | None
) -> None:
    """Write an HTML page about SERVICE that needs no other file, nor the network.

    It shows the table's content by type, time, frequency and place, its gaps, the quarantine, and
    the last runs. With --all instead of a SERVICE, each service of the DaCHS has its page in a
    directory, and index.html shows them all.
    """
    from epnkit.dachs.instance import DachsInstance
    from epnkit.report.page import write_page

    if (service is None) != everything:
        raise click.UsageError("name a SERVICE, or say --all")
    instance = DachsInstance.find(directory)
    with instance.ensure_running(), instance.connect() as connection:
        explore = _find_explore_page(instance)
        if service is None:
            _write_all(connection, output, last, explore)
        else:
            _write(output, write_page(connection, service, last, explore=explore))


def _write_all(connection: Any, folder: Path, last: int, explore: str) -> None:
    from epnkit.deploy.state import list_loaded
    from epnkit.report.index_page import describe_service, render_index
    from epnkit.report.page import write_page

    folder.mkdir(exist_ok=True)
    lines = []
    for service in list_loaded(connection):
        page = f"{service}.html"
        _write(folder / page, write_page(connection, service, last, explore=explore, index=_INDEX))
        lines.append(describe_service(connection, service, page, explore))
    _write(folder / _INDEX, render_index(lines, explore, datetime.now(UTC)))


def _find_explore_page(instance: DachsInstance) -> str:
    """Return the address of the page to explore granules with, if it is installed."""
    from epnkit.explore.deployment import PageDeployment

    page = PageDeployment(instance)
    return page.url if page.folder.is_dir() else ""


def _write(path: Path, page: str) -> None:
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            "the page cannot be written",
            where=str(path),
            why=error.strerror,
            cure="Name a file in an existing directory that you may write to.",
        ) from None
    echo(f"{path}: {len(page.encode()) / 1000:.0f} kB")
