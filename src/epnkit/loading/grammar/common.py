"""What both forms of a grammar need from DaCHS: service, source, addresses, connections, errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from gavo import base

from epnkit import service as services
from epnkit.errors import ConfigurationError, EpnkitError, LoadError
from epnkit.modules import imports_without_gc
from epnkit.sources import KINDS, open_source
from epnkit.sources.base import Source


def open_service(kind: str, path: Path) -> tuple[services.Service, Source]:
    """Open a service and its source.

    Parameters
    ----------
    kind : str
        The kind of source that the grammar is for.
    path : pathlib.Path
        The source file, in the service's folder.

    Raises
    ------
    ConfigurationError
        If the source file is of another kind.
    """
    with imports_without_gc():
        service = services.read_service(path.parent)
        source = open_source(path, service.order)
    if type(source).__name__ != KINDS[kind][1]:
        raise ConfigurationError(
            f"the source is not of the kind {kind}, which the grammar is for",
            where=str(path),
            cure="Name the grammar in the RD that fits the kind in the source file.",
        )
    return service, source


def datalink_url(service: services.Service) -> str | None:
    """Return the address of the service's datalink; None if it has none."""
    if not service.links:
        return None
    return str(base.makeAbsoluteURL(f"{service.name}/q/dl/dlmeta?ID="))


def open_admin_connection() -> Any:
    """Open an autocommitting connection of DaCHS's administrator."""
    return base.getDBConnection("admin", autocommitted=True)


def open_part_connection() -> Any:
    """Open a connection of DaCHS's administrator for a part of a load.

    Raises
    ------
    LoadError
        If the database has no connection left.
    """
    try:
        return base.getDBConnection("admin")
    except (base.ReportableError, psycopg2.OperationalError) as error:
        raise LoadError(
            "DaCHS's database has no connection left for a part of the load",
            why=" ".join(str(error).split()),
            cure="Give epnkit load fewer --jobs, or raise max_connections in postgresql.conf.",
        ) from error


@contextmanager
def report_errors() -> Iterator[None]:
    """Turn epnkit's errors into DaCHS's own, which are one line without a traceback."""
    try:
        yield
    except EpnkitError as error:
        raise base.ReportableError(str(error)) from error
    except psycopg2.OperationalError as error:
        raise base.ReportableError(f"the database of DaCHS went away: {error}") from error
