"""HAPI's endpoints."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

import orjson

from epnkit.errors import EpnkitError
from epnkit.modules import requires_extra
from epnkit.streaming.blocks import Block
from epnkit.streaming.feeds import Feed
from epnkit.streaming.hapi.formats import FORMATS_WITH_METADATA, MEDIA_TYPES, write_data
from epnkit.streaming.hapi.info import make_info
from epnkit.streaming.hapi.requests import (
    FORMATS,
    DataRequest,
    choose_parameters,
    find_feed,
    read_data_request,
    read_query,
    read_references,
)
from epnkit.streaming.hapi.status import MESSAGES, HapiError, http_status, status_object
from epnkit.streaming.log import LOG
from epnkit.streaming.readers.base import DamagedFileError
from epnkit.streaming.sending import StreamResponse, start
from epnkit.streaming.settings import Identity

with requires_extra("stream"):
    from anyio import CapacityLimiter, to_thread
    from starlette.requests import Request
    from starlette.responses import RedirectResponse, Response
    from starlette.routing import BaseRoute, Route

#: What allows scripts of other sites to read answers (HAPI 3.3.1, section 5.1).
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "Content-Type",
    "Access-Control-Expose-Headers": "HAPI-Status",
}

Endpoint = Callable[[Request], Awaitable[Response]]


class HapiServer:
    """HAPI's endpoints over some feeds.

    Parameters
    ----------
    feeds : dict of str to Feed
        What is offered.
    identity : Identity
        Who offers it.
    limiter : anyio.CapacityLimiter
        How many threads work at a time.
    """

    def __init__(
        self, feeds: Mapping[str, Feed], identity: Identity, limiter: CapacityLimiter
    ) -> None:
        self.feeds, self.identity, self.limiter = feeds, identity, limiter

    def list_routes(self) -> list[BaseRoute]:
        """List the routes, all for GET and HEAD alone."""
        endpoints: dict[str, Endpoint] = {
            "about": self._answer(self.make_about),
            "capabilities": self._answer(self.make_capabilities),
            "catalog": self._answer(self.make_catalog),
            "info": self._answer(self.make_info),
            "data": self.send_data,
        }
        routes = [_route(f"/hapi/{name}", each) for name, each in endpoints.items()]
        routes += [_route(f"/hapi/{name}/", _drop_slash) for name in endpoints]
        unknown = _route("/hapi/{rest:path}", self._answer(_refuse_endpoint))
        return [*routes, _route("/hapi/", _drop_slash), unknown]

    def _answer(self, make: Callable[[Request], dict[str, Any]]) -> Endpoint:
        """Turn a function that makes a document into an endpoint."""

        async def answer(request: Request) -> Response:
            try:
                document = await to_thread.run_sync(make, request, limiter=self.limiter)
            except HapiError as error:
                return refuse(error)
            except (EpnkitError, DamagedFileError) as error:
                return fail(error)
            return _document(document)

        return answer

    def make_about(self, request: Request) -> dict[str, Any]:
        """Say who offers the data, and how to test it."""
        read_query(request.query_params.multi_items(), ())
        made = {
            **status_object(1200),
            "id": self.identity.id,
            "title": self.identity.title,
            "contact": self.identity.contact,
            "description": self.identity.description,
        }
        test = self._choose_test()
        return {**made, "dataTest": {"name": "a few records", "query": test}} if test else made

    def _choose_test(self) -> dict[str, str]:
        for name, feed in self.feeds.items():
            if feed.measure() is None:
                continue
            parameters = feed.list_parameters()[:1]
            info = make_info(feed, parameters)
            return {
                "dataset": name,
                "parameters": parameters[0].name,
                "start": info["sampleStartDate"],
                "stop": info["sampleStopDate"],
            }
        return {}

    def make_capabilities(self, request: Request) -> dict[str, Any]:
        """Say what the server can do."""
        read_query(request.query_params.multi_items(), ())
        return {
            **status_object(1200),
            "outputFormats": list(FORMATS),
            "catalogDepthOptions": ["dataset", "all"],
        }

    def make_catalog(self, request: Request) -> dict[str, Any]:
        """List the data sets that have granules, with their metadata if asked for."""
        known = ("depth", "resolve_references")
        query = read_query(request.query_params.multi_items(), known)
        depth, resolve = query.get("depth", "dataset"), read_references(query)
        if depth not in ("dataset", "all"):
            raise HapiError(1413, "dataset and all are known")
        listed = []
        for name, feed in self.feeds.items():
            if feed.measure() is None:
                continue
            entry: dict[str, Any] = {"id": name, "title": feed.about.title}
            if depth == "all":
                info = self._info(feed, {}, resolve=resolve)
                entry["info"] = {k: v for k, v in info.items() if k not in ("HAPI", "status")}
            listed.append(entry)
        return {**status_object(1200), "catalog": listed}

    def make_info(self, request: Request) -> dict[str, Any]:
        """Describe a data set."""
        known = ("dataset", "parameters", "resolve_references")
        query = read_query(request.query_params.multi_items(), known, ("dataset",))
        return self._info(find_feed(self.feeds, query), query, resolve=read_references(query))

    def _info(self, feed: Feed, query: Mapping[str, str], *, resolve: bool) -> dict[str, Any]:
        chosen = choose_parameters(feed.list_parameters(), query)
        return make_info(feed, chosen, resolve=resolve, links=self._link(feed))

    def _link(self, feed: Feed) -> list[dict[str, str]]:
        """Point to the table of granules, for who wants to know more of them."""
        url = f"{self.identity.dachs}/tableinfo/{feed.about.service}.epn_core"
        return [{"name": "EPN-TAP", "contentURL": url, "aboutURL": self.identity.epntap}]

    async def send_data(self, request: Request) -> Response:
        """Send data."""
        try:
            return await to_thread.run_sync(self._start_data, request, limiter=self.limiter)
        except HapiError as error:
            return refuse(error)
        except (EpnkitError, DamagedFileError) as error:
            return fail(error)

    def _start_data(self, request: Request) -> Response:
        """Read the request, and make the first block, whose failure has a status yet."""
        wanted = read_data_request(self.feeds, request.query_params.multi_items())
        tag, changed = _identify(wanted, request)
        validators = {"ETag": tag, **({"Last-Modified": changed} if changed else {}), **CORS}
        if _is_known(request, tag, changed):
            return Response(status_code=304, headers=validators)
        blocks = None if request.method == "HEAD" else start_blocks(wanted)
        code = 1201 if blocks is None and request.method != "HEAD" else 1200
        header = self._make_header(wanted, code)
        pieces = write_data(
            blocks or iter(()), wanted.parameters, wanted.format, wanted.feed.about.digits, header
        )
        return StreamResponse(
            pieces,
            self.limiter,
            MEDIA_TYPES[wanted.format],
            {**validators, "HAPI-Status": f"{code} {MESSAGES[code]}"},
            compress="gzip" in request.headers.get("accept-encoding", ""),
        )

    def _make_header(self, wanted: DataRequest, code: int) -> dict[str, Any] | None:
        if not wanted.header and wanted.format not in FORMATS_WITH_METADATA:
            return None
        return make_info(wanted.feed, wanted.parameters, code=code, links=self._link(wanted.feed))


def start_blocks(wanted: DataRequest) -> Iterator[Block] | None:
    """Read the first block; None if there is no record."""
    names = [each.name for each in wanted.parameters]
    return start(wanted.feed.read(names, wanted.start, wanted.stop))


def _identify(wanted: DataRequest, request: Request) -> tuple[str, str]:
    """Return the ETag and the Last-Modified of an answer."""
    digest, newest = wanted.feed.identify(wanted.start, wanted.stop)
    asked = hash_text(repr((wanted.start, wanted.stop, wanted.format, wanted.header)))
    names = hash_text(",".join(each.name for each in wanted.parameters))
    return f'W/"{digest}-{asked}-{names}"', http_date(newest)


def hash_text(text: str) -> str:
    """Return a short digest of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def http_date(text: str) -> str:
    """Write a date of epn_core as HTTP has it; empty if it is none."""
    try:
        return format_datetime(_parse_date(text), usegmt=True)
    except ValueError:
        return ""


def _parse_date(text: str) -> datetime:
    return datetime.fromisoformat(text[:19]).replace(tzinfo=UTC)


def _is_known(request: Request, tag: str, changed: str) -> bool:
    """Say whether the client has the answer already (RFC 9110, section 13)."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        return tag in [each.strip() for each in tags.split(",")] or tags.strip() == "*"
    since = request.headers.get("if-modified-since")
    if since is None or not changed:
        return False
    try:
        return parsedate_to_datetime(changed) <= parsedate_to_datetime(since)
    except (TypeError, ValueError):
        return False


def refuse(error: HapiError) -> Response:
    """Answer a request that is wrong."""
    return _document(status_object(error.code, error.detail), error.http_status)


def fail(error: Exception) -> Response:
    """Answer that a file or the index cannot be read; the log says which."""
    LOG.error("a request failed: %s", error)
    code = 1501 if isinstance(error, EpnkitError) else 1500
    return _document(status_object(code), http_status(code))


def _refuse_endpoint(request: Request) -> dict[str, Any]:
    raise HapiError(1400, "there is no such endpoint")


async def _drop_slash(request: Request) -> Response:
    query = f"?{request.url.query}" if request.url.query else ""
    # Relative, since a reverse proxy may serve this under another path.
    name = request.scope["path"].rstrip("/").rpartition("/")[2]
    return RedirectResponse(f"../{name}{query}", 301, CORS)


def _route(path: str, endpoint: Endpoint) -> Route:
    return Route(path, endpoint, methods=["GET", "HEAD"])


def _document(content: dict[str, Any], status: int = 200) -> Response:
    code = content["status"]["code"]
    headers = {**CORS, "HAPI-Status": f"{code} {MESSAGES[code]}"}
    changed = http_date(str(content.get("modificationDate", "")))
    if changed:
        headers["Last-Modified"] = changed
    return Response(orjson.dumps(content), status, headers, "application/json")
