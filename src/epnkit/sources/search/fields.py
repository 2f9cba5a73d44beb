"""The fields of a search's answer: named and typed by the index, lists found by looking."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import polars as pl

from epnkit.errors import SourceError
from epnkit.sources.search.settings import SearchSettings
from epnkit.sources.transport.http import Link
from epnkit.sources.values.documents import SAMPLE, flat, inner_of, types_of

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


def documents_of(hits: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Take the documents out of hits: their ``fields`` where the query asks for them."""
    return [_document(hit) for hit in hits]


def _document(hit: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = hit.get("_source") or {}
    # Most documents have nothing to take apart, and are not copied.
    if dict in map(type, found.values()):
        found = flat(found)
    found.setdefault("_id", hit["_id"])
    found.update(hit.get("fields") or {})
    return found


def fields_of(link: Link, settings: SearchSettings) -> dict[str, pl.DataType]:
    """Find the fields that a query answers, and their types.

    The index tells the types (``_field_caps``). It doesn't tell which fields hold lists: the
    first documents do, or the source file's ``types``.

    Raises
    ------
    SourceError
        When the query asks for a field that the index doesn't have.
    """
    caps = link.ask("GET", f"/{settings.index}/_field_caps", parameters={"fields": "*"})["fields"]
    body = {"query": settings.query, "size": SAMPLE, **settings.wanted}
    hits = link.ask("POST", f"/{settings.index}/_search", body)["hits"]["hits"]
    seen = types_of([_unwrapped(document) for document in documents_of(hits)])
    names = dict.fromkeys(["_id", *sorted(_named(caps, settings)), *sorted(seen), *settings.types])
    _refuse_unknown(names, caps, seen, settings, link.where())
    return {name: _type(name, caps.get(name, {}), seen, settings) for name in names}


def _unwrapped(document: dict[str, Any]) -> dict[str, Any]:
    """Take lists of one value for the value: the index may hold no longer ones."""
    return {
        name: (value[0] if value else None) if isinstance(value, list) and len(value) < 2 else value
        for name, value in document.items()
    }


def _type(
    name: str, caps: dict[str, Any], seen: dict[str, pl.DataType], settings: SearchSettings
) -> pl.DataType:
    found = seen.get(name, pl.String())
    kinds = {_TYPES.get(kind, pl.String()) for kind in caps}
    inner = kinds.pop() if len(kinds) == 1 else inner_of(found)
    return settings.types.get(name, pl.List(inner) if isinstance(found, pl.List) else inner)


def _named(caps: dict[str, Any], settings: SearchSettings) -> list[str]:
    """List the index's own fields that the query asks for."""
    own = [n for n, kinds in caps.items() if not _hidden(kinds) and not _CONTAINERS & set(kinds)]
    if "fields" in settings.wanted:
        return [n for n in own if any(fnmatchcase(n, p) for p in _patterns(settings))]
    if settings.wanted.get("_source") is False:
        return []
    real = [n for n in own if not _multi_field(n, caps)]
    patterns = _patterns(settings)
    return [n for n in real if not patterns or any(_inside(n, p) for p in patterns)]


def _patterns(settings: SearchSettings) -> list[str]:
    """List the names and patterns that the query asks for; none means everything."""
    given = settings.wanted.get("fields", settings.wanted.get("_source", True))
    if isinstance(given, dict):
        given = given.get("includes", given.get("include", []))
    entries = [] if isinstance(given, bool) else given if isinstance(given, list) else [given]
    return [entry["field"] if isinstance(entry, dict) else str(entry) for entry in entries]


def _hidden(kinds: dict[str, Any]) -> bool:
    return any(kind.get("metadata_field", False) for kind in kinds.values())


def _multi_field(name: str, caps: dict[str, Any]) -> bool:
    """Tell whether a field is another view of its parent (``name.keyword``), not in the source."""
    parent = set(caps.get(name.rpartition(".")[0], ()))
    return bool(parent) and not _CONTAINERS & parent


def _inside(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern) or name.startswith(f"{pattern}.")


def _refuse_unknown(
    names: dict[str, None],
    caps: dict[str, Any],
    seen: dict[str, pl.DataType],
    settings: SearchSettings,
    where: str,
) -> None:
    for pattern in _patterns(settings):
        plain = "*" not in pattern
        if plain and pattern not in caps and not any(_inside(n, pattern) for n in {*names, *seen}):
            raise SourceError(
                f"the index has no field {pattern!r}",
                where=where,
                cure=f"Correct the fields in the source file, or the index {settings.index!r}",
            )
