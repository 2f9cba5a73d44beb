"""All that the server offers: the feeds of services."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from threading import Lock
from typing import TYPE_CHECKING

from epnkit.errors import ConfigurationError
from epnkit.streaming.archive import FileStore
from epnkit.streaming.datasets import DataSetFeed
from epnkit.streaming.declare import DataSet, Events
from epnkit.streaming.feeds import Feed
from epnkit.streaming.index import Extent, Granule, Index
from epnkit.streaming.listings import AvailabilityFeed, EventsFeed, FilesFeed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from epnkit.service import Service

#: For how many seconds it is remembered what data sets span; new granules appear after that.
REMEMBERED = 5.0


def list_feeds(services: Iterable[Service], index: Index, store: FileStore) -> dict[str, Feed]:
    """List the feeds of services by their identifiers.

    Parameters
    ----------
    services : iterable of Service
        The services.
    index : Index
        Where granules are looked up.
    store : FileStore
        Where files are.

    Raises
    ------
    ConfigurationError
        If two data sets have the same identifier.
    """
    feeds: dict[str, Feed] = {}
    remembered = RememberingIndex(index)
    for service in services:
        for feed in _feeds_of(service, remembered, store):
            if feed.about.id in feeds:
                raise ConfigurationError(
                    f"two data sets are called {feed.about.id}",
                    where=service.name,
                    cure="Give one of them another name.",
                )
            feeds[feed.about.id] = feed
    return feeds


def _feeds_of(service: Service, index: Index, store: FileStore) -> Iterator[Feed]:
    for stream in service.streams:
        if isinstance(stream, DataSet):
            yield DataSetFeed(service.name, stream, index, store)
        elif isinstance(stream, Events):
            yield EventsFeed(service.name, stream, index)
    yield AvailabilityFeed(service.name, index)
    if "access_url" in service.mapping.names:
        yield FilesFeed(service.name, index)


class RememberingIndex:
    """An index that remembers for some seconds what data sets span.

    Parameters
    ----------
    index : Index
        What is asked.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self._known: dict[object, tuple[float, object]] = {}
        self._lock = Lock()

    def find(
        self, service: str, where: Mapping[str, str], start: int, stop: int
    ) -> Iterator[Granule]:
        """Give the granules that may have records in a span."""
        return self._index.find(service, where, start, stop)

    def find_newest(self, service: str, where: Mapping[str, str], count: int) -> list[Granule]:
        """Give the granules that end last."""
        key = ("newest", service, tuple(where.items()), count)
        found = self._recall(key)
        if found is None:
            found = self._keep(key, self._index.find_newest(service, where, count))
        return found  # type: ignore[return-value]

    def measure(self, service: str, where: Mapping[str, str]) -> Extent | None:
        """Say what the granules span."""
        key = ("extent", service, tuple(where.items()))
        found = self._recall(key)
        if found is None:
            found = self._keep(key, self._index.measure(service, where))
        return found  # type: ignore[return-value]

    def _recall(self, key: object) -> object:
        with self._lock:
            until, value = self._known.get(key, (0.0, None))
        return value if time.monotonic() < until else None

    def _keep(self, key: object, value: object) -> object:
        with self._lock:
            self._known[key] = (time.monotonic() + REMEMBERED, value)
        return value
