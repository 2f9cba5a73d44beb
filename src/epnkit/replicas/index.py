"""Filling a search index with a replica."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import requests

from epnkit.errors import DeployError

#: How long the server may take to answer, in seconds.
_TIMEOUT = 120

#: Documents of one request.
_BULK = 2000


def fill(
    url: str, index: str, properties: Mapping[str, Any], documents: Iterable[tuple[str, Any]]
) -> int:
    """Create an index again and fill it.

    Parameters
    ----------
    url : str
        The server.
    index : str
        The index's name.
    properties : dict
        The fields and their types, as ``mappings.properties`` of the server.
    documents : iterable of tuple
        Identifier and content of each.

    Returns
    -------
    int
        How many documents it has now.

    Raises
    ------
    DeployError
        If the server refuses anything.
    """
    requests.delete(f"{url}/{index}?ignore_unavailable=true", timeout=_TIMEOUT)
    settings = {"number_of_shards": 1, "number_of_replicas": 0}
    body = {"settings": settings, "mappings": {"properties": dict(properties)}}
    _require_ok(requests.put(f"{url}/{index}", json=body, timeout=_TIMEOUT))
    lines = [
        f"{json.dumps({'index': {'_id': identifier}})}\n{json.dumps(content)}\n"
        for identifier, content in documents
    ]
    for first in range(0, len(lines), _BULK):
        _send(f"{url}/{index}/_bulk?refresh=true", "".join(lines[first : first + _BULK]))
    return len(lines)


def _send(url: str, body: str) -> None:
    kind = {"Content-Type": "application/x-ndjson"}
    result = _require_ok(requests.post(url, data=body.encode(), headers=kind, timeout=_TIMEOUT))
    if result["errors"]:
        refused = next(each["index"] for each in result["items"] if "error" in each["index"])
        raise DeployError(
            "a document was refused",
            where=url,
            why=str(refused["error"]),
            cure="Make the document fit the index's mapping, in the replica's make.py.",
        )


def _require_ok(answer: requests.Response) -> Any:
    if not answer.ok:
        raise DeployError(
            "the search server refuses the request",
            where=answer.url,
            why=answer.text[:300],
            cure="Fix what it names, and fill the replica again.",
        )
    return answer.json()
