"""The server: HAPI, Das2 and plots in one application, run by uvicorn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from epnkit.modules import requires_extra
from epnkit.streaming.das2.app import Das2Server
from epnkit.streaming.feeds import Feed
from epnkit.streaming.hapi.app import HapiServer
from epnkit.streaming.landing import LandingServer
from epnkit.streaming.plot_server import PlotServer
from epnkit.streaming.pyramid import Pyramid
from epnkit.streaming.settings import Identity

with requires_extra("stream"):
    import uvicorn
    from anyio import CapacityLimiter
    from starlette.applications import Starlette

#: How many threads read and write at a time: two for each core of a small machine.
THREADS = 4

#: How many threads draw, so that pictures of long spans leave the others to data.
_DRAWING = 2

#: How many connections wait to be accepted.
_BACKLOG = 2048


def make_application(
    feeds: Mapping[str, Feed],
    identity: Identity,
    pyramid: Pyramid | None = None,
    threads: int = THREADS,
) -> Starlette:
    """Make the application.

    Parameters
    ----------
    feeds : dict of str to Feed
        What is offered.
    identity : Identity
        Who offers it.
    pyramid : Pyramid, optional
        Where reductions are kept; without it, views read whole files each time.
    threads : int
        How many threads work at a time.
    """
    limiter = CapacityLimiter(threads)
    servers = (
        LandingServer(feeds, identity, limiter),
        HapiServer(feeds, identity, limiter),
        Das2Server(feeds, identity, limiter, pyramid),
        PlotServer(feeds, CapacityLimiter(_DRAWING), pyramid),
    )
    return Starlette(routes=[route for each in servers for route in each.list_routes()])


def run_server(application: Any, host: str, port: int) -> None:
    """Serve until interrupted.

    Parameters
    ----------
    application : starlette.applications.Starlette
        What is served.
    host : str
        The address that it listens on.
    port : int
        The port.
    """
    uvicorn.run(
        application,
        host=host,
        port=port,
        log_level="warning",
        backlog=_BACKLOG,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=10,
    )
