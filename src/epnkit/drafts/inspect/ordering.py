"""A key by which an index of Elasticsearch can order its documents."""

from __future__ import annotations

import json
from dataclasses import replace

from epnkit.drafts.inspect.origin import Origin
from epnkit.errors import SourceError
from epnkit.sources.base import Order


def orderable(origin: Origin, key: tuple[str, ...]) -> tuple[Origin, tuple[str, ...]]:
    """Find out whether the index orders by a key; a text has a sub-field for that.

    Parameters
    ----------
    origin : Origin
        The source.
    key : tuple of str
        The fields that tell one document from every other.

    Returns
    -------
    Origin
        The source, which asks for the sub-fields where they are needed.
    tuple of str
        The key, of fields that the index orders by.
    """
    if origin.kind != "elasticsearch" or _orders(origin, key):
        return origin, key
    named = tuple(f"{name}.keyword" for name in key)
    asking = replace(origin, text=_with_fields(origin.text, named))
    return (asking, named) if _orders(asking, named) else (origin, key)


def _orders(origin: Origin, key: tuple[str, ...]) -> bool:
    try:
        with origin.opened(Order(None, key)) as source:
            next(iter(source.batches(size=1)), None)
    except SourceError:
        return False
    return True


def _with_fields(text: str, names: tuple[str, ...]) -> str:
    told = json.loads(text)
    told["fields"] = [*told.get("fields", []), *names]
    return json.dumps(told, indent=2) + "\n"
