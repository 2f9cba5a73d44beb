"""``epnkit stream``: serve the data of granules by HAPI and Das2."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from epnkit.cli._options import dachs_option
from epnkit.cli._output import echo

if TYPE_CHECKING:
    from epnkit.dachs.instance import DachsInstance
    from epnkit.streaming.feeds import Feed


archive_option = click.option(
    "--archive",
    "archives",
    multiple=True,
    metavar="ADDRESS=DIRECTORY",
    help="Where files under an address lie on this machine; others are fetched. Those of sources of"
    " files are known already.",
)

cache_option = click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    help="The directory of fetched files and of reductions; by default in DaCHS's cache.",
)

contact_option = click.option(
    "--contact", default="the operator of the DaCHS", show_default=True, help="Whom users write to."
)

identifier_option = click.option(
    "--id", "identifier", help="The server's identifier; by default DaCHS's authority."
)

port_option = click.option(
    "--port", type=click.IntRange(1, 65535), default=8087, show_default=True, help="The port."
)

cache_size_option = click.option(
    "--cache-size",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    help="How many GiB of fetched files are kept.",
)


@click.group()
def command() -> None:
    """Stream the data of installed services by time."""


@command.command()
@click.argument("services", nargs=-1)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="The address to listen on; others reach it by a reverse proxy.",
)
@port_option
@click.option("--url", help="The public address of the server; by default that it listens on.")
@archive_option
@cache_option
@cache_size_option
@contact_option
@identifier_option
@dachs_option
def serve(
    services: tuple[str, ...],
    host: str,
    port: int,
    url: str | None,
    archives: tuple[str, ...],
    cache: Path | None,
    cache_size: int,
    contact: str,
    identifier: str | None,
    directory: Path | None,
) -> None:
    """Serve the data of SERVICES until Ctrl-C; without a name, those of all that are installed.

    It reads the tables of DaCHS as the role that answers ADQL, and the files that they link to. New
    granules are served without a restart.
    """
    from epnkit.dachs.instance import DachsInstance
    from epnkit.streaming.pyramid import Pyramid
    from epnkit.streaming.server import make_application, run_server
    from epnkit.streaming.settings import Identity

    instance = DachsInstance.find(directory)
    with instance.ensure_running():
        feeds, kept = _list_feeds(instance, services, archives, cache, cache_size)
        address = (url or f"http://{host}:{port}").rstrip("/")
        name = identifier or instance.authority or "epnkit"
        identity = Identity(name, f"Streams of {name}"[:40], contact, address, instance.url)
        echo(f"serving {len(feeds)} data sets at {address}/hapi, until Ctrl-C")
        with closing(Pyramid(kept / "reductions.sqlite")) as pyramid:
            run_server(make_application(feeds, identity, pyramid), host, port)


@command.command()
@click.argument("services", nargs=-1)
@archive_option
@cache_option
@cache_size_option
@dachs_option
def pyramid(
    services: tuple[str, ...],
    archives: tuple[str, ...],
    cache: Path | None,
    cache_size: int,
    directory: Path | None,
) -> None:
    """Reduce the data of SERVICES ahead of requests; without a name, of all that are installed.

    What was reduced before is left alone. Exit status 1 if a file cannot be read.
    """
    from epnkit.dachs.instance import DachsInstance
    from epnkit.streaming.datasets import DataSetFeed
    from epnkit.streaming.pyramid import Pyramid
    from epnkit.streaming.views import keep_reductions

    instance, failed = DachsInstance.find(directory), 0
    with instance.ensure_running():
        feeds, kept = _list_feeds(instance, services, archives, cache, cache_size)
        of_files = [each for each in feeds.values() if isinstance(each, DataSetFeed)]
        with closing(Pyramid(kept / "reductions.sqlite")) as reductions:
            for feed in of_files:
                for variable in feed.dataset.variables:
                    done = list(keep_reductions(feed, variable, reductions))
                    failed += done.count(False)
                    counts = f"{done.count(True)} of {len(done)} files"
                    echo(f"{feed.about.id} {variable.name}: {counts}")
    sys.exit(1 if failed else 0)


def _list_feeds(
    instance: DachsInstance,
    services: tuple[str, ...],
    archives: tuple[str, ...],
    cache: Path | None,
    cache_size: int,
) -> tuple[dict[str, Feed], Path]:
    """List the feeds of installed services, and say where the cache is."""
    from epnkit.service import read_service
    from epnkit.streaming import installed
    from epnkit.streaming.archive import FileStore
    from epnkit.streaming.catalogue import list_feeds
    from epnkit.streaming.index import EpnIndex

    connect = installed.make_connector(instance.settings)
    installed.require_index(connect)
    read = installed.read_installed(_find_folders(instance.inputs, services), read_service)
    with instance.use_credentials():
        known = {**installed.find_archives(read), **dict(_split(each) for each in archives)}
    kept = cache or instance.cache / "epnkit-stream"
    # Apart from the reductions, which are never deleted to make room.
    store = FileStore(known, kept / "files", cache_size * 1024**3)
    return list_feeds(read, EpnIndex(connect), store), kept


@command.command()
@click.argument("url", required=False)
@dachs_option
def link(url: str | None, directory: Path | None) -> None:
    """Let datalink lead from each granule to its data sets at the streaming server at URL.

    Without a URL, it leads there no more. The web server reads this with each request.
    """
    from epnkit.dachs.instance import DachsInstance
    from epnkit.deploy.stream import LINKS
    from epnkit.explore.deployment import PageDeployment
    from epnkit.service import read_service
    from epnkit.streaming import installed

    if url is not None:
        _require_web_address(url)
    instance = DachsInstance.find(directory)
    path = instance.configuration / LINKS
    if url is None:
        path.unlink(missing_ok=True)
        PageDeployment(instance).allow_streams()
        echo("datalink leads to no streaming server")
        return
    read = installed.read_installed(_find_folders(instance.inputs, ()), read_service)
    count = installed.write_links(path, url.rstrip("/"), read)
    instance.account.create_owned(path.parent)
    echo(f"datalink leads to {count} data sets at {url}")
    if PageDeployment(instance).allow_streams() and count > 0:
        echo("the page to explore draws them")
    echo("Now: dachs pub ALL; dachs serve reload, so that registry records say so too")


@command.command()
@click.argument("services", nargs=-1)
@click.option("--url", required=True, help="The public address of the server.")
@port_option
@archive_option
@click.option("--local", is_flag=True, help="All files lie here: no connection is opened outward.")
@click.option(
    "--group", "groups", multiple=True, help="A group that may read the archive; may be repeated."
)
@cache_size_option
@click.option("--memory", default="2G", show_default=True, help="The most that it may use.")
@contact_option
@identifier_option
@click.option(
    "--units",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path("/etc/systemd/system"),
    show_default=True,
    help="The directory of systemd's units.",
)
@click.option("--dry-run", is_flag=True, help="Print the units, and do nothing.")
@dachs_option
def install(
    services: tuple[str, ...],
    url: str,
    port: int,
    archives: tuple[str, ...],
    local: bool,
    groups: tuple[str, ...],
    cache_size: int,
    memory: str,
    contact: str,
    identifier: str | None,
    folder: Path,
    dry_run: bool,
    directory: Path | None,
) -> None:
    """Install the server as a unit of systemd, for SERVICES or all that are installed.

    It runs under an account of its own that systemd makes, sees the file system read-only, and
    listens on this machine alone: others reach it by a reverse proxy. systemd hands it DaCHS's
    profile of the role that answers ADQL, and what says where archives lie. Install it again when
    another service has an archive of its own. Run it as root.
    """
    from epnkit.cli._steps import explain_permissions
    from epnkit.deploy import stream
    from epnkit.deploy.steps import carry_out

    _require_web_address(url)
    address = url.rstrip("/")
    known = dict(_split(each) for each in archives)
    instance, found, credentials = _find_archives(directory, services)
    named = ("--id", identifier) if identifier else ()
    unit = stream.StreamUnit(
        stream.find_program(),
        address,
        instance.configuration,
        None if instance.is_default else instance.settings,
        services,
        tuple(f"{key}={path.resolve()}" for key, path in known.items()),
        cache_size,
        ("--contact", contact, *named),
        port,
        (*found.values(), *(each.resolve() for each in known.values()), *stream.find_code()),
        tuple(credentials),
        groups,
        memory,
        local,
    )
    if dry_run:
        for name, text in unit.units().items():
            echo(f"# {name}\n{text}")
        return
    with explain_permissions():
        carry_out(stream.plan_install(unit, folder), echo)
    echo(f"Now: epnkit stream proxy nginx {address}, and epnkit stream link {address}")


def _find_archives(
    directory: Path | None, services: tuple[str, ...]
) -> tuple[DachsInstance, dict[str, Path], list[Path]]:
    """Find where the archives of services lie, and the credentials that say so."""
    from epnkit.dachs.instance import DachsInstance
    from epnkit.deploy.stream import find_archive_credentials
    from epnkit.errors import DeployError
    from epnkit.service import read_service
    from epnkit.streaming import installed

    instance = DachsInstance.find(directory)
    if instance.private is not None:
        raise DeployError(
            "a private DaCHS runs only while its commands do",
            where=str(instance.root),
            cure="Serve its streams by hand: epnkit stream serve.",
        )
    read = installed.read_installed(_find_folders(instance.inputs, services), read_service)
    with instance.use_credentials():
        found = installed.find_archives(read)
    return instance, found, find_archive_credentials(instance, read)


@command.command()
@click.option(
    "--units",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path("/etc/systemd/system"),
    show_default=True,
    help="The directory of systemd's units.",
)
@dachs_option
def uninstall(folder: Path, directory: Path | None) -> None:
    """Stop the server's unit, and remove it with its cache and with datalink's links.

    Run it as root.
    """
    from epnkit.cli._steps import explain_permissions
    from epnkit.dachs.instance import DachsInstance
    from epnkit.deploy.steps import carry_out
    from epnkit.deploy.stream import plan_uninstall

    with explain_permissions():
        carry_out(plan_uninstall(DachsInstance.find(directory), folder), echo)


@command.command()
@click.argument("kind", type=click.Choice(["nginx", "apache"]))
@click.argument("url")
@port_option
def proxy(kind: str, url: str, port: int) -> None:
    """Print what lets a web server (nginx or Apache) pass requests for URL on to the server."""
    from epnkit.deploy.reverse_proxy import write_proxy

    _require_web_address(url)
    echo(write_proxy(kind, url, port), nl=False)


def _require_web_address(url: str) -> None:
    if not url.startswith(("http://", "https://")):
        raise click.BadParameter("it begins with neither http:// nor https://", param_hint="URL")


def _find_folders(inputs: Path, names: tuple[str, ...]) -> list[Path]:
    """Find the folders of services: those that are named, or all that have a service.py."""
    if names:
        return [inputs / name for name in names]
    return sorted(path.parent for path in inputs.glob("*/service.py"))


def _split(archive: str) -> tuple[str, Path]:
    address, _, directory = archive.rpartition("=")
    if not address or not Path(directory).is_dir():
        raise click.BadParameter(
            f"{archive} is not ADDRESS=DIRECTORY with a directory that exists",
            param_hint="--archive",
        )
    return address, Path(directory)
