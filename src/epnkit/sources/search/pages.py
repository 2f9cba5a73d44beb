"""Pages of a search: out of a point in time, or by scrolling if a server has none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import compress
from typing import Any

from epnkit.errors import SourceError, TransientSourceError
from epnkit.sources.search.settings import Body, SearchSettings
from epnkit.sources.transport.http import HttpClient, MissingError
from epnkit.sources.transport.paging import Checkpoint, SeenFilter
from epnkit.sources.transport.retry import retry

Hit = dict[str, Any]

#: Documents, and the checkpoint after them.
HitStep = tuple[list[Hit], Checkpoint]

#: The sort of a point in time by where a document is stored, which distinguishes every two.
_DOCUMENT_ORDER = "_shard_doc"

#: What comes before the first document in that order.
_BEFORE_FIRST = -1


@dataclass(frozen=True)
class SearchServer:
    """What a search server can do.

    Parameters
    ----------
    opensearch : bool
        Whether it is OpenSearch.
    version : tuple of int
        Major and minor version.
    """

    opensearch: bool
    version: tuple[int, int]

    @classmethod
    def detect(cls, client: HttpClient) -> SearchServer:
        """Ask a server what it is."""
        found = client.request("GET", "/").get("version", {})
        major, minor = str(found.get("number", "0.0")).split(".")[:2]
        return cls(found.get("distribution") == "opensearch", (int(major), int(minor)))

    @property
    def has_point_in_time(self) -> bool:
        """Whether it can keep a point in time."""
        return self.version >= ((2, 4) if self.opensearch else (7, 10))

    @property
    def has_document_order(self) -> bool:
        """Whether it can sort a point in time by where a document is stored."""
        return self.version >= ((3, 0) if self.opensearch else (7, 12))


@dataclass(frozen=True)
class SearchPages:
    """The pages of one query in one order.

    Parameters
    ----------
    client : HttpClient
        The server.
    server : SearchServer
        What it can do.
    settings : SearchSettings
        The source file.
    query : dict
        The query, with its window.
    sort : list
        The order, without the document order that breaks ties.
    size : int
        Documents a page.
    """

    client: HttpClient
    server: SearchServer
    settings: SearchSettings
    query: Body
    sort: list[Any]
    size: int

    def read(self, start: Checkpoint) -> Iterator[HitStep]:
        """Read the pages from a checkpoint on, each with the checkpoint after it.

        Raises
        ------
        TransientSourceError
            If the read context is lost; the checkpoint says where to continue.
        SourceError
            If it is lost and nothing says where to continue, or documents are missing at the end.
        """
        if self.server.has_point_in_time:
            return self._read_point_in_time(start)
        return self._read_live_index(start) if start.last else self._read_scroll(start)

    def _read_point_in_time(self, start: Checkpoint) -> Iterator[HitStep]:
        context = self._open_context()
        try:
            order = [{_DOCUMENT_ORDER: "asc"}] if self.server.has_document_order else []
            body = self._body([*self.sort, *order])
            after = self._restart_values(start, bool(order))
            yield from self._read_pages(body, start, after, context)
        finally:
            with suppress(SourceError):  # the server ends it by itself after a while
                self._close_context(context)

    def _restart_values(self, start: Checkpoint, has_document_order: bool) -> list[Any]:
        """Return after what a new point in time continues; it has a document order of its own."""
        if not start.last:
            return []
        if not self.sort:
            raise self._context_lost_error()
        return [*start.last[: len(self.sort)], *([_BEFORE_FIRST] if has_document_order else [])]

    def _read_pages(
        self, body: Body, start: Checkpoint, after: list[Any], context: str | None
    ) -> Iterator[HitStep]:
        """Go from page to page, each beginning after the last document of the one before."""
        here, total, read, seen = start, None, 0, start.seen
        while True:
            request = {**body, "track_total_hits": total is None}
            if after:
                request["search_after"] = after
            if context is not None:
                request["pit"] = {"id": context, "keep_alive": self.settings.keep_alive}
            answer = self._request_page(request, context)
            context = answer.get("pit_id", context)
            hits: list[Hit] = answer["hits"]["hits"]
            total = _read_total(answer) if total is None else total
            if not hits:
                break
            after, here = hits[-1]["sort"], _advance(here, hits)
            fresh = _drop_seen(hits, seen) if seen else hits
            seen, read = (), read + len(fresh)  # one answer continues where the one before ended
            if fresh:
                yield fresh, here
        if not start.last:
            self._check_total(read, total)

    def _request_page(self, body: Body, context: str | None) -> Any:
        """Request one page, again if that may help: it is the same page each time."""
        path = "/_search" if context is not None else f"/{self.settings.index}/_search"
        return retry(partial(self._search, path, body), self.settings.retry_policy)

    def _search(self, path: str, body: Body) -> Any:
        try:
            answer = self.client.request("POST", path, body)
        except MissingError as error:
            if "context" not in (error.why or ""):
                raise
            raise ContextLostError(
                error.what, where=error.where, why=error.why, cure="Raise keep_alive"
            ) from None
        return self._refuse_incomplete(answer)

    def _refuse_incomplete(self, answer: Any) -> Any:
        """Refuse a page of which the server itself says that it isn't whole."""
        failed = answer.get("_shards", {}).get("failed", 0)
        if answer.get("timed_out") or failed:
            raise TransientSourceError(
                "the server answers with a part of the documents only",
                where=self._where,
                why=f"{failed} shards failed" if failed else "it timed out",
                cure="Try again later; if it stays so, see that all shards of the index are up",
            )
        return answer

    def _read_live_index(self, start: Checkpoint) -> Iterator[HitStep]:
        """Continue without a context, after the last document that was read."""
        if not self.sort:
            raise self._context_lost_error()
        yield from self._read_pages(self._body(self.sort), start, list(start.last), None)

    def _read_scroll(self, start: Checkpoint) -> Iterator[HitStep]:
        path, keep = f"/{self.settings.index}/_search", self.settings.keep_alive
        body = self._body(self.sort or ["_doc"])
        answer = self._refuse_incomplete(self.client.request("POST", path, body, {"scroll": keep}))
        here, total, read = start, _read_total(answer), 0
        while hits := answer["hits"]["hits"]:
            here, read = _advance(here, hits), read + len(hits)
            yield hits, here
            request = {"scroll": keep, "scroll_id": answer["_scroll_id"]}
            answer = self._refuse_incomplete(
                self.client.request("POST", "/_search/scroll", request)
            )
        self._check_total(read, total)

    def _body(self, sort: list[Any]) -> Body:
        return {**self.settings.requested, "query": self.query, "sort": sort, "size": self.size}

    def _open_context(self) -> str:
        kind = "_search/point_in_time" if self.server.opensearch else "_pit"
        keep: dict[str, str | int] = {"keep_alive": self.settings.keep_alive}
        path = f"/{self.settings.index}/{kind}"
        request = partial(self.client.request, "POST", path, parameters=keep)
        answer = retry(request, self.settings.retry_policy)
        return str(answer["pit_id" if self.server.opensearch else "id"])

    def _close_context(self, context: str) -> None:
        if self.server.opensearch:
            self.client.request("DELETE", "/_search/point_in_time", {"pit_id": [context]})
        else:
            self.client.request("DELETE", "/_pit", {"id": context})

    def _check_total(self, read: int, total: int | None) -> None:
        if total is not None and read != total:
            raise SourceError(
                f"{read} documents were read, but the server counts {total}",
                where=self._where,
                why="the pages leave documents out or give some twice",
                cure='Name the fields that distinguish documents: "key": ["..."]',
            )

    def _context_lost_error(self) -> SourceError:
        return SourceError(
            "the server has lost the point in time",
            where=self._where,
            why="without an order there is no way to continue",
            cure='Name the field that distinguishes documents: "key": ["..."], or raise keep_alive',
        )

    @property
    def _where(self) -> str:
        return self.client.address(f"/{self.settings.index}")


class ContextLostError(TransientSourceError):
    """The server no longer knows the point in time: it expired, or the server was restarted."""


def _advance(here: Checkpoint, hits: list[Hit]) -> Checkpoint:
    """Keep the last page whole: which documents it had is only looked at after an interruption."""
    return here.advance(tuple(hits[-1].get("sort", ())), hits)


def _drop_seen(hits: list[Hit], seen: Any) -> list[Hit]:
    fresh = SeenFilter(map(_document_id, seen)).find_new(map(_document_id, hits))
    return list(compress(hits, fresh))


def _document_id(hit: Hit) -> str:
    """Identify a document; the same ``_id`` may be in several indices."""
    return f"{hit['_index']}/{hit['_id']}"


def _read_total(answer: Any) -> int | None:
    """Read how many documents a query has, in the forms of Elasticsearch 6 and 7."""
    total = answer["hits"].get("total")
    if isinstance(total, dict):
        return int(total["value"]) if total.get("relation") == "eq" else None
    return None if total is None else int(total)
