"""``epnkit stream``: serve the data of granules by HAPI and Das2."""

from __future__ import annotations

import sys
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
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8087, show_default=True, help="The port."
)
@click.option("--url", help="The public address of the server; by default that it listens on.")
@archive_option
@cache_option
@cache_size_option
@click.option(
    "--contact", default="the operator of the DaCHS", show_default=True, help="Whom users write to."
)
@click.option("--id", "identifier", help="The server's identifier; by default DaCHS's authority.")
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
        pyramid = Pyramid(kept / "reductions.sqlite")
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
        reductions = Pyramid(kept / "reductions.sqlite")
        of_files = [each for each in feeds.values() if isinstance(each, DataSetFeed)]
        for feed in of_files:
            for variable in feed.dataset.variables:
                done = list(keep_reductions(feed, variable, reductions))
                failed += done.count(False)
                echo(f"{feed.about.id} {variable.name}: {done.count(True)} of {len(done)} files")
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
    store = FileStore(known, kept, cache_size * 1024**3)
    return list_feeds(read, EpnIndex(connect), store), kept


@command.command()
@click.argument("url", required=False)
@dachs_option
def link(url: str | None, directory: Path | None) -> None:
    """Let datalink lead from each granule to its data sets at the streaming server at URL.

    Without a URL, it leads there no more. The web server reads this with each request.
    """
    from epnkit.dachs.instance import DachsInstance
    from epnkit.service import read_service
    from epnkit.streaming import installed

    instance = DachsInstance.find(directory)
    path = instance.configuration / "epnkit-stream.json"
    if url is None:
        path.unlink(missing_ok=True)
        echo("datalink leads to no streaming server")
        return
    if not url.startswith(("http://", "https://")):
        raise click.BadParameter("it begins with neither http:// nor https://", param_hint="URL")
    read = installed.read_installed(_find_folders(instance.inputs, ()), read_service)
    count = installed.write_links(path, url.rstrip("/"), read)
    instance.account.create_owned(path.parent)
    echo(f"datalink leads to {count} data sets at {url}")


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
