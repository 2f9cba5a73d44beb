"""Brings up services on a private DaCHS under var/: replica, deploy, import, serve, query."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import click

from epnkit.dachs.instance import DachsInstance
from epnkit.dachs.ports import free_port
from epnkit.dachs.private import PrivateDachs
from epnkit.deploy import coverage, inputs
from epnkit.errors import ConfigurationError, EpnkitError
from epnkit.explore.deployment import PageDeployment
from epnkit.loading.request import Request
from epnkit.modules import run_file
from epnkit.replicas import programs
from epnkit.replicas.sources import ReplicaSources

ROOT = Path(__file__).resolve().parent.parent
RESOURCES = ROOT / "resources"
VAR = ROOT / "var"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1, metavar="[SERVICE]…")
@click.option("--all", "every", is_flag=True, help="Bring up every service of resources/.")
@click.option("--once", is_flag=True, help="Query, stop everything, and end.")
@click.option(
    "--from",
    "directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Load a directory of HFC CSV files instead of the replica (only hfc1ar).",
)
@click.option("--mariadb", is_flag=True, help="Keep SQL catalogues in MariaDB, not in SQLite.")
@click.option("--port", type=click.IntRange(1, 65535), help="The web port; by default a free one.")
def demo(
    names: tuple[str, ...],
    every: bool,
    once: bool,
    directory: Path | None,
    mariadb: bool,
    port: int | None,
) -> None:
    """Bring up services (by default hfc1ar) on a private DaCHS, query them, and serve them."""
    folders = [_find_folder(name) for name in (_list_services() if every else names or ("hfc1ar",))]
    dachs = PrivateDachs(VAR / "dachs", port=port)
    with _stop_at_end(dachs):
        _print_message("starting PostgreSQL and DaCHS")
        dachs.start()
        with ReplicaSources(dachs, ROOT, mariadb=mariadb) as sources:
            for folder in folders:
                _bring_up(dachs, sources, folder, directory)
            page = _install_page(dachs)
            with dachs.run_server() as url:
                for folder in folders:
                    _show(folder, url)
                addresses = {"explore": page, "service": f"{url}/tap"}
                if once:
                    _print_addresses(dachs, addresses)
                    return
                with _serve_streams(dachs) as streams:
                    _print_addresses(dachs, addresses | {"streams": f"{streams}/hapi"})
                    click.echo("Serving until interrupted (Ctrl-C).")
                    signal.pause()


def _bring_up(
    dachs: PrivateDachs, sources: ReplicaSources, folder: Path, directory: Path | None
) -> None:
    name = folder.name
    _print_message(f"{name}: filling its source")
    changed = sources.fill(folder, directory)
    rd = inputs.install(dachs, folder)
    _print_message(f"{name}: dachs imp {rd}")
    # Granules from another source have to be deleted.
    request = Request(full=changed)
    done = dachs.run("imp", rd, environment=request.to_environment())
    for line in done.stderr.splitlines():
        if line.startswith(f"{name}:"):
            _print_message(line)
    if coverage.is_computed(dachs.inputs, name):
        dachs.run("limits", rd)
    # In the registry of this DaCHS, which no other reads, and on its root page.
    dachs.run("pub", rd)


def _install_page(dachs: PrivateDachs) -> str:
    """Put the page that searches all services into DaCHS; give its address."""
    page = PageDeployment(DachsInstance.find(dachs.root))
    for step in page.plan_install():
        step.do()
    return page.url


def _show(folder: Path, url: str) -> None:
    """Run the service's own demo, or else query its first granules."""
    own = folder / "demo.py"
    path = own if own.exists() else RESOURCES / "epnkit" / "demo.py"
    run_file(path, f"demo_of_{path.parent.name}").show(f"{url}/tap", folder.name, VAR)


@contextlib.contextmanager
def _serve_streams(dachs: PrivateDachs) -> Iterator[str]:
    """Stream the data of all installed services, and let datalink lead there; give the address."""
    command: list[str | Path] = ["-c", "from epnkit.cli import main; main()", "stream"]
    here: tuple[str | Path, ...] = ("--dachs", dachs.root)
    serve = [*command, "serve", "--port", str(free_port()), *here]
    program = programs.start(serve, ROOT, VAR / "streams.log")
    try:
        _link_streams([*command, "link", program.url, *here])
        yield program.url
    finally:
        program.stop()
        _link_streams([*command, "link", *here])


def _link_streams(words: list[str | Path]) -> None:
    # What it says is for an operator; who tries the demo gets the address.
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own words


def _print_addresses(dachs: PrivateDachs, addresses: dict[str, str]) -> None:
    places = {"DaCHS": str(dachs.root), "logs": str(dachs.root / "logs")}
    for what, where in (addresses | places).items():
        click.echo(f"{what:>8}: {where}")


def _list_services() -> list[str]:
    return sorted(path.parent.name for path in RESOURCES.glob("*/service.py"))


def _find_folder(name: str) -> Path:
    folder = RESOURCES / name
    if (folder / "service.py").is_file():
        return folder
    raise ConfigurationError(
        f"there is no service {name}",
        where=str(RESOURCES),
        cure=f"There are: {', '.join(_list_services())}.",
    )


@contextlib.contextmanager
def _stop_at_end(dachs: PrivateDachs) -> Iterator[None]:
    """Stop the database at the end, in any case."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        dachs.stop()


def _print_message(text: str) -> None:
    click.echo(f"demo: {text}", err=True)


if __name__ == "__main__":
    try:
        demo(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        _print_message("stopped")
    except EpnkitError as error:
        click.echo(f"demo: {error}", err=True)
        sys.exit(error.exit_status)
