"""The source file of a search: a query as Elasticsearch takes it, and what epnkit adds to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from epnkit.errors import ConfigurationError
from epnkit.sources.base import Order
from epnkit.sources.config.settings import Settings
from epnkit.sources.config.types import take_types
from epnkit.sources.transport.retry import DEFAULT_RETRY, RetryPolicy, take_retry_policy

#: What a body may hold that says which documents and fields are wanted.
REQUEST_KEYS = (
    "fields",
    "_source",
    "docvalue_fields",
    "stored_fields",
    "runtime_mappings",
    "script_fields",
    "min_score",
)

#: What a body may hold that has no meaning when every document is read.
_WITHOUT_MEANING = ("track_total_hits", "timeout", "version", "seq_no_primary_term", "explain")

Body = dict[str, Any]


@dataclass(frozen=True)
class SearchSettings:
    """What a source file says about a search.

    Parameters
    ----------
    index : str
        One index, an alias, or a pattern.
    query : dict
        The query DSL.
    requested : dict
        The rest of the body: fields and where they come from.
    sort : list
        The sort of the file.
    order : Order
        The cursor and the key.
    size : int, optional
        Documents a page; None leaves it to the caller.
    keep_alive : str
        How long the server keeps the read context between two pages.
    types : dict
        Declared types of fields.
    authority : pathlib.Path, optional
        The certificates to trust.
    retry_policy : Patience
        How often to try again.
    """

    index: str
    query: Body
    requested: Body = field(default_factory=dict)
    sort: list[Any] = field(default_factory=list)
    order: Order = field(default_factory=Order)
    size: int | None = None
    keep_alive: str = "2m"
    types: dict[str, pl.DataType] = field(default_factory=dict)
    authority: Path | None = None
    retry_policy: RetryPolicy = DEFAULT_RETRY

    @property
    def tie_break(self) -> list[Any]:
        """The sort that follows the cursor: the file's own, then the key."""
        keys = [{name: "asc"} for name in self.order.key]
        taken = {self.order.cursor}
        kept = []
        for entry in [*self.sort, *keys]:
            name = entry if isinstance(entry, str) else next(iter(entry))
            if name not in taken:
                kept.append({entry: "asc"} if isinstance(entry, str) else entry)
                taken.add(name)
        return kept


def take_search_settings(settings: Settings, order: Order) -> tuple[str, SearchSettings]:
    """Read a ``source.json``.

    Returns
    -------
    str
        The name of the credential: ``connection``, or the name of the file's folder.
    SearchSettings
        The rest.

    Raises
    ------
    ConfigurationError
        If a key is unknown or wrong.
    """
    service = settings.path.resolve().parent.name
    connection = settings.take("connection", str, service)
    settings.take_choice("kind", ("elasticsearch", "opensearch"), "elasticsearch")
    _refuse_partial(settings)
    chosen = SearchSettings(
        settings.take("index", str, service),
        settings.take("query", dict, {"match_all": {}}),
        _take_requested(settings),
        _take_sort(settings),
        settings.take_order(order),
        settings.take_positive("size", 0) if settings.has("size") else None,
        settings.take("keep_alive", str, "2m"),
        take_types(settings),
        settings.take_path("authority"),
        take_retry_policy(settings),
    )
    settings.finish()
    return connection, chosen


def _take_requested(settings: Settings) -> Body:
    for name in _WITHOUT_MEANING:
        if settings.has(name):
            settings.take(name, object)
    return {name: settings.take(name, object) for name in REQUEST_KEYS if settings.has(name)}


def _take_sort(settings: Settings) -> list[Any]:
    given: Any = settings.take("sort", object, [])
    return list(given) if isinstance(given, list) else [given]


def _refuse_partial(settings: Settings) -> None:
    """Refuse what would leave documents out."""
    for name in ("from", "terminate_after", "collapse", "aggs", "aggregations"):
        if settings.has(name) and settings.take(name, object):
            raise ConfigurationError(
                f"{name!r} cannot be used in a source",
                where=str(settings.path),
                why="every document of the query is read, page by page",
                cure="Take it out of the file",
            )
