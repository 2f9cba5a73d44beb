"""Common parts of both forms of a grammar: service, source, addresses, connections, errors."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from gavo import base

from epnkit import service as services
from epnkit.errors import ConfigurationError, EpnkitError
from epnkit.loading.parallel.coordinator import Coordinator
from epnkit.loading.parallel.dask_workers import DaskWorkers
from epnkit.loading.parallel.executors import Executor, LocalProcesses
from epnkit.loading.parallel.queue import LEASE
from epnkit.loading.request import Request
from epnkit.modules import imports_without_gc
from epnkit.sources import KINDS, open_source
from epnkit.sources.base import Source

#: The environment variable with the lease of a part of a load, in seconds.
LEASE_VARIABLE = "EPNKIT_LEASE"


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


def open_coordinator(request: Request, path: Path) -> Coordinator | None:
    """Return the coordinator of a parallel load; None if one process does it.

    Parameters
    ----------
    request : Request
        What to load: kept records, and the first or single records of a source, are loaded by one
        process.
    path : pathlib.Path
        The source file, in the service's folder.
    """
    if not request.parallel:
        return None
    executor: Executor
    if request.dask is not None:
        executor = DaskWorkers(request.dask)
    else:
        executor = LocalProcesses(request.jobs, base.getDBProfile("admin").getArgs())
    lease = float(os.environ.get(LEASE_VARIABLE, LEASE))
    return Coordinator(executor, open_admin_connection, path, lease)


@contextmanager
def report_errors() -> Iterator[None]:
    """Turn epnkit's errors into DaCHS's own, which are one line without a traceback."""
    try:
        yield
    except EpnkitError as error:
        raise base.ReportableError(str(error)) from error
    except psycopg2.OperationalError as error:
        raise base.ReportableError(f"the database of DaCHS went away: {error}") from error
