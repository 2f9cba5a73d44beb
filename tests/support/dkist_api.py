"""A stand-in for the search of DKIST's data centre: pages, as its Python package asks for them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@contextmanager
def serve_inventories(
    inventories: Sequence[dict[str, Any]],
) -> Iterator[tuple[str, list[dict[str, list[str]]]]]:
    """Serve inventories as the data centre does, by pages; give the address and the queries."""
    asked: list[dict[str, list[str]]] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            asked.append(query)
            size, page = int(query["pageSize"][0]), int(query["pageNumber"][0])
            found = inventories[(page - 1) * size : page * size]
            body = json.dumps({"recordCount": len(inventories), "searchResults": found}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, form: str, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()
    thread.join()
    server.server_close()
