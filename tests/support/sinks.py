"""A mail server and a webhook that keep what they get, on ports of their own."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


class _MailHandler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self._say("220 sink")
        while line := self.rfile.readline().decode().strip():
            verb = line.split(maxsplit=1)[0].upper()
            if verb == "DATA":
                self._say("354 go on")
                self._keep_message()
                self._say("250 kept")
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 sink")

    def _keep_message(self) -> None:
        lines = []
        while (line := self.rfile.readline().decode().rstrip("\r\n")) != ".":
            lines.append(line)
        self.server.kept.append("\n".join(lines))  # type: ignore[attr-defined]

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class _Hook(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.kept.append(json.loads(content))  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, *words: Any) -> None:
        """Say nothing."""


@contextmanager
def serve_mail(address: str = "127.0.0.1") -> Iterator[tuple[int, list[str]]]:
    """Run a mail server without TLS; give its port and the messages that it got."""
    with socketserver.ThreadingTCPServer((address, 0), _MailHandler) as server:
        server.kept = []  # type: ignore[attr-defined]
        with _run(server):
            yield server.server_address[1], server.kept  # type: ignore[attr-defined]


@contextmanager
def serve_hook(status: int = 200) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Run a webhook; give its URL and what was posted to it."""
    with HTTPServer(("127.0.0.1", 0), _Hook) as server:
        server.kept, server.status = [], status  # type: ignore[attr-defined]
        with _run(server):
            yield f"http://127.0.0.1:{server.server_port}/hook", server.kept  # type: ignore[attr-defined]


@contextmanager
def _run(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
