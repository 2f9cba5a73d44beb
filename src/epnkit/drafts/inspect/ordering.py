"""A key by which an index of Elasticsearch can order its documents."""

from __future__ import annotations

import json
from dataclasses import replace

from epnkit.drafts.inspect.origin import Origin
from epnkit.errors import SourceError
from epnkit.sources.base import Order


def find_sort_key(origin: Origin, key: tuple[str, ...]) -> tuple[Origin, tuple[str, ...]]:
    """Find the key by which the index can sort; a text has a sub-field for that.

    Parameters
    ----------
    origin : Origin
        The source.
    key : tuple of str
        The fields that identify a document.

    Returns
    -------
    Origin
        The source, which asks for the sub-fields if they are needed.
    tuple of str
        The key, of fields that the index orders by.
    """
    if origin.kind != "elasticsearch" or _can_sort(origin, key):
        return origin, key
    named = tuple(f"{name}.keyword" for name in key)
    asking = replace(origin, text=_with_fields(origin.text, named))
    return (asking, named) if _can_sort(asking, named) else (origin, key)


def _can_sort(origin: Origin, key: tuple[str, ...]) -> bool:
    try:
        with origin.open(Order(None, key)) as source:
            next(iter(source.batches(size=1)), None)
    except SourceError:
        return False
    return True


def _with_fields(text: str, names: tuple[str, ...]) -> str:
    body = json.loads(text)
    body["fields"] = [*body.get("fields", []), *names]
    return json.dumps(body, indent=2) + "\n"
