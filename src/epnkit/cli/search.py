"""``epnkit search``: search many EPN-TAP services at once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from epnkit.cli._output import cell, echo

if TYPE_CHECKING:
    from astropy.table import Table

    from epnkit.client.ask import TableAnswer
    from epnkit.client.searches import SearchResult
    from epnkit.client.targets import EpnTable

#: The columns and rows that a terminal is shown.
_SHOWN = (
    "service",
    "granule_uid",
    "dataproduct_type",
    "target_name",
    "time_min",
    "instrument_name",
)
_ROWS = 20


@click.command()
@click.option(
    "--tap",
    "services",
    multiple=True,
    envvar="EPNKIT_TAP",
    metavar="URL[ TABLE]",
    help="A TAP service, all of whose EPN-TAP tables are asked, or a table of it; may be repeated.",
)
@click.option(
    "--list",
    "listed",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with a TAP URL a line, and after a blank the table.",
)
@click.option("--registry", metavar="URL", help="The TAP service of a registry (RegTAP).")
@click.option("--time", metavar="TIME[/TIME]", help="A day, a time, or two: 2005-04-01/2005-04-03.")
@click.option("--target", help="The target's name: Sun, Jupiter…")
@click.option("--kind", metavar="TYPE", help="The data product type: im, ds, ev…")
@click.option(
    "--frequency",
    "--wavelength",
    metavar="RANGE",
    help="With a unit: 10..40 MHz, 171 Angstrom, 3..25 keV.",
)
@click.option("--instrument", help="The instrument's name.")
@click.option("--host", help="The name of the observatory or spacecraft.")
@click.option("--level", type=click.IntRange(1, 6), help="The processing level.")
@click.option("--cone", metavar="LON,LAT,RADIUS", help="A place, in degrees.")
@click.option("--box", metavar="WEST,EAST,SOUTH,NORTH", help="A place, in degrees.")
@click.option("--polygon", metavar="LON LAT,…", help="A place, in degrees.")
@click.option("--frame", help="The spatial frame of the place: body (the default), celestial…")
@click.option("--text", metavar="WORDS", help="Words of names, features and identifiers.")
@click.option("--where", metavar="ADQL", help="A condition in ADQL.")
@click.option("--columns", metavar="A,B…", help="The columns to fetch; * for all that a table has.")
@click.option(
    "--sort", default="time_min", show_default=True, metavar="COLUMN", help="The column to sort by."
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=10_000,
    show_default=True,
    help="How many rows of each table at most.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(0.1),
    default=60.0,
    show_default=True,
    help="How long each service may take, in seconds.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the rows to a file: .vot, .csv, .ecsv or .parquet.",
)
@click.option("--links", is_flag=True, help="Fetch the links of each row; -o writes them instead.")
@click.option(
    "--semantics", multiple=True, metavar="#WORD", help="Only links of this kind: #preview…"
)
@click.option(
    "--download",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Download the files of the rows (by default #this), a folder for each service.",
)
@click.option(
    "--samp",
    metavar="PROGRAM",
    help="Send the rows to aladin, topcat, jhelioviewer (images and places of the Sun), or all.",
)
def command(
    services: tuple[str, ...],
    listed: Path | None,
    registry: str | None,
    sort: str,
    limit: int,
    timeout: float,
    columns: str | None,
    output: Path | None,
    links: bool,
    semantics: tuple[str, ...],
    download: Path | None,
    samp: str | None,
    **terms: Any,
) -> None:
    """Search many EPN-TAP services at once, and show, write, send or download what is found.

    Services are those of --tap and --list, or else those of a registry. A service that is down, or
    has more rows than --limit, is named at the end; the rows of the others stand.
    """
    from epnkit.client.output import choose_form
    from epnkit.client.searches import search
    from epnkit.client.targets import REGISTRY

    if output is not None:
        choose_form(output)  # before anything is asked
    found = search(
        _name_tables(services, listed),
        registry=registry or REGISTRY,
        columns=tuple(name.strip() for name in columns.split(",")) if columns else (),
        sort=sort,
        limit=limit,
        timeout=timeout,
        report=_report,
        **{name: value for name, value in terms.items() if value is not None},
    )
    table = found.table
    if links:
        table = _fetch_links(table, semantics)
    _show(table, output)
    if samp:
        _send(found.table, samp)
    complete = not download or _download(found.table, download, semantics or ("#this",))
    _warn(found)
    if not complete or (found.answers and not any(a.state in _ANSWERED for a in found.answers)):
        sys.exit(1)


#: What a service's rows are shown of.
_ANSWERED = ("whole", "overflow")


def _name_tables(services: tuple[str, ...], listed: Path | None) -> list[EpnTable]:
    from epnkit.client.targets import read_list

    lines = listed.read_text(encoding="utf-8").splitlines() if listed else []
    return read_list([*services, *lines])


def _name(answer: TableAnswer) -> str:
    return f"{answer.target.table or 'EPN-TAP'} at {answer.target.url}"


def _report(answer: TableAnswer) -> None:
    if answer.state in _ANSWERED:
        rows = f"{len(answer.rows)} row{'s' * (len(answer.rows) != 1)}"
        echo(f"{_name(answer)}: {rows} in {answer.seconds:.1f} s", err=True)
    else:
        echo(f"{_name(answer)}: {answer.state}: {answer.why}", err=True)


def _warn(found: SearchResult) -> None:
    """Name at the end what is not whole, and what did not restrict the rows."""
    for answer in found.incomplete:
        more = "; give a higher --limit" if answer.state == "overflow" else ""
        echo(f"search: {_name(answer)}: {answer.state}: {answer.why}{more}", err=True)
    for answer in found.answers:
        if answer.query.left_out:
            terms = ", ".join(answer.query.left_out)
            echo(f"search: {_name(answer)} has no columns for: {terms}", err=True)


def _show(table: Table, output: Path | None) -> None:
    from epnkit.client.output import write_table

    if output is not None:
        write_table(table, output)
        echo(f"wrote {len(table)} rows to {output}")
    else:
        _print_rows(table)


def _print_rows(table: Table) -> None:
    from rich.console import Console
    from rich.table import Table as Printed

    names = [name for name in _SHOWN if name in table.colnames] or table.colnames[:6]
    printed = Printed(box=None)
    for name in names:
        printed.add_column(name, no_wrap=name in ("service", "granule_uid", "time_min"))
    for row in table[:_ROWS]:
        printed.add_row(*(_write_cell(row[name], name) for name in names))
    # A pipe has no width.
    Console(width=None if sys.stdout.isatty() else 160).print(printed)
    more = len(table) - _ROWS
    echo(f"{len(table)} rows" + (f"; {more} more than shown: -o FILE writes all" * (more > 0)))


def _write_cell(value: Any, name: str) -> str:
    from datetime import datetime, timedelta

    if name == "time_min" and value == value and not hasattr(value, "mask"):
        # Julian dates, as people read them, to the nearest second.
        day = datetime(2000, 1, 1, 12) + timedelta(seconds=round((float(value) - 2451545) * 86400))
        return cell(day.isoformat())
    return cell("" if str(value) in ("--", "nan") else value)


def _fetch_links(table: Table, semantics: tuple[str, ...]) -> Table:
    from epnkit.client.links import fetch_links, to_table

    return to_table(fetch_links(table, semantics))


def _send(table: Table, receiver: str) -> None:
    from epnkit.client.samp import send_table

    echo(f"sent to {', '.join(send_table(table, receiver))}")


def _download(table: Table, directory: Path, semantics: tuple[str, ...]) -> bool:
    from epnkit.client.files import download_files

    files, lost = download_files(table, directory, semantics)
    failed = [file for file in files if file.problem]
    for link in lost:
        echo(f"search: {link.granule_uid} {link.semantics}: {link.error}", err=True)
    for file in failed:
        echo(f"search: {file.file.url}: {file.problem}", err=True)
    echo(f"{len(files) - len(failed)} files are in {directory}, {len(failed) + len(lost)} failed")
    return not (failed or lost)
