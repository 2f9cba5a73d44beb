"""Das2's one endpoint, whose parameter ``server`` says what is asked for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from epnkit.errors import EpnkitError
from epnkit.modules import requires_extra
from epnkit.streaming.das2.logo import make_logo
from epnkit.streaming.das2.records import list_planes, write_records, write_view
from epnkit.streaming.das2.stream import MEDIA_TYPE, empty_stream, write_stream_header
from epnkit.streaming.datasets import DataSetFeed
from epnkit.streaming.feeds import Feed
from epnkit.streaming.hapi.info import make_info
from epnkit.streaming.log import LOG
from epnkit.streaming.pyramid import Pyramid
from epnkit.streaming.readers.base import DamagedFileError
from epnkit.streaming.sending import StreamResponse, start
from epnkit.streaming.settings import Identity
from epnkit.streaming.times import parse_time

with requires_extra("stream"):
    from anyio import CapacityLimiter, to_thread
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute, Route

_CORS = {"Access-Control-Allow-Origin": "*"}

_KNOWN = (
    "server",
    "dataset",
    "start_time",
    "end_time",
    "resolution",
    "ascii",
    "interval",
    "params",
)


class Das2Error(Exception):
    """A request that cannot be answered.

    Parameters
    ----------
    kind : str
        Das2's type of exception.
    message : str
        What is wrong; nothing that the request contains.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(kind, message)
        self.kind, self.message = kind, message


class Das2Server:
    """Das2's endpoint over some feeds.

    Parameters
    ----------
    feeds : dict of str to Feed
        What is offered; those that are data sets of files are.
    identity : Identity
        Who offers it.
    limiter : anyio.CapacityLimiter
        How many threads work at a time.
    pyramid : Pyramid, optional
        Kept reductions.
    """

    def __init__(
        self,
        feeds: Mapping[str, Feed],
        identity: Identity,
        limiter: CapacityLimiter,
        pyramid: Pyramid | None,
    ) -> None:
        self.feeds = {
            f"{each.about.service}/{name}": each
            for name, each in feeds.items()
            if isinstance(each, DataSetFeed)
        }
        self.identity, self.limiter, self.pyramid = identity, limiter, pyramid

    def list_routes(self) -> list[BaseRoute]:
        """List the routes."""
        return [Route("/das/server", self.answer, methods=["GET", "HEAD"])]

    async def answer(self, request: Request) -> Response:
        """Answer a request."""
        try:
            return await to_thread.run_sync(self._answer, request, limiter=self.limiter)
        except Das2Error as error:
            return self._explain(error.kind, error.message)
        except (EpnkitError, DamagedFileError) as error:
            LOG.error("a request failed: %s", error)
            return self._explain("ServerError", "the server's log says why")

    def _explain(self, kind: str, message: str) -> Response:
        content = b"".join(empty_stream(kind, message))
        return Response(content, 200, _CORS, MEDIA_TYPE)

    def _answer(self, request: Request) -> Response:
        query = dict(request.query_params)
        unknown = query.keys() - {*_KNOWN}
        if unknown:
            raise Das2Error("IllegalArgument", f"known are {', '.join(_KNOWN)}")
        answers = {
            "id": self._identify,
            "logo": self._draw,
            "peers": self._list_peers,
            "list": self._list,
            "discovery": self._list,
            "dsdf": self._describe,
            "dataset": self._stream,
        }
        chosen = answers.get(query.get("server", ""))
        if chosen is None:
            raise Das2Error("IllegalArgument", f"server may be {', '.join(answers)}")
        return chosen(query, request)

    def _identify(self, query: Mapping[str, str], request: Request) -> Response:
        return _text(f"{self.identity.title}\n")

    def _draw(self, query: Mapping[str, str], request: Request) -> Response:
        return Response(make_logo(), 200, _CORS, "image/png")

    def _list_peers(self, query: Mapping[str, str], request: Request) -> Response:
        own = f"{self.identity.url}/das/server"
        server = f"<name>{self.identity.title}</name>\n<url>{own}</url>\n"
        peers = f"<das2server>\n<peers>\n<server>\n{server}</server>\n</peers>\n</das2server>\n"
        return Response(f'<?xml version="1.0"?>\n{peers}', 200, _CORS, "application/xml")

    def _list(self, query: Mapping[str, str], request: Request) -> Response:
        """List folders and data sets: ``key|title``."""
        lines, seen = [], set()
        for key, feed in self.feeds.items():
            if feed.measure() is None:
                continue
            folder = f"{feed.about.service}/"
            if folder not in seen:
                seen.add(folder)
                lines.append(f"{folder}|{feed.about.service}")
            lines.append(f"{key}|{feed.about.title}")
        return _text("".join(f"{line}\n" for line in lines))

    def _find(self, query: Mapping[str, str]) -> DataSetFeed:
        feed = self.feeds.get(query.get("dataset", ""))
        if feed is None or feed.measure() is None:
            raise Das2Error("NoSuchDataSource", "there is no such data set: see server=list")
        return feed

    def _describe(self, query: Mapping[str, str], request: Request) -> Response:
        """Describe a data set, as a stream that is but a header."""
        feed = self._find(query)
        info = make_info(feed, ())
        first, last = info["sampleStartDate"], info["sampleStopDate"]
        told = {
            "description": feed.about.title,
            "summary": feed.about.description,
            "form": "x_tagged_y_scan" if list_planes(feed)[0].axis else "x_multi_y",
            "server": f"{self.identity.url}/das/server",
            "DatumRange:validRange": f"{info['startDate'][:-1]} to {info['stopDate'][:-1]} UTC",
            "exampleRange_00": f"{first[:-1]} to {last[:-1]}|The first records",
            "techContact": self.identity.contact,
            "reducer": "not_reducible" if not list_planes(feed)[0].axis else "",
        }
        return Response(write_stream_header(told), 200, _CORS, MEDIA_TYPE)

    def _stream(self, query: Mapping[str, str], request: Request) -> Response:
        feed = self._find(query)
        begin, end = _read_span(query)
        if end - begin > feed.about.longest.total_seconds() * 1e9 and "resolution" not in query:
            raise Das2Error(
                "IllegalArgument", f"at most {feed.about.longest.days} days without a resolution"
            )
        pieces = self._make_pieces(feed, query, begin, end)
        # The first piece is a header; what fails at once fails with the second one.
        started = None if request.method == "HEAD" else start(pieces)
        return StreamResponse(
            started or iter(()),
            self.limiter,
            MEDIA_TYPE,
            _CORS,
            compress="gzip" in request.headers.get("accept-encoding", ""),
        )

    def _make_pieces(
        self, feed: DataSetFeed, query: Mapping[str, str], begin: int, end: int
    ) -> Iterator[bytes]:
        readable = query.get("ascii", "0") in ("1", "true")
        resolution = _read_resolution(query)
        cadence = feed.about.cadence
        if resolution is None or (cadence and resolution <= cadence.total_seconds()):
            return write_records(feed, begin, end, readable=readable)
        return write_view(feed, begin, end, resolution, self.pyramid, readable=readable)


def _text(content: str) -> Response:
    return Response(content, 200, _CORS, "text/plain; charset=utf-8")


def _read_span(query: Mapping[str, str]) -> tuple[int, int]:
    try:
        begin, end = (_read_time(query[name]) for name in ("start_time", "end_time"))
    except (KeyError, ValueError) as error:
        raise Das2Error(
            "IllegalArgument", "start_time and end_time are times, such as 2016-01-30T22:47"
        ) from error
    if begin >= end:
        raise Das2Error("IllegalArgument", "start_time is not before end_time")
    return begin, end


def _read_time(text: str) -> int:
    """Read a time, also one with a blank instead of the T."""
    return parse_time(text.strip().replace(" ", "T"))


def _read_resolution(query: Mapping[str, str]) -> float | None:
    if "resolution" not in query:
        return None
    try:
        value = float(query["resolution"])
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise Das2Error("IllegalArgument", "resolution is a number of seconds")
    return value
