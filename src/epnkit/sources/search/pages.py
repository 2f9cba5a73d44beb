"""Pages of a search: out of a point in time, or by scrolling where a server has none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from epnkit.errors import SourceError, TransientSourceError
from epnkit.sources.search.settings import Body, SearchSettings
from epnkit.sources.transport.http import Link, MissingError
from epnkit.sources.transport.retry import persist

Hit = dict[str, Any]

#: The sort of a point in time by where a document lies, which tells every two apart.
_BY_PLACE = "_shard_doc"

#: What lies before the first document.
_BEFORE_FIRST = -1


@dataclass(frozen=True)
class Server:
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
    def found(cls, link: Link) -> Server:
        """Ask a server what it is."""
        told = link.ask("GET", "/").get("version", {})
        major, minor = str(told.get("number", "0.0")).split(".")[:2]
        return cls(told.get("distribution") == "opensearch", (int(major), int(minor)))

    @property
    def has_point_in_time(self) -> bool:
        """Whether it can keep a point in time."""
        return self.version >= ((2, 4) if self.opensearch else (7, 10))

    @property
    def sorts_by_place(self) -> bool:
        """Whether it can sort a point in time by where a document lies."""
        return self.version >= ((3, 0) if self.opensearch else (7, 12))


@dataclass(frozen=True)
class Place:
    """Where reading goes on: the leg, the sort values of the last document, the last page."""

    leg: int
    after: tuple[Any, ...] = ()
    page: Sequence[Hit] = ()
    read: int = 0

    @property
    def had(self) -> frozenset[str]:
        """Name the documents of the last page, some of which may come again when it goes on."""
        return frozenset(map(_name, self.page))


@dataclass(frozen=True)
class Pages:
    """The pages of one query in one order.

    Parameters
    ----------
    link : Link
        The server.
    server : Server
        What it can do.
    settings : SearchSettings
        The source file.
    query : dict
        The query, with its window.
    sort : list
        The order, without the tie by place.
    size : int
        Documents a page.
    """

    link: Link
    server: Server
    settings: SearchSettings
    query: Body
    sort: list[Any]
    size: int

    def read(self, start: Place) -> Iterator[tuple[list[Hit], Place]]:
        """Read the pages from a place on, each with the place behind it.

        Raises
        ------
        TransientSourceError
            When the read context is lost; the place says where to go on.
        SourceError
            When it is lost and nothing tells where to go on, or documents are missing at the end.
        """
        if self.server.has_point_in_time:
            return self._of_point_in_time(start)
        return self._of_scroll() if not start.after else self._of_live_index(start)

    def _of_point_in_time(self, start: Place) -> Iterator[tuple[list[Hit], Place]]:
        context = self._open()
        try:
            by_place = [{_BY_PLACE: "asc"}] if self.server.sorts_by_place else []
            body = self._body([*self.sort, *by_place])
            after = self._again(start, bool(by_place))
            yield from self._walk(body, start, after, context)
        finally:
            with suppress(SourceError):  # the server ends it by itself in a while
                self._close(context)

    def _again(self, start: Place, by_place: bool) -> list[Any]:
        """Say behind what a new point in time goes on, which knows no places of the old one."""
        if not start.after:
            return []
        if not self.sort:
            raise self._lost()
        return [*start.after[: len(self.sort)], *([_BEFORE_FIRST] if by_place else [])]

    def _walk(
        self, body: Body, start: Place, after: list[Any], context: str | None
    ) -> Iterator[tuple[list[Hit], Place]]:
        """Go from page to page, each beginning behind the last document of the one before."""
        here, total, had = start, None, start.had
        while True:
            asked = {**body, "track_total_hits": total is None}
            if after:
                asked["search_after"] = after
            if context is not None:
                asked["pit"] = {"id": context, "keep_alive": self.settings.keep_alive}
            answer = self._search(asked, context)
            context = answer.get("pit_id", context)
            hits: list[Hit] = answer["hits"]["hits"]
            total = _total(answer) if total is None else total
            if not hits:
                break
            after = hits[-1]["sort"]
            kept = [hit for hit in hits if _name(hit) not in had] if had else hits
            had = frozenset()  # one answer goes on where the one before ended
            here = _behind(hits, here, len(kept))
            if kept:
                yield kept, here
        if not start.after:
            self._check(here.read, total)

    def _search(self, body: Body, context: str | None) -> Any:
        """Ask for one page, again where that may help: it is the same page each time."""
        path = "/_search" if context is not None else f"/{self.settings.index}/_search"
        return persist(partial(self._page, path, body), self.settings.patience)

    def _page(self, path: str, body: Body) -> Any:
        try:
            answer = self.link.ask("POST", path, body)
        except MissingError as error:
            if "context" not in (error.why or ""):
                raise
            raise ContextLostError(error.what, where=error.where, why=error.why) from None
        return self._whole(answer)

    def _whole(self, answer: Any) -> Any:
        """Refuse a page of which the server itself says that it isn't whole."""
        failed = answer.get("_shards", {}).get("failed", 0)
        if answer.get("timed_out") or failed:
            raise TransientSourceError(
                "the server answers with a part of the documents only",
                where=self.link.where(f"/{self.settings.index}"),
                why=f"{failed} shards failed" if failed else "it timed out",
            )
        return answer

    def _of_live_index(self, start: Place) -> Iterator[tuple[list[Hit], Place]]:
        """Go on without a context, behind the last document that was read."""
        if not self.sort:
            raise self._lost()
        yield from self._walk(self._body(self.sort), start, list(start.after), None)

    def _of_scroll(self) -> Iterator[tuple[list[Hit], Place]]:
        path, keep = f"/{self.settings.index}/_search", self.settings.keep_alive
        body = self._body(self.sort or ["_doc"])
        answer = self._whole(self.link.ask("POST", path, body, {"scroll": keep}))
        here, total = Place(0), _total(answer)
        while hits := answer["hits"]["hits"]:
            here = _behind(hits, here, len(hits))
            yield hits, here
            asked = {"scroll": keep, "scroll_id": answer["_scroll_id"]}
            answer = self._whole(self.link.ask("POST", "/_search/scroll", asked))
        self._check(here.read, total)

    def _body(self, sort: list[Any]) -> Body:
        return {**self.settings.wanted, "query": self.query, "sort": sort, "size": self.size}

    def _open(self) -> str:
        kind = "_search/point_in_time" if self.server.opensearch else "_pit"
        keep: dict[str, str | int] = {"keep_alive": self.settings.keep_alive}
        path = f"/{self.settings.index}/{kind}"
        ask = partial(self.link.ask, "POST", path, parameters=keep)
        answer = persist(ask, self.settings.patience)
        return str(answer["pit_id" if self.server.opensearch else "id"])

    def _close(self, context: str) -> None:
        if self.server.opensearch:
            self.link.ask("DELETE", "/_search/point_in_time", {"pit_id": [context]})
        else:
            self.link.ask("DELETE", "/_pit", {"id": context})

    def _check(self, read: int, total: int | None) -> None:
        if total is not None and read != total:
            raise SourceError(
                f"{read} documents came, but the server counts {total}",
                where=self.link.where(f"/{self.settings.index}"),
                why="the pages leave documents out or give some twice",
                cure='Name the fields that tell documents apart: "key": ["..."]',
            )

    def _lost(self) -> SourceError:
        return SourceError(
            "the server has lost the point in time",
            where=self.link.where(f"/{self.settings.index}"),
            why="without an order there is no way to go on",
            cure='Name the field that tells documents apart: "key": ["..."], or raise keep_alive',
        )


class ContextLostError(TransientSourceError):
    """The server no longer knows the point in time: it expired, or the server was restarted."""


def _behind(hits: list[Hit], here: Place, read: int) -> Place:
    after = tuple(hits[-1].get("sort", ()))
    return Place(here.leg, after, hits, here.read + read)


def _name(hit: Hit) -> str:
    """Name a document; the same ``_id`` may be in several indices."""
    return f"{hit['_index']}/{hit['_id']}"


def _total(answer: Any) -> int | None:
    """Read how many documents a query has, in the forms of Elasticsearch 6 and 7."""
    total = answer["hits"].get("total")
    if isinstance(total, dict):
        return int(total["value"]) if total.get("relation") == "eq" else None
    return None if total is None else int(total)
