"""Imports, each with the coverage after it; those of single records are cut into requests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from epnkit.dachs.instance import Place
    from epnkit.loading.request import Request

#: Bytes of keys in a request: it travels in an environment variable, which holds 128 kB at most.
LARGEST = 64_000


def requests(
    keys: Iterable[str], gone: Iterable[str] = (), *, reconcile: bool = False
) -> Iterator[Request]:
    """Cut the keys of records into requests that each fit into an environment variable.

    Parameters
    ----------
    keys : iterable of str
        The records to read again; they come first.
    gone : iterable of str
        The records whose granules go.
    reconcile : bool
        Whether a comparison of source and table found them.
    """
    from epnkit.loading.request import Request

    marked = [*((key, False) for key in sorted(keys)), *((key, True) for key in sorted(gone))]
    for part in _parts(marked):
        yield Request(
            keys=tuple(key for key, is_gone in part if not is_gone),
            gone=tuple(key for key, is_gone in part if is_gone),
            reconcile=reconcile,
        )


def carry_out(place: Place, service: str, asked: Iterable[Request]) -> bool:
    """Import once for each request, and tell whether all went well; the first failure ends it.

    Since an import clears the coverage in the service's registry record, that is computed anew;
    what DaCHS knows of each column, only after one that made every granule anew.

    Raises
    ------
    DeployError
        Where the coverage cannot be computed.
    """
    from epnkit.deploy import coverage

    done: list[Request] = []
    well = True
    for request in asked:
        environment = request.to_environment()
        well = place.run("imp", f"{service}/q", environment=environment).returncode == 0
        if not well:
            break
        done.append(request)
    if done:
        coverage.renew(place, service, columns=any(request.whole for request in done))
    return well


def _parts(marked: list[tuple[str, bool]]) -> Iterator[list[tuple[str, bool]]]:
    part: list[tuple[str, bool]] = []
    size = 0
    for key, is_gone in marked:
        length = len(json.dumps(key)) + len(", ")
        if part and size + length > LARGEST:
            yield part
            part, size = [], 0
        part.append((key, is_gone))
        size += length
    if part:
        yield part
