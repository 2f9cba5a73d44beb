"""Options that several verbs have in common."""

from __future__ import annotations

from pathlib import Path

import click

#: Which DaCHS a verb acts on.
dachs_option = click.option(
    "--dachs",
    "directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    envvar="EPNKIT_DACHS",
    help="The directory of a private DaCHS; by default the one GAVOSETTINGS names, the one under"
    " var/, or the system's.",
)

#: The form in which a verb answers.
format_option = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to answer.",
)

#: Where services are laid.
to_option = click.option(
    "--to",
    "inputs",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="DaCHS's inputs directory, which tells which DaCHS is meant.",
)
