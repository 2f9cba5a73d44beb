"""Conditions in MongoDB's terms: windows, and what follows a document in an order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from epnkit.sources.base import Window

#: A query in MongoDB's terms.
Filter = dict[str, Any]


def combine_filters(one: Filter, other: Filter) -> Filter:
    """Join two conditions by "and"; an empty one has no effect."""
    return {"$and": [one, other]} if one else other


def bound_operators(window: Window) -> Filter:
    """Write a window's bounds as comparisons."""
    bounds = {
        "$gte" if window.low_closed else "$gt": window.low,
        "$lte" if window.high_closed else "$lt": window.high,
    }
    return {name: value for name, value in bounds.items() if value is not None}


def filter_after(sort: Sequence[str], last: Sequence[Any]) -> Filter:
    """Require a document to follow another in an order: greater in the first field that differs."""
    first, *others = sort
    greater: Filter = {first: {"$gt": last[0]}}
    if not others:
        return greater
    return {"$or": [greater, combine_filters({first: last[0]}, filter_after(others, last[1:]))]}
