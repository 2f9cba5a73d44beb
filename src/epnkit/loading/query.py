"""The old name of :mod:`epnkit.loading.incremental_query`, which deployed RDs import."""

from __future__ import annotations

from epnkit.loading.incremental_query import incremental_query, source_query

__all__ = ["incremental_query", "source_query"]
