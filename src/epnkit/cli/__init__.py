"""The command ``epnkit``: each module of this package is a subcommand."""

from __future__ import annotations

import importlib
import pkgutil
import sys
import traceback
from typing import Any

import click

import epnkit
from epnkit.cli._output import echo
from epnkit.errors import EpnkitError


class _CommandGroup(click.Group):
    """A group whose commands are the modules of this package, imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands by the names of their modules."""
        return sorted(
            module.name for module in pkgutil.iter_modules(__path__) if module.name[0] != "_"
        )

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = importlib.import_module(f"{__name__}.{cmd_name}").command
        command.name = cmd_name
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; with ``-v`` an error comes with its traceback."""
        try:
            return super().invoke(ctx)
        except EpnkitError:
            if ctx.params["verbose"]:
                echo(traceback.format_exc(), err=True, nl=False)
            raise


@click.group(cls=_CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(epnkit.__version__, prog_name="epnkit")
@click.option("-v", "--verbose", is_flag=True, help="Print the traceback of an error, too.")
def cli(*, verbose: bool) -> None:
    """Publish catalogues of observations as EPN-TAP 2.0 services on GAVO DaCHS.

    Exit status: 0 done, 1 something is wrong with what was given, 2 the command could not run.
    """


def main() -> None:
    """Run the command line, and turn an error of epnkit into one line and an exit status."""
    try:
        cli()
    except EpnkitError as error:
        echo(f"epnkit: {error}", err=True)
        sys.exit(error.exit_status)
