"""What the commands do, for who works in Python: each function is named as its command.

``from epnkit import preview, load, status`` takes them from here, without waiting for what they do
not need.  The commands are written with these functions, so both do the same.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from epnkit.errors import ConfigurationError, LoadError

if TYPE_CHECKING:
    from epnkit.check.report import Report
    from epnkit.dachs.instance import DachsInstance
    from epnkit.loading.dry_run import DryRunResult
    from epnkit.loading.prepare.preview import Preview
    from epnkit.loading.reconcile import Difference
    from epnkit.loading.request import Request
    from epnkit.loading.state.status import ServiceStatus
    from epnkit.service import Service
    from epnkit.sources.base import Source

#: The folder of services that are given by their name.
RESOURCES = Path("resources")


def find_service(service: str | Path) -> Service:
    """Read a service, given its folder or the name of a folder in ``resources/``.

    Parameters
    ----------
    service : str or pathlib.Path
        A folder with a ``service.py``, or a name.

    Raises
    ------
    ConfigurationError
        If neither holds a ``service.py``.
    """
    from epnkit.service import read_service

    folders = (Path(service), RESOURCES / service)
    for folder in folders:
        if (folder / "service.py").is_file():
            return read_service(folder)
    raise ConfigurationError(
        "there is no such service",
        where=str(service),
        why="no service.py in " + ", ".join(str(folder) for folder in folders),
        cure="Name a service's folder, or one in resources/ of the current directory.",
    )


def check_table(
    target: str,
    table: str = "",
    *,
    rows: int | None = 10_000,
    oai: str = "",
    dachs: Path | None = None,
) -> Report:
    """Check a file, a service folder, or a table of a TAP service.

    Parameters
    ----------
    target, table, rows, oai
        As for :func:`epnkit.check.report.check`, which says what it returns and raises.
    dachs : pathlib.Path, optional
        As for :func:`source`; it reads the RD of a folder.
    """
    from epnkit.check.report import check
    from epnkit.dachs.instance import DachsInstance

    instance = DachsInstance.find_if_any(dachs)
    if instance is None:
        return check(target, table, rows=rows, oai=oai)
    with instance.use_credentials():
        return check(target, table, rows=rows, oai=oai, environment=instance.environment)


def source(service: str | Path, *, dachs: Path | None = None) -> Source:
    """Open the source of a service.

    Parameters
    ----------
    service : str or pathlib.Path
        Its folder, or its name in ``resources/``.
    dachs : pathlib.Path, optional
        The directory of a private DaCHS, whose credentials are used; else the usual places count.

    Raises
    ------
    ConfigurationError
        If the service, its source file or the credential is wrong.
    """
    from epnkit.sources import open_source

    found = find_service(service)
    with use_credentials(dachs):
        return open_source(found.source_file, found.order)


def preview(service: str | Path, count: int = 20, *, dachs: Path | None = None) -> Preview:
    """Make the first granules that a load would make, and load nothing.

    Parameters
    ----------
    service : str or pathlib.Path
        Its folder, or its name in ``resources/``.
    count : int
        How many granules and refused records to make at most.
    dachs : pathlib.Path, optional
        As for :func:`source`.

    Returns
    -------
    Preview
        Granules and refusals as DataFrames, and the rules that granules break.

    Raises
    ------
    EpnkitError
        If the service or its source is wrong.
    """
    from epnkit.loading.prepare.preview import preview as make

    found = find_service(service)
    return make(found, source(service, dachs=dachs), count)


@overload
def load(
    service: str,
    *,
    dry_run: Literal[True],
    full: bool = ...,
    remap: bool = ...,
    low: str | None = ...,
    high: str | None = ...,
    limit: int | None = ...,
    jobs: int = ...,
    dask: str | None = ...,
    notify: Sequence[str] = ...,
    dachs: Path | None = ...,
) -> DryRunResult: ...
@overload
def load(
    service: str,
    *,
    dry_run: Literal[False] = ...,
    full: bool = ...,
    remap: bool = ...,
    low: str | None = ...,
    high: str | None = ...,
    limit: int | None = ...,
    jobs: int = ...,
    dask: str | None = ...,
    notify: Sequence[str] = ...,
    dachs: Path | None = ...,
) -> ServiceStatus: ...
def load(
    service: str,
    *,
    full: bool = False,
    remap: bool = False,
    low: str | None = None,
    high: str | None = None,
    limit: int | None = None,
    jobs: int = 1,
    dask: str | None = None,
    dry_run: bool = False,
    notify: Sequence[str] = (),
    dachs: Path | None = None,
) -> ServiceStatus | DryRunResult:
    """Load a service from its source, from where the last load ended.

    Parameters
    ----------
    service : str
        The name of a service that is installed in the DaCHS.
    full : bool
        Read everything, and delete the granules of records that are gone.
    remap : bool
        Make all granules again from the kept records, without the source.
    low, high : str, optional
        Read only from one value of the cursor on, and up to another, without it.
    limit : int, optional
        Read at most this many records.
    jobs : int
        Read and map in this many processes.
    dask : str, optional
        Read and map by the workers of the Dask scheduler at this address.
    dry_run : bool
        Only find out what would be loaded, changed, deleted and refused; in one process.
    notify : sequence of str
        Whom to notify if it fails or quarantines more than before: URLs of webhooks,
        ``mailto:ADDRESS``, ``command:SHELL COMMAND``, or names of credentials that hold these. One
        that cannot be reached is a warning.
    dachs : pathlib.Path, optional
        The directory of a private DaCHS; else the one that ``GAVOSETTINGS`` names, or the system's.

    Returns
    -------
    ServiceStatus or DryRunResult
        What the ledger says afterwards; ``runs[0]`` is this load. With ``dry_run`` what a load
        would do.

    Raises
    ------
    ConfigurationError
        If parameters exclude each other.
    LoadError
        If the import failed; the table is as it was.
    """
    from epnkit.deploy.notify import load_and_notify
    from epnkit.deploy.rehearsal import rehearse_load
    from epnkit.loading.request import Request

    request = Request.of_options(
        full=full, remap=remap, low=low, high=high, limit=limit, jobs=jobs, dask=dask
    )
    with open_dachs(dachs) as instance:
        if dry_run:
            return rehearse_load(instance, service, request)
        if not load_and_notify(instance, service, request, notify, warnings.warn):
            raise _explain_failed_import(service)
        return _read_status(instance, service, 10)


def status(service: str, last: int = 10, *, dachs: Path | None = None) -> ServiceStatus:
    """Read the ledger of a service, and compare it with the table.

    Parameters
    ----------
    service : str
        The name of a service that was loaded.
    last : int
        How many runs.
    dachs : pathlib.Path, optional
        As for :func:`load`.

    Raises
    ------
    LoadError
        If it was never loaded.
    """
    with open_dachs(dachs) as instance:
        return _read_status(instance, service, last)


def quarantine(
    service: str, *, settled: bool = False, limit: int = 50, dachs: Path | None = None
) -> list[dict[str, Any]]:
    """List the refused records of a service, newest first, with the reason and the rule.

    Parameters
    ----------
    service : str
        The service.
    settled : bool
        Include those that were loaded later, or dropped.
    limit : int
        How many at most.
    dachs : pathlib.Path, optional
        As for :func:`load`.
    """
    from epnkit.loading.state.quarantine import list_entries
    from epnkit.loading.state.schema import create_state_schema

    with open_dachs(dachs) as instance, instance.connect() as connection:
        create_state_schema(connection)
        return list_entries(connection, service, settled=settled, limit=limit)


def reconcile(service: str, *, dry_run: bool = False, dachs: Path | None = None) -> Difference:
    """Find what differs between the source and the table of a service, and repair it.

    Parameters
    ----------
    service : str
        The name of a service that is installed in the DaCHS.
    dry_run : bool
        Only find it.
    dachs : pathlib.Path, optional
        As for :func:`load`.

    Returns
    -------
    Difference
        The keys of records that are missing or changed, and of those that are gone.

    Raises
    ------
    LoadError
        If this kind of source cannot list its records, or a repair failed.
    """
    from epnkit.deploy.comparison import compare
    from epnkit.deploy.imports import split_into_requests

    with open_dachs(dachs) as instance:
        found = compare(instance, service)
        if not dry_run:
            repairs = split_into_requests(found.to_read, found.gone, reconcile=True)
            _import(instance, service, repairs)
        return found


@contextmanager
def open_dachs(directory: Path | None) -> Iterator[DachsInstance]:
    """Find a DaCHS, and let its database run for as long as the context lasts.

    Parameters
    ----------
    directory : pathlib.Path, optional
        That of a private DaCHS; else the one that ``GAVOSETTINGS`` names, one under ``var``, or the
        system's.

    Raises
    ------
    DeployError
        If there is none.
    """
    from epnkit.dachs.instance import DachsInstance

    instance = DachsInstance.find(directory)
    with instance.ensure_running():
        yield instance


def _import(instance: DachsInstance, service: str, requests: Iterable[Request]) -> None:
    from epnkit.deploy.imports import run_imports

    if not run_imports(instance, service, requests):
        raise _explain_failed_import(service)


def _explain_failed_import(service: str) -> LoadError:
    return LoadError(
        "the import failed",
        where=service,
        why="DaCHS printed the reason; the table is as it was",
        cure=f"Correct it and load again; epnkit status {service} shows the ledger.",
    )


def _read_status(instance: DachsInstance, service: str, last: int) -> ServiceStatus:
    from epnkit.loading.state.status import read_status

    folder = instance.inputs / service
    declared = folder if (folder / "service.py").is_file() else None
    with instance.connect() as connection:
        return read_status(connection, service, last, declared)


@contextmanager
def use_credentials(directory: Path | None) -> Iterator[None]:
    """Let sources find the credentials of a DaCHS, if there is one, until the context ends.

    Parameters
    ----------
    directory : pathlib.Path, optional
        As for :meth:`~epnkit.dachs.instance.DachsInstance.find_if_any`.
    """
    from epnkit.dachs.instance import DachsInstance

    instance = DachsInstance.find_if_any(directory)
    with nullcontext() if instance is None else instance.use_credentials():
        yield
