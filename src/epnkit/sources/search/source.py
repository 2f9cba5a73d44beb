"""Elasticsearch and OpenSearch: every document of a query, out of one point in time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import polars as pl

from epnkit.sources.base import ALL, BATCH_SIZE, UNORDERED, Order, Window
from epnkit.sources.config.credentials import Secret, read_credential
from epnkit.sources.config.settings import read_settings
from epnkit.sources.search.fields import extract_documents, read_fields
from epnkit.sources.search.pages import SearchPages, SearchServer
from epnkit.sources.search.settings import Body, SearchSettings, take_search_settings
from epnkit.sources.transport.http import HttpClient
from epnkit.sources.transport.paging import (
    BatchAndCheckpoint,
    Checkpoint,
    Segment,
    read_segments,
    split_window,
)
from epnkit.sources.transport.prefetch import prefetch
from epnkit.sources.transport.retry import resume, retry
from epnkit.sources.values.documents import build_frame


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
        self._client = HttpClient(secret, settings.authority, settings.retry_policy.read_timeout)
        self.label = f"{settings.index} at {self._client.address()}"

    @classmethod
    def from_file(cls, path: Path, order: Order = UNORDERED) -> SearchSource:
        """Build the source that a ``source.json`` describes.

        Raises
        ------
        ConfigurationError
            If the file or the credential it names is wrong.
        """
        connection, chosen = take_search_settings(read_settings(path), order)
        return cls(read_credential(connection), chosen)

    def schema(self) -> dict[str, str]:
        """Return the fields that the query answers, and their types."""
        return {name: str(dtype) for name, dtype in self._fields.items()}

    def count(self, window: Window = ALL) -> int:
        """Ask the server how many documents the window holds (``_count``)."""
        return sum(self._count(segment.condition) for segment in self._segments(window))

    def batches(self, window: Window = ALL, size: int = BATCH_SIZE) -> Iterator[pl.DataFrame]:
        """Read the documents of a window, ordered by cursor and key.

        Documents without a value in the cursor come last. If the read context is lost, reading
        continues after the last page, which needs a key or a sort in the source file.
        """
        read = partial(self._read, size=self._settings.size or size)
        pages = partial(read_segments, self._segments(window), read)
        return resume(pages, self._settings.retry_policy)

    @cached_property
    def _server(self) -> SearchServer:
        return retry(lambda: SearchServer.detect(self._client), self._settings.retry_policy)

    @cached_property
    def _fields(self) -> dict[str, pl.DataType]:
        return retry(lambda: read_fields(self._client, self._settings), self._settings.retry_policy)

    def _count(self, query: Body) -> int:
        path = f"/{self._settings.index}/_count"
        request = partial(self._client.request, "POST", path, {"query": query})
        return int(retry(request, self._settings.retry_policy)["count"])

    def _segments(self, window: Window) -> list[Segment[Body, Any]]:
        cursor, query = self._settings.order.cursor, self._settings.query
        present: Body = {"exists": {"field": cursor}}
        bounds = [] if cursor is None else _range_filter(cursor, window)
        return split_window(
            window,
            None if cursor is None else {cursor: "asc"},
            self._settings.tie_break,
            every=query,
            inside=lambda _: {"bool": {"must": [query], "filter": [present, *bounds]}},
            absent=lambda _: {"bool": {"must": [query], "must_not": [present]}},
            where=self.label,
        )

    def _read(
        self, segment: Segment[Body, Any], checkpoint: Checkpoint, size: int
    ) -> Iterator[BatchAndCheckpoint]:
        sort = list(segment.order)
        client, server, settings = self._client, self._server, self._settings
        pages = SearchPages(client, server, settings, segment.condition, sort, size)
        for hits, next_checkpoint in prefetch(pages.read(checkpoint)):
            frame = build_frame(extract_documents(hits), self._fields, self.label)
            yield frame, next_checkpoint


def _range_filter(cursor: str, window: Window) -> list[Body]:
    """Write a window's bounds as a range query."""
    bounds = {
        "gte" if window.low_closed else "gt": window.low,
        "lte" if window.high_closed else "lt": window.high,
    }
    given = {name: value for name, value in bounds.items() if value is not None}
    return [{"range": {cursor: given}}] if given else []
