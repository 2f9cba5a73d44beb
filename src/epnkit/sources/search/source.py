"""Elasticsearch and OpenSearch: every document of a query, out of one point in time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import polars as pl

from epnkit.errors import SourceError
from epnkit.sources.base import ALL, BATCH_SIZE, UNORDERED, Order, Window
from epnkit.sources.config.credentials import Secret, credential
from epnkit.sources.config.settings import read_settings
from epnkit.sources.search.fields import documents_of, fields_of
from epnkit.sources.search.pages import Hit, Pages, Place, Server
from epnkit.sources.search.settings import Body, SearchSettings, search_settings
from epnkit.sources.transport.http import Link
from epnkit.sources.transport.prefetch import ahead
from epnkit.sources.transport.retry import persist, resumed
from epnkit.sources.values.documents import frame


@dataclass(frozen=True)
class _Leg:
    """A part of a window, read in one order."""

    query: Body
    sort: list[Any]


class SearchSource:
    """Documents of one query.

    Parameters
    ----------
    secret : Secret
        The server's base URL with its credentials.
    settings : SearchSettings
        The query and how to read its answer.
    """

    def __init__(self, secret: Secret, settings: SearchSettings) -> None:
        self._settings = settings
        self._link = Link(secret, settings.authority, settings.patience.silence)
        self.label = f"{settings.index} at {self._link.where()}"

    @classmethod
    def from_file(cls, path: Path, order: Order = UNORDERED) -> SearchSource:
        """Build the source that a ``source.json`` describes.

        Raises
        ------
        ConfigurationError
            When the file or the credential it names is wrong.
        """
        connection, chosen = search_settings(read_settings(path), order)
        return cls(credential(connection), chosen)

    def schema(self) -> dict[str, str]:
        """Give the fields that the query answers, and their types."""
        return {name: str(dtype) for name, dtype in self._fields.items()}

    def count(self, window: Window = ALL) -> int:
        """Ask the server how many documents the window holds (``_count``)."""
        counts = (self._ask_count(leg.query) for leg in self._legs(window))
        return sum(counts)

    def batches(self, window: Window = ALL, size: int = BATCH_SIZE) -> Iterator[pl.DataFrame]:
        """Read the documents of a window, ordered by cursor and key.

        Documents without a value in the cursor come last. When the read context is lost, reading
        goes on behind the last page, which needs a key or a sort in the source file.
        """
        read = partial(self._read, self._legs(window), self._settings.size or size)
        return resumed(read, self._settings.patience)

    @cached_property
    def _server(self) -> Server:
        return persist(lambda: Server.found(self._link), self._settings.patience)

    @cached_property
    def _fields(self) -> dict[str, pl.DataType]:
        return persist(lambda: fields_of(self._link, self._settings), self._settings.patience)

    def _ask_count(self, query: Body) -> int:
        ask = partial(self._link.ask, "POST", f"/{self._settings.index}/_count", {"query": query})
        answer = persist(ask, self._settings.patience)
        return int(answer["count"])

    def _legs(self, window: Window) -> list[_Leg]:
        cursor, query = self._settings.order.cursor, self._settings.query
        if cursor is None:
            if window.everything:
                return [_Leg(query, self._settings.tie)]
            raise SourceError("a window needs a cursor field", where=self.label)
        present: Body = {"exists": {"field": cursor}}
        ranged = {"bool": {"must": [query], "filter": [present, *_range(cursor, window)]}}
        absent = {"bool": {"must": [query], "must_not": [present]}}
        legs = [_Leg(ranged, [{cursor: "asc"}, *self._settings.tie])]
        return [*legs, _Leg(absent, self._settings.tie)] if window.nulls else legs

    def _read(
        self, legs: list[_Leg], size: int, place: Place | None
    ) -> Iterator[tuple[pl.DataFrame, Place]]:
        start = place or Place(0)
        for number, leg in enumerate(legs[start.leg :], start.leg):
            here = start if number == start.leg else Place(number)
            pages = Pages(self._link, self._server, self._settings, leg.query, leg.sort, size)
            for hits, behind in ahead(pages.read(here)):
                yield self._frame(hits), behind

    def _frame(self, hits: list[Hit]) -> pl.DataFrame:
        return frame(documents_of(hits), self._fields, self.label)


def _range(cursor: str, window: Window) -> list[Body]:
    """Write a window's ends as a range query."""
    ends = {
        "gte" if window.low_closed else "gt": window.low,
        "lte" if window.high_closed else "lt": window.high,
    }
    told = {name: value for name, value in ends.items() if value is not None}
    return [{"range": {cursor: told}}] if told else []
