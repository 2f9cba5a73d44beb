"""What is installed: services with their archives, and the role that reads their tables."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import psycopg2

from epnkit.database_profiles import read_profile
from epnkit.errors import ConfigurationError, DeployError, EpnkitError, TransientSourceError
from epnkit.sources.config.credentials import read_credential
from epnkit.streaming.declare import DataSet
from epnkit.streaming.log import LOG

if TYPE_CHECKING:
    from epnkit.service import Service

#: DaCHS's profile of the role that answers ADQL: it may read what TAP publishes, and nothing else.
_PROFILE = "untrustedquery"

#: What PostgreSQL does for a connection: read alone, and not for longer than this.
_OPTIONS = "-c default_transaction_read_only=on -c statement_timeout=30s -c timezone=UTC"


def make_connector(settings: Path) -> Callable[[], Any]:
    """Return what opens autocommitting connections as the role that answers ADQL.

    Parameters
    ----------
    settings : pathlib.Path
        DaCHS's rc file. If systemd hands over the profile (LoadCredential), that is taken instead
        of DaCHS's own.

    Raises
    ------
    ConfigurationError
        If DaCHS has no such profile.
    """
    try:
        arguments = read_profile(_PROFILE, settings, _find_handed_over())
    except ValueError as error:
        raise ConfigurationError(
            f"DaCHS's database profile {_PROFILE} cannot be read",
            where=str(settings),
            why=" ".join(str(error).split()),
            cure="Run this under an account that may read it, such as the web server's.",
        ) from None

    def connect() -> Any:
        opened = psycopg2.connect(**arguments, options=_OPTIONS, connect_timeout=10)
        opened.autocommit = True
        return opened

    return connect


def _find_handed_over() -> Path | None:
    """Find the directory in which systemd hands over DaCHS's profile."""
    named = os.environ.get("CREDENTIALS_DIRECTORY")
    return Path(named) if named and (Path(named) / _PROFILE).is_file() else None


def find_archives(services: Iterable[Service]) -> dict[str, Path]:
    """Find where files lie that are served at an address, as far as sources of files say it.

    Parameters
    ----------
    services : iterable of Service
        The services.
    """
    found: dict[str, Path] = {}
    for service in services:
        found |= dict(_find_archive(service))
    return found


def _find_archive(service: Service) -> Iterator[tuple[str, Path]]:
    told = _read_source(service.source_file)
    if told.get("kind") != "files":
        return
    name = find_archive_credential(service)
    if name is not None:
        try:
            text = read_credential(name).reveal()
        except ConfigurationError:
            return  # the files are fetched from their addresses
        told = dict(part.partition("=")[::2] for part in text.split(";"))
    if "address" in told and "directory" in told:
        yield told["address"], Path(told["directory"])


def find_archive_credential(service: Service) -> str | None:
    """Find the credential that says where the files of a service lie; None if none does.

    Parameters
    ----------
    service : Service
        The service; only sources of files have an archive.
    """
    told = _read_source(service.source_file)
    return told.get("connection") if told.get("kind") == "files" else None


def _read_source(path: Path) -> dict[str, Any]:
    try:
        if path.suffix == ".json":
            return dict(orjson.loads(path.read_bytes()))
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            "the source file cannot be read",
            where=str(path),
            why=str(error),
            cure="Restore it from the service's folder.",
        ) from error


def require_index(connect: Callable[[], Any]) -> None:
    """See that the index can be read.

    Raises
    ------
    TransientSourceError
        If the database does not answer.
    """
    try:
        connect().close()
    except psycopg2.Error as error:
        raise TransientSourceError(
            "DaCHS's database does not answer",
            why=" ".join(str(error).split()),
            cure="Start it: systemctl start postgresql, or epnkit serve for a private DaCHS.",
        ) from None


def write_links(path: Path, url: str, services: Iterable[Service]) -> int:
    """Write which granules are part of which data sets, for datalink; return how many those are.

    Parameters
    ----------
    path : pathlib.Path
        The file, in DaCHS's directory of settings.
    url : str
        The public address of the streaming server.
    services : iterable of Service
        The services.
    """
    listed = {
        service.name: [
            {"dataset": each.dataset, "title": each.title, "where": dict(each.selection)}
            for each in service.streams
            if isinstance(each, DataSet)
        ]
        for service in services
    }
    content = orjson.dumps({"url": url, "services": listed}, option=orjson.OPT_INDENT_2)
    part = path.with_suffix(".new")
    part.write_bytes(content)
    part.chmod(0o644)
    part.replace(path)
    return sum(map(len, listed.values()))


def read_links(path: Path) -> dict[str, Any]:
    """Read what :func:`write_links` wrote.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    dict
        The server's ``url``, and its data sets by service; empty if there is no file.

    Raises
    ------
    DeployError
        If the file is damaged.
    """
    if not path.is_file():
        return {}
    try:
        return dict(orjson.loads(path.read_bytes()))
    except (ValueError, TypeError) as error:
        raise DeployError(
            "what datalink knows of the streaming server cannot be read",
            where=str(path),
            why=str(error),
            cure="Write it again: epnkit stream link URL.",
        ) from None


def read_installed(folders: Iterable[Path], read: Callable[[Path], Service]) -> list[Service]:
    """Read the services of folders; one that cannot be read is left out with a warning.

    Parameters
    ----------
    folders : iterable of pathlib.Path
        Folders with a ``service.py``.
    read : callable
        Reads one.
    """
    services = []
    for folder in folders:
        try:
            services.append(read(folder))
        except EpnkitError as error:
            LOG.warning("left out: %s", error)
    return services
