"""The landing page: what is offered, a plot of each data set, and code to copy."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from urllib.parse import urlencode

from epnkit.errors import EpnkitError
from epnkit.modules import requires_extra
from epnkit.streaming.das2.records import list_planes
from epnkit.streaming.datasets import DataSetFeed
from epnkit.streaming.feeds import Feed
from epnkit.streaming.hapi.info import make_info
from epnkit.streaming.settings import Identity

with requires_extra("stream"):
    from anyio import CapacityLimiter, to_thread
    from starlette.requests import Request
    from starlette.responses import HTMLResponse, RedirectResponse, Response
    from starlette.routing import BaseRoute, Route

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem;
  color: #1c2430; }
h1 { font-size: 1.6rem } h2 { font-size: 1.15rem; margin-top: 2.2rem }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid #dde3ea;
  vertical-align: top; font-size: .93rem }
pre { background: #f4f6f8; padding: .8rem 1rem; overflow-x: auto; font-size: .87rem }
img { max-width: 100%; height: auto; border: 1px solid #dde3ea }
a { color: #0b5cad }
"""


class LandingServer:
    """The landing page.

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
        """List the routes."""
        methods = ["GET", "HEAD"]
        return [
            Route("/", _go_to_page, methods=methods),
            Route("/hapi", self.answer, methods=methods),
        ]

    async def answer(self, request: Request) -> Response:
        """Answer with the page."""
        page = await to_thread.run_sync(self.write_page, limiter=self.limiter)
        return HTMLResponse(page)

    def write_page(self) -> str:
        """Write the page."""
        offered = {name: spans for name, feed in self.feeds.items() if (spans := _span(feed))}
        rows = "".join(self._write_row(name, *spans) for name, spans in offered.items())
        drawn = min(filter(self._is_drawn, offered), key=self._has_scalars_alone, default=None)
        url, title = escape(self.identity.url), escape(self.identity.title)
        return (
            f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
            f'<meta name="viewport" content="width=device-width">'
            f"<style>{_STYLE}</style></head><body>"
            f"<h1>{title}</h1><p>{escape(self.identity.description)} Two protocols give the same"
            f' records: <a href="https://hapi-server.org">HAPI</a> at <code>{url}/hapi</code> and'
            f' <a href="https://das2.org">Das2</a> at <code>{url}/das/server</code>; a picture of'
            f" any span is at <code>{url}/plot</code>."
            f" Contact: {escape(self.identity.contact)}.</p>"
            f"{self._write_example(drawn) if drawn else ''}"
            f"<h2>Data sets</h2><table><tr><th>Data set<th>First and last time<th></tr>{rows}"
            "</table></body></html>\n"
        )

    def _is_drawn(self, name: str) -> bool:
        return isinstance(self.feeds[name], DataSetFeed)

    def _has_scalars_alone(self, name: str) -> bool:
        feed = self.feeds[name]
        return not isinstance(feed, DataSetFeed) or list_planes(feed)[0].axis is None

    def _write_row(self, name: str, first: str, last: str) -> str:
        query = urlencode({"dataset": name})
        links = [f'<a href="hapi/info?{escape(query)}">metadata</a>']
        if isinstance(self.feeds[name], DataSetFeed):
            links.append(f'<a href="plot?{escape(query)}">plot</a>')
        title = escape(self.feeds[name].about.title)
        return (
            f"<tr><td><code>{escape(name)}</code><br>{title}"
            f"<td>{first[:10]} – {last[:10]}<td>{', '.join(links)}</tr>"
        )

    def _write_example(self, name: str) -> str:
        info = make_info(self.feeds[name], ())
        start, stop = info["sampleStartDate"], info["sampleStopDate"]
        query = urlencode({"dataset": name, "start": start, "stop": stop}, safe=":")
        server = f"{self.identity.url}/hapi"
        python = (
            "from hapiclient import hapi\n\n"
            f'server, dataset = "{server}", "{name}"\n'
            f'data, meta = hapi(server, dataset, "", "{start}", "{stop}")\n'
        )
        shell = f"curl '{server}/data?{query}'\n"
        return (
            f'<h2>{escape(self.feeds[name].about.title)}</h2><p><img src="plot?{escape(query)}"'
            f' width="1000" height="500" alt="{escape(name)}, the first records"></p>'
            f"<p>In Python:</p><pre>{escape(python)}</pre><p>In a shell:</p>"
            f"<pre>{escape(shell)}</pre>"
        )


def _span(feed: Feed) -> tuple[str, str] | None:
    try:
        if feed.measure() is None:
            return None
        info = make_info(feed, ())
    except EpnkitError:
        return None
    return info["startDate"], info["stopDate"]


async def _go_to_page(request: Request) -> Response:
    return RedirectResponse("hapi", 302)
