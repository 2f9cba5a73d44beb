"""``epnkit hips``: make a HiPS of a map, and publish it beside the page."""

from __future__ import annotations

from pathlib import Path

import click

from epnkit.cli._options import dachs_option
from epnkit.cli._output import echo


@click.command()
@click.argument("named", metavar="MAP", required=False)
@click.option("--name", help="A short name; that of the map's file by default.")
@click.option("--title", help="What it shows; from the map's header by default.")
@click.option("--body", default="Sun", show_default=True, help="The body that it is a map of.")
@click.option(
    "--colours", default="gray", show_default=True, help="A colour map of matplotlib: inferno, …"
)
@click.option(
    "--cut",
    type=(click.FloatRange(0, 100), click.FloatRange(0, 100)),
    default=(0.5, 99.5),
    show_default=True,
    help="The percentiles of the values that are darkest and brightest.",
)
@click.option(
    "--to",
    "target",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write it into this new directory, and publish nothing.",
)
@click.option("--remove", metavar="NAME", help="Delete a published one.")
@dachs_option
def command(
    named: str | None,
    name: str | None,
    title: str | None,
    body: str,
    colours: str,
    cut: tuple[float, float],
    target: Path | None,
    remove: str | None,
    directory: Path | None,
) -> None:
    """Make a HiPS of MAP, a FITS map of a whole body, and publish it beside the page.

    MAP is a file, its address, or a service with a granule: medoc_synoptic/syn171_20040302, or
    medoc_synoptic alone for its newest map. The page shows it under footprints, and clients of
    HiPS load it by the address that is printed.
    """
    from epnkit.cli._steps import find_instance
    from epnkit.hips.make import make, publish
    from epnkit.hips.publishing import PublishedHips
    from epnkit.hips.tiles import Drawing, Labels

    if remove is not None:
        PublishedHips(find_instance(directory, None)).remove(remove)
        echo(f"{remove} is deleted")
        return
    if named is None:
        raise click.UsageError("MAP is missing: a FITS file, its address, or SERVICE/GRANULE")
    labels, drawing = Labels(body, name, title), Drawing(*cut, colours)
    if target is not None:
        make(named, target, labels, drawing, lambda: find_instance(directory, None))
        echo(f"the HiPS is in {target}")
        return
    address = publish(named, PublishedHips(find_instance(directory, None)), labels, drawing)
    echo(f"Aladin Lite and other clients of HiPS load it by {address}")
