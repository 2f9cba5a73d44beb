"""``epnkit files``: list the files that a part of a data set needs, and fetch them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from epnkit.cli._options import dachs_option
from epnkit.cli._output import echo

if TYPE_CHECKING:
    from epnkit.client.download import Downloaded, FileProgress
    from epnkit.client.parts import PartFiles


@click.command()
@click.argument("identifier", metavar="ID")
@click.option("--slice", "part", help="The part of the array, as numpy writes it: 0,50 or 0,10:20.")
@click.option("--tile", help="The tiles of a mosaic, row and column: 0,1.")
@click.option(
    "--at",
    "address",
    metavar="URL",
    envvar="EPNKIT_FILES",
    help="The service that lists files; by default that of --service on the local DaCHS.",
)
@click.option("--service", default="dkist", show_default=True, help="A service of the local DaCHS.")
@click.option(
    "--download",
    "target",
    type=click.Path(file_okay=False, path_type=Path),
    help="Fetch the files into this directory; what is there already is not fetched again.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 32),
    default=4,
    show_default=True,
    help="How many files are fetched at a time.",
)
@dachs_option
def command(
    identifier: str,
    part: str | None,
    tile: str | None,
    address: str | None,
    service: str,
    target: Path | None,
    workers: int,
    directory: Path | None,
) -> None:
    """List the files that a part of the data set ID needs, or fetch them.

    Exit status 1 if a file cannot be fetched.
    """
    from epnkit.client.parts import list_part

    found = list_part(address or _find_address(service, directory), identifier, part, tile)
    echo(f"{len(found.files)} of {found.total} files are needed", err=True)
    if target is None:
        for file in found.files:
            echo(file.url or file.name)
        return
    fetched = _fetch(found, target, workers)
    for each in fetched:
        if each.problem:
            echo(f"failed {each.file.name}: {each.problem}", err=True)
    echo(_summarise(fetched, target))
    sys.exit(1 if any(each.problem for each in fetched) else 0)


def _find_address(service: str, directory: Path | None) -> str:
    from epnkit.dachs.instance import DachsInstance

    return f"{DachsInstance.find(directory).url}/{service}/q/files"


def _fetch(found: PartFiles, directory: Path, workers: int) -> list[Downloaded]:
    """Fetch files with a bar for all of them and one for each that is under way."""
    from rich import progress as bars
    from rich.console import Console

    from epnkit.client.download import download

    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.DownloadColumn(),
        bars.TransferSpeedColumn(),
        bars.TimeRemainingColumn(),
    )
    with bars.Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        whole = shown.add_task(f"0 of {len(found.files)} files", total=None)
        tasks: dict[str, bars.TaskID] = {}
        finished: list[str] = []

        def show(step: FileProgress) -> None:
            name = step.file.name
            task = tasks.setdefault(name, shown.add_task(name, total=step.size, visible=False))
            shown.update(task, completed=step.received, total=step.size, visible=not step.done)
            if step.done:
                finished.append(name)
                described = f"{len(finished)} of {len(found.files)} files"
                shown.update(whole, description=described, advance=step.received)

        return download(found.files, directory, workers=workers, progress=show)


def _summarise(fetched: list[Downloaded], directory: Path) -> str:
    states = [each.state for each in fetched]
    counts = [f"{states.count(state)} {state}" for state in dict.fromkeys(states)]
    size = sum(each.size for each in fetched)
    return f"{', '.join(counts) or 'nothing to fetch'}; {size:,} bytes in {directory}"
