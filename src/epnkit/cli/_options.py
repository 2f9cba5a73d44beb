"""Options that several commands have in common."""

from __future__ import annotations

from pathlib import Path

import click

#: The DaCHS that a command acts on.
dachs_option = click.option(
    "--dachs",
    "directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    envvar="EPNKIT_DACHS",
    help="The directory of a private DaCHS; by default the one GAVOSETTINGS names, the one under"
    " var/, or the system's.",
)

#: The form of a command's output.
format_option = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="The form of the output.",
)

#: Where services are installed.
to_option = click.option(
    "--to",
    "inputs",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="DaCHS's inputs directory, as another way to choose the DaCHS.",
)
