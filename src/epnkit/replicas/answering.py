"""The HTTP servers of replicas: how they answer, and how they are started on the loopback."""

from __future__ import annotations

from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class ReplicaHandler(BaseHTTPRequestHandler):
    """Sends answers of a known length, and says nothing of requests."""

    def send(
        self,
        content: str | bytes,
        kind: str,
        status: int = 200,
        more: Mapping[str, str] | None = None,
    ) -> None:
        """Send an answer.

        Parameters
        ----------
        content : str or bytes
            What it holds.
        kind : str
            Its media type.
        status : int
            Its status.
        more : mapping, optional
            Further headers.
        """
        body = content.encode() if isinstance(content, str) else content
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (more or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, form: str, *words: object) -> None:
        """Say nothing of each request."""


def make_replica_server(handler: type[ReplicaHandler], **known: Any) -> ThreadingHTTPServer:
    """Make a server on a free port of the loopback.

    Parameters
    ----------
    handler : type
        What answers.
    **known
        What the answers are made of, as attributes of the handler.
    """
    return ThreadingHTTPServer(("127.0.0.1", 0), type("Answers", (handler,), known))
