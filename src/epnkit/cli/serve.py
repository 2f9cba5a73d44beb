"""``epnkit serve``: create a private DaCHS if there is none, and serve it until interrupted."""

from __future__ import annotations

import signal
from pathlib import Path
from types import FrameType

import click

from epnkit.cli._output import echo


@click.command()
@click.option(
    "--dachs",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="EPNKIT_DACHS",
    default=Path("var/dachs"),
    show_default=True,
    help="The directory of the private DaCHS; created if it is missing.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="The web port; by default the one it had before, or a free one.",
)
def command(directory: Path, port: int | None) -> None:
    """Serve a private DaCHS, with a PostgreSQL cluster of its own, until Ctrl-C.

    It listens on this machine only. What is deployed meanwhile is served at once; its data stay for
    the next time.
    """
    from epnkit.dachs.private import PrivateDachs

    dachs = PrivateDachs(directory, port=port)
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        dachs.start()
        with dachs.run_server() as url:
            echo(f"serving {url}/tap from {directory}, until Ctrl-C")
            signal.pause()
    except KeyboardInterrupt:
        echo("stopped")
    finally:
        dachs.stop()
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
