"""A million records of SiTools2 read over HTTP, within the limits that its client keeps to.

``python -m benchmarks.sitools [COUNT]`` serves synthetic SDO records from a process of its own: 300
in a page, and no query that selects 350,000 or more.  It prints how long they take, and the memory.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
import sys
import tempfile
import time
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks import memory
from epnkit.replicas.sitools import LARGEST_PAGE, MOST, SitoolsColumn, SitoolsDataset, make_server
from epnkit.sources import open_source
from epnkit.sources.base import Order

#: One record a minute, as of one wavelength.
START, STEP = datetime(2014, 5, 1), timedelta(minutes=1)

WAVELENGTHS = (94, 131, 171, 193, 211, 304, 335)

COLUMNS = (
    SitoolsColumn("recnum", "int8", key=True),
    SitoolsColumn("date__obs", "timestamp"),
    SitoolsColumn("wavelnth", "int4"),
    SitoolsColumn("exptime", "float8"),
    SitoolsColumn("get", "varchar"),
)

SOURCE = """
kind = "records"
url = "{url}"
path = "/webs_IAS_SDO_AIA_dataset/records"
parameters = {{media = "json", sort = '{sort}'}}
window = ["p[0]", "DATE_BETWEEN|date__obs|{{low}}|{{high}}"]
page = {page}
most = {most}
types = {{date__obs = "datetime", recnum = "integer"}}
"""

SORT = {"ordersList": [{"field": name, "direction": "ASC"} for name in ("date__obs", "recnum")]}


@dataclass(frozen=True)
class IndexedDataset(SitoolsDataset):
    """A data set whose records are in the order of their times, as by an index of a database."""

    times: list[str] = field(default_factory=list)

    def select(self, asked: Mapping[str, str]) -> list[Any]:
        """Select the records of the times that are asked for."""
        if "p[0]" not in asked:
            return list(self.records)
        _, _, low, high = asked["p[0]"].split("|")
        return list(self.records[bisect_left(self.times, low) : bisect_right(self.times, high)])


def serve(count: int, port: Connection) -> None:
    """Serve the records until the process is ended."""
    times = [(START + number * STEP).isoformat(timespec="milliseconds") for number in range(count)]
    records = [
        {
            "recnum": number,
            "date__obs": when,
            "wavelnth": WAVELENGTHS[number % len(WAVELENGTHS)],
            "exptime": 2.0 + number % 5 / 10,
            "get": f"http://sdo.example/SUM/{number // 1000}/{number}",
        }
        for number, when in enumerate(times)
    ]
    with make_server(
        [IndexedDataset("webs_IAS_SDO_AIA_dataset", COLUMNS, records, MOST, times)]
    ) as server:
        port.send(server.server_address[1])
        server.serve_forever()


def read(port: int) -> tuple[int, float]:
    """Read all records; give how many came, each once, and the seconds that it took."""
    with tempfile.TemporaryDirectory(prefix="epnkit-sitools-") as name:
        path = Path(name) / "source.toml"
        url = f"http://127.0.0.1:{port}"
        path.write_text(SOURCE.format(url=url, sort=json.dumps(SORT), page=LARGEST_PAGE, most=MOST))
        source = open_source(path, Order("date__obs", ("recnum",)))
        began, expected = time.perf_counter(), 0
        for batch in source.batches():
            numbers = batch["recnum"].to_list()
            assert numbers == list(range(expected, expected + len(numbers)))
            expected += len(numbers)
        return expected, time.perf_counter() - began


def main(words: list[str]) -> None:
    """Measure, and print."""
    count = int(words[0]) if words else 1_000_000
    mine, other = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    server = context.Process(target=serve, args=(count, other), daemon=True)
    server.start()
    found, seconds = read(mine.recv())
    server.terminate()
    assert found == count
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"SiTools2 over HTTP; {machine}; {datetime.now(UTC):%Y-%m-%d}")
    print(
        f"{count} records in pages of {LARGEST_PAGE}, no query of {MOST} or more: {seconds:.1f} s"
        f" ({count / seconds:.0f} a second); peak {memory.peak() / 1024:.0f} MiB"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
