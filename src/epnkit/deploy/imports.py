"""Running imports with the coverage after them, and splitting imports of many single records."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from epnkit.deploy import coverage

if TYPE_CHECKING:
    from epnkit.dachs.instance import DachsInstance
    from epnkit.loading.request import Request

#: Bytes of keys in a request: it travels in an environment variable, which holds 128 kB at most.
LARGEST_REQUEST = 64_000


def split_into_requests(
    keys: Iterable[str], gone: Iterable[str] = (), *, reconcile: bool = False
) -> Iterator[Request]:
    """Split the keys of records into requests that each fit into an environment variable.

    Parameters
    ----------
    keys : iterable of str
        The records to read again; they come first.
    gone : iterable of str
        The records whose granules are deleted.
    reconcile : bool
        Whether a comparison of source and table found them.
    """
    from epnkit.loading.request import Request

    marked = [*((key, False) for key in sorted(keys)), *((key, True) for key in sorted(gone))]
    for part in _split_keys(marked):
        yield Request(
            keys=tuple(key for key, is_gone in part if not is_gone),
            gone=tuple(key for key, is_gone in part if is_gone),
            reconcile=reconcile,
        )


def run_imports(instance: DachsInstance, service: str, requests: Iterable[Request]) -> bool:
    """Import once for each request until one fails, and return whether all succeeded.

    An import clears the coverage in the service's registry record. If no granule changed, it is
    written as it was; otherwise it is computed again, and DaCHS's statistics of each column too
    after an import that made all granules again.

    Raises
    ------
    DeployError
        If the coverage cannot be computed.
    """
    with instance.connect() as connection:
        before = coverage.read_coverage(connection, service)
    done: list[Request] = []
    succeeded = True
    for request in requests:
        environment = request.to_environment()
        succeeded = instance.run("imp", f"{service}/q", environment=environment).returncode == 0
        if not succeeded:
            break
        done.append(request)
    if done and not (before and _restore(instance, before)):
        coverage.renew(instance, service, columns=any(request.replaces_all for request in done))
    return succeeded


def _restore(instance: DachsInstance, before: coverage.Coverage) -> bool:
    with instance.connect() as connection:
        return coverage.restore_coverage(connection, before)


def run_load(instance: DachsInstance, service: str, request: Request) -> bool:
    """Load a service; before an ordinary load, open what was under an embargo that has ended.

    The first is a run of its own, from the kept records: it succeeds if the source is down.

    Parameters
    ----------
    instance : DachsInstance
        The DaCHS, which runs.
    service : str
        The service.
    request : Request
        What to load.

    Returns
    -------
    bool
        Whether all succeeded.

    Raises
    ------
    DeployError
        If the coverage cannot be computed.
    """
    released = True
    if request.kind == "load" and _has_due(instance, service):
        released = run_imports(instance, service, [replace(request, release=True, limit=None)])
    return run_imports(instance, service, [request]) and released


def _has_due(instance: DachsInstance, service: str) -> bool:
    from epnkit.loading.state.embargoes import count_due

    with instance.connect() as connection:
        return count_due(connection, service) > 0


def _split_keys(marked: list[tuple[str, bool]]) -> Iterator[list[tuple[str, bool]]]:
    part: list[tuple[str, bool]] = []
    size = 0
    for key, is_gone in marked:
        length = len(json.dumps(key)) + len(", ")
        if part and size + length > LARGEST_REQUEST:
            yield part
            part, size = [], 0
        part.append((key, is_gone))
        size += length
    if part:
        yield part
