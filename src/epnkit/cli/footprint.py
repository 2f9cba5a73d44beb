"""``epnkit footprint``: convert contours of a CSV table to regions on the Carrington sphere."""

from __future__ import annotations

import csv
import sys
from contextlib import nullcontext
from pathlib import Path

import click

from epnkit.cli._output import echo


@click.command("footprint")
@click.argument("table", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="CSV to write, else stdout.")
@click.option("--map", "picture", type=click.Path(path_type=Path), help="Draw the regions (PNG).")
@click.option(
    "--observer",
    type=click.Choice(["earth", "l1"]),
    default="earth",
    show_default=True,
    help="Where the Sun is observed from.",
)
@click.option(
    "--outline",
    type=click.Choice(["footprint", "center"]),
    default="footprint",
    show_default=True,
    help="Around the pixels, or through their centres.",
)
@click.option(
    "--tolerance",
    type=float,
    default=0.5,
    show_default=True,
    help="How far the outline may leave the pixels' edges, in pixels.",
)
@click.option(
    "--moc-order", type=click.IntRange(0, 29), help="Give every region a coverage of this order."
)
@click.option(
    "--pixel-base",
    type=int,
    default=0,
    show_default=True,
    help="The number of the first pixel, as cc_x_pix and cc_y_pix count.",
)
@click.option(
    "--center-base",
    type=int,
    default=0,
    show_default=True,
    help="The number of the first pixel, as center_x and center_y count.",
)
@click.option("--separator", help="Between the codes, and first pixels, of a row with several.")
@click.option(
    "--threads", type=click.IntRange(1), default=1, show_default=True, help="How many cores to use."
)
def command(
    table: Path,
    output: Path | None,
    picture: Path | None,
    observer: str,
    outline: str,
    tolerance: float,
    moc_order: int | None,
    pixel_base: int,
    center_base: int,
    separator: str | None,
    threads: int,
) -> None:
    """Add s_region, coverage, limits, area and flags to the contours of TABLE (CSV).

    TABLE has the columns date_obs, cdelt1, cdelt2, center_x, center_y, r_sun, cc_x_pix, cc_y_pix
    and chain_code, in any case and order; others pass through. A bad row is reported with its line
    and passes through with empty columns; the exit status is then 1.
    """
    from epnkit.regions import Options
    from epnkit.regions import table as tables
    from epnkit.regions.chart import draw_map

    options = Options(
        observer="l1" if observer == "l1" else "earth",
        outline="center" if outline == "center" else "footprint",
        tolerance=tolerance,
        moc_order=moc_order,
        pixel_base=pixel_base,
        center_base=center_base,
        separator=separator,
        threads=threads,
    )
    read = tables.read_table(table)
    found = tables.draw_table(read, options)
    destination = (
        output.open("w", newline="", encoding="utf-8") if output else nullcontext(sys.stdout)
    )
    with destination as file:
        csv.writer(file, lineterminator="\n").writerows(tables.output_rows(read, found))
    if picture:
        draw_map(found, picture)
    bad = tables.list_errors(read, found)
    for line, error in bad:
        echo(f"{table}:{line}: {error}", err=True)
    sys.exit(1 if bad else 0)
