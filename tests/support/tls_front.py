"""A TLS front for a server, with a certificate of the tests' own, that may require a key."""

from __future__ import annotations

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

import requests
import trustme


class TlsFront:
    """Passes requests on to a server, those that carry the right authorization.

    Parameters
    ----------
    target : str
        The server's URL.
    authorization : str, optional
        What the header has to be.
    name : str
        Whose certificate is shown.
    """

    def __init__(
        self, target: str, authorization: str | None = None, name: str = "127.0.0.1"
    ) -> None:
        self._authority = trustme.CA()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(target, authorization))
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign] # refused handshakes
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(name).configure_cert(context)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port: int = self._server.server_address[1]

    def authority(self, path: Path) -> Path:
        """Write the certificate of the authority that signed."""
        self._authority.cert_pem.write_to_path(path)
        return path

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(target: str, authorization: str | None) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if authorization is not None and self.headers["Authorization"] != authorization:
                self._answer(401, b'{"error": "missing authentication credentials"}')
                return
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            kind = {"Content-Type": "application/json"} if body else {}
            answer = requests.request(
                self.command, target + self.path, data=body, headers=kind, timeout=60
            )
            self._answer(answer.status_code, answer.content)

        do_GET = do_DELETE = do_POST  # noqa: N815 - the library's names

        def _answer(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
