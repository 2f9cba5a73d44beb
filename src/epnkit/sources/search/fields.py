"""The fields of a search's answer: named and typed by the index, lists found by looking."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import polars as pl

from epnkit.errors import SourceError
from epnkit.sources.search.settings import SearchSettings
from epnkit.sources.transport.http import HttpClient
from epnkit.sources.values.documents import SAMPLE, flatten, infer_types, inner_type

#: Types of Elasticsearch and OpenSearch that aren't text here.
_TYPES: dict[str, pl.DataType] = {
    "long": pl.Int64(),
    "integer": pl.Int64(),
    "short": pl.Int64(),
    "byte": pl.Int64(),
    "token_count": pl.Int64(),
    "unsigned_long": pl.UInt64(),
    "boolean": pl.Boolean(),
    "double": pl.Float64(),
    "float": pl.Float64(),
    "half_float": pl.Float64(),
    "scaled_float": pl.Float64(),
    "rank_feature": pl.Float64(),
}

_CONTAINERS = {"object", "nested"}


def extract_documents(hits: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Take the documents out of hits: their ``fields`` if the query asks for them."""
    return [_extract_document(hit) for hit in hits]


def _extract_document(hit: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = hit.get("_source") or {}
    # Most documents have nothing to take apart, and are not copied.
    if dict in map(type, found.values()):
        found = flatten(found)
    found.setdefault("_id", hit["_id"])
    found.update(hit.get("fields") or {})
    return found


def read_fields(client: HttpClient, settings: SearchSettings) -> dict[str, pl.DataType]:
    """Find the fields that a query answers, and their types.

    The index gives the types (``_field_caps``), but not which fields hold lists: the
    first documents do, or the source file's ``types``.

    Raises
    ------
    SourceError
        If the query asks for a field that the index doesn't have.
    """
    caps = client.request("GET", f"/{settings.index}/_field_caps", parameters={"fields": "*"})[
        "fields"
    ]
    body = {"query": settings.query, "size": SAMPLE, **settings.requested}
    hits = client.request("POST", f"/{settings.index}/_search", body)["hits"]["hits"]
    seen = infer_types([_unwrap_single_values(document) for document in extract_documents(hits)])
    names = dict.fromkeys(
        ["_id", *sorted(_list_requested_fields(caps, settings)), *sorted(seen), *settings.types]
    )
    _refuse_unknown(names, caps, seen, settings, client.address())
    return {name: _field_type(name, caps.get(name, {}), seen, settings) for name in names}


def _unwrap_single_values(document: dict[str, Any]) -> dict[str, Any]:
    """Take lists of one value for the value: the index may hold no longer ones."""
    return {
        name: (value[0] if value else None) if isinstance(value, list) and len(value) < 2 else value
        for name, value in document.items()
    }


def _field_type(
    name: str, caps: dict[str, Any], seen: dict[str, pl.DataType], settings: SearchSettings
) -> pl.DataType:
    found = seen.get(name, pl.String())
    kinds = {_TYPES.get(kind, pl.String()) for kind in caps}
    inner = kinds.pop() if len(kinds) == 1 else inner_type(found)
    return settings.types.get(name, pl.List(inner) if isinstance(found, pl.List) else inner)


def _list_requested_fields(caps: dict[str, Any], settings: SearchSettings) -> list[str]:
    """List the index's own fields that the query asks for."""
    own = [n for n, kinds in caps.items() if not _is_hidden(kinds) and not _CONTAINERS & set(kinds)]
    if "fields" in settings.requested:
        return [
            n for n in own if any(fnmatchcase(n, p) for p in _list_requested_patterns(settings))
        ]
    if settings.requested.get("_source") is False:
        return []
    real = [n for n in own if not _is_multi_field(n, caps)]
    patterns = _list_requested_patterns(settings)
    return [n for n in real if not patterns or any(_is_inside(n, p) for p in patterns)]


def _list_requested_patterns(settings: SearchSettings) -> list[str]:
    """List the names and patterns that the query asks for; none means everything."""
    given = settings.requested.get("fields", settings.requested.get("_source", True))
    if isinstance(given, dict):
        given = given.get("includes", given.get("include", []))
    entries = [] if isinstance(given, bool) else given if isinstance(given, list) else [given]
    return [entry["field"] if isinstance(entry, dict) else str(entry) for entry in entries]


def _is_hidden(kinds: dict[str, Any]) -> bool:
    return any(kind.get("metadata_field", False) for kind in kinds.values())


def _is_multi_field(name: str, caps: dict[str, Any]) -> bool:
    """Return whether a field is another view (``name.keyword``) of its parent."""
    parent = set(caps.get(name.rpartition(".")[0], ()))
    return bool(parent) and not _CONTAINERS & parent


def _is_inside(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern) or name.startswith(f"{pattern}.")


def _refuse_unknown(
    names: dict[str, None],
    caps: dict[str, Any],
    seen: dict[str, pl.DataType],
    settings: SearchSettings,
    where: str,
) -> None:
    for pattern in _list_requested_patterns(settings):
        plain = "*" not in pattern
        if (
            plain
            and pattern not in caps
            and not any(_is_inside(n, pattern) for n in {*names, *seen})
        ):
            raise SourceError(
                f"the index has no field {pattern!r}",
                where=where,
                cure=f"Correct the fields in the source file, or the index {settings.index!r}",
            )
