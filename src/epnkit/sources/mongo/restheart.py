"""MongoDB behind RESTHeart: pages of documents over HTTP, in both shapes of its answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import polars as pl

from epnkit.errors import SourceError, TransientSourceError
from epnkit.sources.base import ALL, BATCH_SIZE, UNORDERED, CursorValue, Order, Window
from epnkit.sources.config.credentials import Secret, credential
from epnkit.sources.config.settings import Settings, settings_of
from epnkit.sources.config.types import declared
from epnkit.sources.mongo.query import Filter, after, both, ends, order_values
from epnkit.sources.transport.http import Link
from epnkit.sources.transport.retry import PATIENT, Patience, patience_of, persist
from epnkit.sources.values.documents import SAMPLE, flat, frame, types_of
from epnkit.sources.values.extended_json import plain
from epnkit.sources.values.window_ends import typed

#: The most documents that RESTHeart gives in a page.
LARGEST_PAGE = 1000


@dataclass(frozen=True)
class RestheartSettings:
    """What a source file says about a collection behind RESTHeart.

    Parameters
    ----------
    path : str
        Database and collection, ``/kis/gris``; ``/kis/previews.files`` for GridFS metadata.
    filter : dict
        A query in MongoDB's words, as extended JSON.
    order : Order
        The cursor and the key; ``_id`` unless another one is named.
    types : dict
        Declared types of fields.
    page : int
        Documents a page.
    authority : pathlib.Path, optional
        The certificates to trust.
    patience : Patience
        How often to try again.
    """

    path: str
    filter: Filter = field(default_factory=dict)
    order: Order = UNORDERED
    types: dict[str, pl.DataType] = field(default_factory=dict)
    page: int = LARGEST_PAGE
    authority: Path | None = None
    patience: Patience = PATIENT


class RestheartSource:
    """Documents of one collection.

    Parameters
    ----------
    secret : Secret
        RESTHeart's base URL with its credentials.
    settings : RestheartSettings
        The collection and what to read of it.
    """

    def __init__(self, secret: Secret, settings: RestheartSettings) -> None:
        self._settings = settings
        self._link = Link(secret, settings.authority, settings.patience.silence)
        self.label = self._link.where(settings.path)

    @classmethod
    def from_file(cls, path: Path, order: Order = UNORDERED) -> RestheartSource:
        """Build the source that a ``source.toml`` describes.

        Raises
        ------
        ConfigurationError
            When the file or the credential it names is wrong.
        """
        with settings_of(path, "restheart") as settings:
            secret = credential(settings.take("connection", str))
            chosen = _restheart_settings(settings, order)
        return cls(secret, chosen)

    def schema(self) -> dict[str, str]:
        """Give the fields that the first documents have, and their types."""
        return {name: str(dtype) for name, dtype in self._types.items()}

    def count(self, window: Window = ALL) -> int:
        """Ask how many documents the window holds."""
        return sum(self._size(leg) for leg, _ in self._legs(window))

    def batches(self, window: Window = ALL, size: int = BATCH_SIZE) -> Iterator[pl.DataFrame]:
        """Read the documents of a window, ordered by cursor and key.

        Each page is asked for by the key behind which it begins, so none is shifted by documents
        that come or go meanwhile.

        Raises
        ------
        SourceError
            When fewer documents come than the server counts, and go on doing so.
        """
        page = min(size, self._settings.page, LARGEST_PAGE)
        for leg, sort in self._legs(window):
            for documents in self._pages(leg, sort, page):
                yield frame(_plain(documents), self._types, self.label)

    @property
    def _types(self) -> dict[str, pl.DataType]:
        return {**self._found, **self._settings.types}

    @cached_property
    def _found(self) -> dict[str, pl.DataType]:
        sort = self._settings.order.key or ("_id",)
        parameters = {**_query(self._settings.filter, sort), "pagesize": SAMPLE}
        return types_of(_plain(_documents(self._ask(parameters))))

    def _typed(self, window: Window, cursor: str) -> Window:
        """Read the ends as what the database holds, which declared types don't change."""
        return window if window.everything else typed(window, cursor, self._found)

    def _legs(self, window: Window) -> list[tuple[Filter, list[str]]]:
        """Split a window in the documents with a value in the cursor and those without."""
        cursor, own = self._settings.order.cursor, self._settings.filter
        key = list(self._settings.order.key or ("_id",))
        if cursor is None:
            if window.everything:
                return [(own, key)]
            raise SourceError("a window needs a cursor field", where=self.label)
        told = {name: _extended(value) for name, value in ends(self._typed(window, cursor)).items()}
        ranged = both(own, {cursor: {"$ne": None, **told}})
        legs = [(ranged, list(dict.fromkeys([cursor, *key])))]
        return [*legs, (both(own, {cursor: None}), key)] if window.nulls else legs

    def _pages(self, leg: Filter, sort: list[str], page: int) -> Iterator[list[Filter]]:
        behind = leg
        while True:
            documents = persist(partial(self._page, behind, sort, page), self._settings.patience)
            if not documents:
                return
            yield documents
            last = order_values(documents[-1], sort, self.label)
            behind = both(leg, after(sort, last))

    def _page(self, behind: Filter, sort: list[str], page: int) -> list[Filter]:
        """Read a page; one that is empty or short is not believed before it is counted."""
        parameters = {**_query(behind, sort), "pagesize": page}
        documents = _documents(self._link.ask("GET", self._settings.path, parameters=parameters))
        if len(documents) < page:
            self._recount(behind, len(documents), page)
        return documents

    def _recount(self, behind: Filter, came: int, page: int) -> None:
        counted = min(page, self._size(behind))
        if came < counted:
            raise TransientSourceError(
                f"a page holds {came} documents",
                where=self.label,
                why=f"by the server's own count it has {counted}",
                cure="Try again; if it stays so, the server loses documents",
            )

    def _size(self, leg: Filter) -> int:
        """Count documents: by ``count`` up to RESTHeart 3, and by ``_size`` since."""
        asked = {**_query(leg, []), "count": "true", "pagesize": 0}
        answer = self._ask(asked)
        if not (isinstance(answer, dict) and "_size" in answer):
            answer = self._ask(_query(leg, []), "/_size")
        return int(plain(answer["_size"]))

    def _ask(self, parameters: dict[str, str | int], what: str = "") -> Any:
        ask = partial(self._link.ask, "GET", self._settings.path + what, parameters=parameters)
        return persist(ask, self._settings.patience)


def _query(leg: Filter, sort: Sequence[str]) -> dict[str, str | int]:
    """Write a condition and an order as parameters; empty ones are refused by RESTHeart."""
    told = {"filter": leg, "sort": dict.fromkeys(sort, 1)}
    return {name: orjson.dumps(value).decode() for name, value in told.items() if value}


def _documents(answer: Any) -> list[Filter]:
    """Take the documents out of an answer: HAL's ``_embedded``, or a bare list.

    Raises
    ------
    SourceError
        When the answer has another shape.
    """
    found = answer.get("_embedded", []) if isinstance(answer, dict) else answer
    if isinstance(found, dict):
        found = found.get("rh:doc", found.get("rh:file", []))
    if not isinstance(found, list):
        raise SourceError("the answer holds no documents", why=f"it is a {type(found).__name__}")
    return [{n: value for n, value in document.items() if n != "_links"} for document in found]


def _plain(documents: list[Filter]) -> list[dict[str, Any]]:
    return [flat(plain(document)) for document in documents]


def _extended(value: CursorValue) -> Any:
    """Write a cursor's value as extended JSON."""
    if isinstance(value, bool | int | float | str):
        return value
    zoned = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
    return {"$date": int(zoned.timestamp() * 1000)}


def _restheart_settings(settings: Settings, order: Order) -> RestheartSettings:
    path = f"/{quote(settings.take('database', str))}/{quote(settings.take('collection', str))}"
    return RestheartSettings(
        path,
        settings.take("filter", dict, {}),
        settings.order(order),
        declared(settings),
        settings.positive("page", LARGEST_PAGE),
        settings.beside("authority"),
        patience_of(settings),
    )
