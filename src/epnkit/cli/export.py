"""``epnkit export``: write the granules of a service to a file."""

from __future__ import annotations

from pathlib import Path

import click

from epnkit.cli._completion import SERVICE
from epnkit.cli._options import dachs_option
from epnkit.cli._output import echo


@click.command()
@click.argument("service", type=SERVICE)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The file to write: .parquet, .csv, .ecsv or .vot.",
)
@dachs_option
def command(service: str, output: Path, directory: Path | None) -> None:
    """Write all granules of SERVICE to a file, with the key of the record behind each.

    A Parquet and an ECSV file also hold what the ledger says: the last run, the cursor, the counts.
    """
    from epnkit.client.output import choose_form, write_table
    from epnkit.dachs.instance import DachsInstance
    from epnkit.report.export import export_granules

    choose_form(output)  # before anything is read
    instance = DachsInstance.find(directory)
    with instance.ensure_running(), instance.connect() as connection:
        table = export_granules(connection, service)
    write_table(table, output)
    echo(f"{output}: {len(table)} granules of {len(table.colnames)} columns")
