"""Conditions in MongoDB's words: windows, and what follows a document in an order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from epnkit.errors import SourceError
from epnkit.sources.base import Window

#: A query in MongoDB's words.
Filter = dict[str, Any]


def both(one: Filter, other: Filter) -> Filter:
    """Join two conditions; an empty one is none."""
    return {"$and": [one, other]} if one else other


def ends(window: Window) -> Filter:
    """Write a window's ends as comparisons."""
    told = {
        "$gte" if window.low_closed else "$gt": window.low,
        "$lte" if window.high_closed else "$lt": window.high,
    }
    return {name: value for name, value in told.items() if value is not None}


def after(sort: Sequence[str], last: Sequence[Any]) -> Filter:
    """Say that a document follows another in an order: greater in the first field that differs."""
    first, *others = sort
    greater: Filter = {first: {"$gt": last[0]}}
    if not others:
        return greater
    return {"$or": [greater, both({first: last[0]}, after(others, last[1:]))]}


def inside(document: Filter, name: str) -> Any:
    """Follow a dotted name into a document."""
    value: Any = document
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def order_values(document: Filter, sort: Sequence[str], where: str) -> tuple[Any, ...]:
    """Take the values out of a document by which the order goes on.

    Raises
    ------
    SourceError
        When one is missing: batches are cut there.
    """
    values = tuple(inside(document, name) for name in sort)
    require_values(values, sort, where)
    return values


def require_values(values: Sequence[Any], sort: Sequence[str], where: str) -> None:
    """Refuse an order that cannot go on behind a record: batches are cut by its values.

    Raises
    ------
    SourceError
        When one is missing.
    """
    if None in values:
        raise SourceError(
            f"a record has no {sort[values.index(None)]!r}",
            where=where,
            why="the key is what batches are cut by",
            cure="Name a key that every record has, or none at all",
        )
