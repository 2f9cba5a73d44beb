"""Gateways of REGARDS with some products, for tests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from epnkit.replicas.regards import make_server, write_credential
from epnkit.replicas.regards_catalog import RegardsCatalog, RegardsFile, RegardsProduct
from epnkit.sources import open_source
from epnkit.sources.base import ALL, Order, Source, Window

if TYPE_CHECKING:
    from tests.support.servers import Keep

FIRST = datetime(2023, 3, 17)

#: How many products the fixture makes.
COUNT = 534

CURSOR = Order("properties.date_obs", ("providerId",))

#: Makes a source of a catalogue, with lines of the source file and an order.
Make = Callable[..., Source]


def make_product(number: int, **changes: Any) -> RegardsProduct:
    """Make a product of Gaia-DEM: one a minute, with a map and its thumbnail."""
    date = FIRST + timedelta(minutes=number, milliseconds=622)
    properties = {
        "observatory": "SDO",
        "instrument": "AIA",
        "dataset_name": "GAIA-DEM data",
        "date_obs": date.isoformat(timespec="milliseconds") + "Z",
        "number": number,
        "wave": {"min": 94, "unit": "Angstrom"},
    }
    return RegardsProduct(
        f"gaia_dem:map-{number:05d}",
        properties | changes.pop("properties", {}),
        changes.pop("files", make_files(number)),
        **changes,
    )


def make_files(number: int) -> tuple[RegardsFile, ...]:
    """Make the files of a product, in no order."""
    return (
        RegardsFile("THUMBNAIL", f"map-{number:05d}.png", "image/png", b"png %d" % number),
        RegardsFile("RAWDATA", f"map-{number:05d}.fits", "application/fits", b"fits %d" % number),
    )


@contextmanager
def serve_catalog(catalog: RegardsCatalog) -> Iterator[int]:
    """Serve a catalogue; give the port."""
    with make_server(catalog) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def make_versions() -> list[RegardsProduct]:
    """Make products of which every tenth has an older version."""
    older = [
        make_product(number, last=False, properties={"number": -number})
        for number in range(0, 100, 10)
    ]
    newer = [make_product(n, version=1 + (n % 10 == 0)) for n in range(100)]
    return [*older, *newer]


def minute(number: float) -> datetime:
    """Give the time of a product, but for its milliseconds."""
    return FIRST + timedelta(minutes=number)


@dataclass
class Changing(RegardsCatalog):
    """A catalogue that changes, or answers in another way, while it is read."""

    requests: int = 0
    change: Callable[[int, dict[str, Any]], None] = lambda number, answer: None

    def search(self, asked: Mapping[str, str], sort: Sequence[str], base: str) -> dict[str, Any]:
        self.requests += 1
        answer = super().search(asked, sort, base)
        self.change(self.requests, answer)
        return answer

    def set_products(self, products: Sequence[RegardsProduct]) -> None:
        self.products = products
        for name in ("_flat", "_attributes", "_selected"):
            self.__dict__.pop(name, None)


def prepare_sources(stack: ExitStack, folder: Path, keep: Keep) -> Make:
    """Prepare making sources of catalogues, which are served until the stack ends."""

    def make(
        catalog: RegardsCatalog,
        more: str = "page = 100",
        order: Order = CURSOR,
        through: Callable[[int], int] = lambda port: port,
    ) -> Source:
        port = stack.enter_context(serve_catalog(catalog))
        keep("archive", write_credential(through(port)))
        path = folder / "source.toml"
        path.write_text(
            'kind = "regards"\nconnection = "archive"\ntenant = "Solar"\n'
            f"attempts = 3\ntimeout = 5\n{more}\n"
        )
        return open_source(path, order)

    return make


def read(source: Source, window: Window = ALL) -> list[int]:
    """Read the numbers of the products of a window."""
    return [number for batch in source.batches(window) for number in batch["properties.number"]]
