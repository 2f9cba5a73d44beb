"""The archive's service that lists the movies of an observation, for the replica's documents.

``python upstream.py ADDRESS`` serves on a free port, which it prints.  A POST of
``{"unique_id": …}`` is answered with ``{"videoplots": [{"frequency", "url", "size"}, …]}``, the
form being inferred: no example of the real one is public.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import make

from epnkit.replicas.archive import replace_host

_DOCUMENTS = {document["unique_id"]: document for _, document in make.documents()}


class Answers(BaseHTTPRequestHandler):
    """Answers for one address of the movies."""

    address = ""

    def do_POST(self) -> None:
        """List the movies of the observation that is asked for."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        document = _DOCUMENTS.get(json.loads(body)["unique_id"])
        found = [] if document is None else make.movies(document)
        answer = json.dumps(
            {"videoplots": replace_host(found, "nrh", self.address or None)}
        ).encode()
        self.send_response(200 if document else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, form: str, *words: object) -> None:
        """Say nothing of each request."""


def main(address: str) -> None:
    """Serve until the process is ended."""
    Answers.address = address
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
