"""Filling a Rucio server with a replica: the files of containers, at two storage elements.

A service's ``replica/make.py`` that has ``containers()`` is filled this way: it gives the name of
each container and its files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from epnkit.modules import requires_extra

#: The storage elements, of which the first has all files, and the second those of even number.
ELEMENTS = ("KIS", "TEIDE")

#: Entries of one request.
_BULK = 500


def connect(url: str) -> Any:
    """Open Rucio's client.

    Parameters
    ----------
    url : str
        The server, with user and password, and ``?account=``.
    """
    with requires_extra("rucio"):
        from rucio.client.client import Client

    parts = urlsplit(url)
    host = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    creds = {"username": parts.username, "password": parts.password}
    account = parts.query.removeprefix("account=")
    return Client(
        rucio_host=host, auth_host=host, account=account, auth_type="userpass", creds=creds
    )


def fill(
    url: str, scope: str, containers: Mapping[str, Sequence[Mapping[str, Any]]], address: str
) -> int:
    """Register containers with their files.

    Parameters
    ----------
    url : str
        The server, as :func:`connect` takes it.
    scope : str
        Their scope, which must be new.
    containers : dict
        For each container its files: ``name``, ``bytes``, ``adler32`` and ``path`` below the
        address.
    address : str
        Where the files are served.

    Returns
    -------
    int
        How many files were registered.
    """
    client = connect(url)
    _add_elements(client, address)
    client.add_scope(client.account, scope)
    # A file may be in several containers.
    named = {each["name"]: dict(each) for files in containers.values() for each in files}
    listed = list(named.values())
    for number, element in enumerate(ELEMENTS):
        copies = [
            {
                "scope": scope,
                "name": each["name"],
                "bytes": each["bytes"],
                "adler32": each["adler32"],
                "pfn": _locate(element, address, each["path"]),
            }
            for each in listed[:: number + 1]
        ]
        for part in _split(copies):
            client.add_replicas(element, part)
    _attach(client, scope, containers)
    return len(listed)


def _add_elements(client: Any, address: str) -> None:
    """Add the storage elements, both of which are the same web server under two names."""
    parts = urlsplit(address)
    known = {each["rse"] for each in client.list_rses()}
    for element, host in zip(ELEMENTS, ("127.0.0.1", "localhost"), strict=True):
        if element in known:
            continue
        client.add_rse(element, deterministic=False)
        rights = {"read": 1, "write": 0, "delete": 0}
        far = {**rights, "third_party_copy_read": 0, "third_party_copy_write": 0}
        protocol = {
            "scheme": parts.scheme,
            "hostname": host,
            "port": parts.port,
            "prefix": "/static/replica/",
            "impl": "rucio.rse.protocols.gfal.Default",
            "domains": {"lan": rights, "wan": far},
        }
        client.add_protocol(element, protocol)


def _locate(element: str, address: str, path: str) -> str:
    host = dict(zip(ELEMENTS, ("127.0.0.1", "localhost"), strict=True))[element]
    return address.replace("127.0.0.1", host) + path


def _attach(client: Any, scope: str, containers: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Put the files into a data set each, and that into its container."""
    sets = [{"scope": scope, "name": f"{name}.l1"} for name in containers]
    outer = [{"scope": scope, "name": name} for name in containers]
    for part in _split(sets):
        client.add_datasets(part)
    for part in _split(outer):
        client.add_containers(part)
    within = [
        {**each, "dids": [{"scope": scope, "name": file["name"]} for file in files]}
        for each, files in zip(sets, containers.values(), strict=True)
        if files
    ]
    nested = [{**each, "dids": [inner]} for each, inner in zip(outer, sets, strict=True)]
    for part in (*_split(within), *_split(nested)):
        client.attach_dids_to_dids(part)


def _split(entries: list[Any]) -> Iterable[list[Any]]:
    return (entries[first : first + _BULK] for first in range(0, len(entries), _BULK))
