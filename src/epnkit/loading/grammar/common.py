"""What both forms of a grammar need: the service and its source, DaCHS's addresses and errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from gavo import base

from epnkit import service as services
from epnkit.errors import ConfigurationError, EpnkitError, LoadError
from epnkit.modules import uncollected
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
        Where the source file is of another kind.
    """
    with uncollected():
        service = services.load(path.parent)
        source = open_source(path, service.order)
    if type(source).__name__ != KINDS[kind][1]:
        raise ConfigurationError(
            f"the source is no source of the kind {kind}, which the grammar is for",
            where=str(path),
            cure="Name in the RD the grammar that goes with the kind in the source file.",
        )
    return service, source


def datalink(service: services.Service) -> str | None:
    """Say where the service's datalink is served, if it has one."""
    if not service.links:
        return None
    return str(base.makeAbsoluteURL(f"{service.name}/q/dl/dlmeta?ID="))


def own_connection() -> Any:
    """Open a connection of DaCHS's administrator that commits at once."""
    return base.getDBConnection("admin", autocommitted=True)


def connection_of_part() -> Any:
    """Open a connection of DaCHS's administrator for a part of a load.

    Raises
    ------
    LoadError
        Where the database gives none.
    """
    try:
        return base.getDBConnection("admin")
    except (base.ReportableError, psycopg2.OperationalError) as error:
        raise LoadError(
            "the database of DaCHS gives no connection for a part of the load",
            why=" ".join(str(error).split()),
            cure="Give epnkit load fewer --jobs, or raise max_connections in postgresql.conf.",
        ) from error


@contextmanager
def reported() -> Iterator[None]:
    """Turn what a person has to know into DaCHS's own kind of error: one line, no traceback."""
    try:
        yield
    except EpnkitError as error:
        raise base.ReportableError(str(error)) from error
    except psycopg2.OperationalError as error:
        raise base.ReportableError(f"the database of DaCHS went away: {error}") from error
