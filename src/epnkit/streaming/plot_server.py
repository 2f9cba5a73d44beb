"""The endpoint that draws pictures of streams: ``/plot``."""

from __future__ import annotations

from collections.abc import Mapping

from epnkit.errors import EpnkitError
from epnkit.modules import requires_extra
from epnkit.streaming.das2.records import list_planes
from epnkit.streaming.datasets import DataSetFeed
from epnkit.streaming.declare import Variable
from epnkit.streaming.feeds import Feed
from epnkit.streaming.hapi.info import make_info
from epnkit.streaming.log import LOG
from epnkit.streaming.plot import Picture, draw
from epnkit.streaming.pyramid import Pyramid
from epnkit.streaming.readers.base import DamagedFileError
from epnkit.streaming.times import parse_time

with requires_extra("stream"):
    from anyio import CapacityLimiter, to_thread
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute, Route

_KNOWN = ("dataset", "parameter", "start", "stop", "width", "height")


class PlotServer:
    """The endpoint of pictures.

    Parameters
    ----------
    feeds : dict of str to Feed
        What is offered; those that are data sets of files are drawn.
    limiter : anyio.CapacityLimiter
        How many threads work at a time.
    pyramid : Pyramid, optional
        Kept reductions.
    """

    def __init__(
        self, feeds: Mapping[str, Feed], limiter: CapacityLimiter, pyramid: Pyramid | None
    ) -> None:
        self.feeds, self.limiter, self.pyramid = feeds, limiter, pyramid

    def list_routes(self) -> list[BaseRoute]:
        """List the routes."""
        return [Route("/plot", self.answer, methods=["GET", "HEAD"])]

    async def answer(self, request: Request) -> Response:
        """Answer with a picture."""
        try:
            content = await to_thread.run_sync(
                self._draw, dict(request.query_params), limiter=self.limiter
            )
        except ValueError as error:
            if isinstance(error, DamagedFileError):
                return _fail(error)
            return Response(f"{error}\n", 400, media_type="text/plain")
        except EpnkitError as error:
            return _fail(error)
        headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": "max-age=60"}
        return Response(content, 200, headers, "image/png")

    def _draw(self, query: Mapping[str, str]) -> bytes:
        return draw(self.read_request(query), self.pyramid)

    def read_request(self, query: Mapping[str, str]) -> Picture:
        """Read what is to be drawn.

        Raises
        ------
        ValueError
            If it is not understood; it says why, with nothing that was asked.
        """
        if not query.keys() <= {*_KNOWN}:
            raise ValueError(f"known are {', '.join(_KNOWN)}")
        feed = self.feeds.get(query.get("dataset", ""))
        if not isinstance(feed, DataSetFeed) or feed.measure() is None:
            raise ValueError("there is no such data set: see /hapi/catalog")
        variable = _find_variable(feed, query.get("parameter"))
        start, stop = _read_span(feed, query)
        width, height = (_read_size(query, name) for name in ("width", "height"))
        return Picture(feed, variable, start, stop, width or 1000, height or 500)


def _find_variable(feed: DataSetFeed, name: str | None) -> Variable:
    planes = list_planes(feed)
    known = {each.name: each for each in feed.dataset.variables}
    if name is None:
        return planes[0]
    if name not in known:
        raise ValueError(f"the parameters are {', '.join(known)}")
    return known[name]


def _read_span(feed: DataSetFeed, query: Mapping[str, str]) -> tuple[int, int]:
    """Read the span; without one, the first records."""
    info = make_info(feed, ()) if not {"start", "stop"} <= query.keys() else {}
    try:
        start = parse_time(query.get("start") or info["sampleStartDate"])
        stop = parse_time(query.get("stop") or info["sampleStopDate"])
    except (KeyError, ValueError):
        raise ValueError("start and stop are times, such as 2016-01-30T22:47Z") from None
    if start >= stop:
        raise ValueError("start is not before stop")
    return start, stop


def _read_size(query: Mapping[str, str], name: str) -> int | None:
    if name not in query:
        return None
    if not query[name].isascii() or not query[name].isdecimal() or len(query[name]) > 4:
        raise ValueError(f"{name} is a number of pixels")
    size = int(query[name])
    if not 100 <= size <= 4000:
        raise ValueError(f"{name} is between 100 and 4000 pixels")
    return size


def _fail(error: Exception) -> Response:
    LOG.error("a picture failed: %s", error)
    return Response("the server's log says why\n", 500, media_type="text/plain")
