"""MongoDB behind RESTHeart: pages of documents over HTTP, in both shapes of its answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson

from epnkit.errors import SourceError, TransientSourceError
from epnkit.sources.base import CursorValue, Order
from epnkit.sources.config.credentials import Secret
from epnkit.sources.config.settings import Settings
from epnkit.sources.mongo.collection import CollectionSettings, CollectionSource, take_collection
from epnkit.sources.mongo.query import Filter
from epnkit.sources.transport.http import HttpClient
from epnkit.sources.transport.retry import retry
from epnkit.sources.values.extended_json import to_plain

#: The most documents that RESTHeart gives in a page.
LARGEST_PAGE = 1000


@dataclass(frozen=True)
class RestheartSettings(CollectionSettings):
    """What a source file says about a collection behind RESTHeart.

    Parameters
    ----------
    page : int
        Documents a page.
    authority : pathlib.Path, optional
        The certificates to trust.
    """

    page: int = LARGEST_PAGE
    authority: Path | None = None

    @property
    def path(self) -> str:
        """What follows the base URL: database and collection."""
        return f"/{quote(self.database)}/{quote(self.collection)}"


class RestheartSource(CollectionSource[RestheartSettings]):
    """Documents of one collection.

    Parameters
    ----------
    secret : Secret
        RESTHeart's base URL with its credentials.
    settings : RestheartSettings
        The collection and what to read of it; its filter is extended JSON.
    """

    kind = "restheart"

    def __init__(self, secret: Secret, settings: RestheartSettings) -> None:
        super().__init__(secret, settings)
        timeout = settings.retry_policy.read_timeout
        self._client = HttpClient(secret, settings.authority, timeout)
        self.label = self._client.address(settings.path)

    @classmethod
    def take_settings(cls, settings: Settings, order: Order) -> RestheartSettings:
        """Take the keys of a source file."""
        return RestheartSettings(
            **take_collection(settings, order),
            page=settings.take_positive("page", LARGEST_PAGE),
            authority=settings.take_path("authority"),
        )

    def _page_size(self, size: int) -> int:
        return min(size, self._settings.page, LARGEST_PAGE)

    def _bind(self, value: CursorValue) -> Any:
        """Write a cursor's value as extended JSON."""
        if isinstance(value, bool | int | float | str):
            return value
        zoned = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
        return {"$date": int(zoned.timestamp() * 1000)}

    def _find_sample(self, size: int) -> list[Filter]:
        parameters = {**_query(self._settings.filter, self._settings.key), "pagesize": size}
        return self._documents(self._request(parameters))

    def _bind_object_id(self, text: str) -> Any:
        return {"$oid": text}

    def _find(
        self, condition: Filter, sort: tuple[str, ...], size: int, only: tuple[str, ...] = ()
    ) -> list[Filter]:
        """Read a page; one that is empty or short is not believed before it is counted."""
        parameters = {**_query(condition, sort, only), "pagesize": size}
        answer = self._client.request("GET", self._settings.path, parameters=parameters)
        documents = self._documents(answer)
        if len(documents) < size:
            self._recount(condition, len(documents), size)
        return documents

    def _recount(self, condition: Filter, received: int, size: int) -> None:
        counted = min(size, self._count(condition))
        if received < counted:
            raise TransientSourceError(
                f"a page holds {received} documents",
                where=self.label,
                why=f"by the server's own count it has {counted}",
                cure="Try again; if it stays so, the server loses documents",
            )

    def _count(self, condition: Filter) -> int:
        """Count documents: by ``count`` up to RESTHeart 3, and by ``_size`` since."""
        answer = self._request({**_query(condition, []), "count": "true", "pagesize": 0})
        if not (isinstance(answer, dict) and "_size" in answer):
            answer = self._request(_query(condition, []), "/_size")
        return int(to_plain(answer["_size"]))

    def _request(self, parameters: dict[str, str | int], suffix: str = "") -> Any:
        path = self._settings.path + suffix
        request = partial(self._client.request, "GET", path, parameters=parameters)
        return retry(request, self._settings.retry_policy)

    def _documents(self, answer: Any) -> list[Filter]:
        """Take the documents out of an answer: HAL's ``_embedded``, or a bare list.

        Raises
        ------
        SourceError
            If the answer has another form.
        """
        found = answer.get("_embedded", []) if isinstance(answer, dict) else answer
        if isinstance(found, dict):
            found = found.get("rh:doc", found.get("rh:file", []))
        if not isinstance(found, list):
            raise SourceError(
                "the answer holds no documents",
                where=self.label,
                why=f"it is a {type(found).__name__}",
                cure="See that the address in the credential is RESTHeart's own",
            )
        return [{n: value for n, value in document.items() if n != "_links"} for document in found]


def _query(
    condition: Filter, sort: Sequence[str], only: Sequence[str] = ()
) -> dict[str, str | int]:
    """Write condition, order and fields as parameters; empty ones are refused by RESTHeart."""
    given = {"filter": condition, "sort": dict.fromkeys(sort, 1), "keys": dict.fromkeys(only, 1)}
    return {name: orjson.dumps(value).decode() for name, value in given.items() if value}
