"""A gateway in the manner of REGARDS, for the products of a replica.

``python -m epnkit.replicas.regards MAKE.PY [ADDRESS]`` serves on a free port; it prints the URL
with user and password.  The module's ``catalog()`` gives the products.  Served is what searches
need: tokens by password, both searches for products, data sets, and the files that are kept there.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from epnkit.modules import run_file
from epnkit.replicas.answering import ReplicaHandler, make_replica_server
from epnkit.replicas.archive import replace_host
from epnkit.replicas.regards_catalog import (
    DOWNLOADS,
    PASSWORD,
    USER,
    GatewayError,
    RegardsCatalog,
    RegardsFile,
    RegardsProduct,
)

_TOKENS = "/api/v1/rs-authentication/oauth/token"
_DATASETS = "/api/v1/rs-dam/datasets"
_SEARCHES = (
    "/api/v1/rs-catalog/engines/legacy/dataobjects/search",
    "/api/v1/rs-access-project/dataobjects/search",
)


class _RegardsHandler(ReplicaHandler):
    """Answers for the catalogue of a server."""

    catalog: RegardsCatalog

    def do_POST(self) -> None:  # noqa: N802 - a name of http.server
        """Give a token."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        asked = {name: values[0] for name, values in parse_qs(body).items()}
        self._answer(lambda: self.catalog.give_token(asked, self._authorization), _TOKENS)

    def do_GET(self) -> None:  # noqa: N802 - a name of http.server
        """Answer a search, or give a file."""
        parts = urlsplit(self.path)
        given = parse_qs(parts.query)
        asked = {name: values[0] for name, values in given.items()}

        def find() -> object:
            self.catalog.authorize(self._authorization, asked)
            if parts.path in _SEARCHES:
                return self.catalog.search(asked, given.get("sort", ()), self._base)
            if parts.path == _DATASETS:
                return self.catalog.list_datasets()
            urn, _, checksum = unquote(parts.path).removeprefix(DOWNLOADS).partition("/files/")
            return self.catalog.read_file(urn, checksum)

        self._answer(find, parts.path)

    @property
    def _authorization(self) -> str:
        return self.headers.get("Authorization", "")

    @property
    def _base(self) -> str:
        return f"http://{self.headers.get('Host')}"

    def _answer(self, find: Callable[[], object], path: str) -> None:
        try:
            if urlsplit(self.path).path != path:
                raise GatewayError(404, "There is no such service")
            found = find()
        except GatewayError as error:
            said = json.dumps({"messages": [str(error)]})
            self.send(said, "application/json", error.status)
            return
        if isinstance(found, RegardsFile):
            self.send(found.content, found.media_type)
        else:
            self.send(json.dumps(found), "application/json")


def make_server(catalog: RegardsCatalog) -> ThreadingHTTPServer:
    """Make a gateway to a catalogue on a free port of the loopback."""
    return make_replica_server(_RegardsHandler, catalog=catalog)


def write_credential(port: int) -> str:
    """Write the credential of a gateway on a port of the loopback."""
    return f"http://{USER.replace('@', '%40')}:{PASSWORD}@127.0.0.1:{port}"


def _relocate(product: RegardsProduct, name: str, address: str | None) -> RegardsProduct:
    """Replace what stands for the address of the replica's files."""
    properties = replace_host(dict(product.properties), name, address)
    files = (replace(each, url=replace_host(each.url, name, address)) for each in product.files)
    return replace(product, properties=properties, files=tuple(files))


def main(make: str, address: str = "") -> None:
    """Serve the products of a replica until the process is ended."""
    path = Path(make)
    name = path.parts[-3]
    catalog: RegardsCatalog = run_file(path, f"replica_{name}_make").catalog()
    products = [_relocate(each, name, address or None) for each in catalog.products]
    server = make_server(replace(catalog, products=products))
    print(write_credential(server.server_address[1]), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
