"""A million records of SiTools2 read and loaded over HTTP, within the limits its client keeps to.

``python -m benchmarks.sitools [COUNT]`` serves synthetic records of AIA from a process of its own:
300 in a page, and no query that selects 350,000 or more.  It reads them as the service medoc_sdo
does, and loads them into a DaCHS with it.  It prints how long each takes, and the memory.
"""

from __future__ import annotations

import multiprocessing
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.conftest import throw_away_dachs

from benchmarks import memory
from epnkit.deploy import inputs
from epnkit.replicas.sitools import LARGEST_PAGE, MOST, SitoolsDataset, make_server
from epnkit.replicas.sources import load_replica
from epnkit.sources import open_source
from epnkit.sources.base import Order

FOLDER = Path(__file__).resolve().parent.parent / "resources" / "medoc_sdo"

#: One record a minute, of each channel in turn.
START, STEP = datetime(2014, 5, 1), timedelta(minutes=1)

CHANNELS = (94, 131, 171, 193, 211, 304, 335)


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
    """Serve the records, and none of HMI, until the process is ended."""
    aia, hmi = load_replica(FOLDER / "replica" / "make.py").datasets()
    times = [(START + number * STEP).isoformat(timespec="milliseconds") for number in range(count)]
    records = [make_record(number, when) for number, when in enumerate(times)]
    served = [IndexedDataset(each.name, each.columns, [], MOST) for each in (aia, hmi)]
    served[0] = replace(served[0], records=records, times=times)
    with make_server(served) as server:
        port.send(server.server_address[1])
        server.serve_forever()


def make_record(number: int, when: str) -> dict[str, Any]:
    """Make a record of an image of AIA."""
    folder = f"https://archive.example/sdo/{number // 1000}/{number}"
    return {
        "recnum": number,
        "sunum": 500_000_000 + number,
        "series_name": "aia.lev1",
        "date__obs": when,
        "wavelnth": CHANNELS[number % len(CHANNELS)],
        "ias_location": folder,
        "exptime": 2.0 + number % 5 / 10,
        "t_rec_index": 1_177_977_635 + 60 * number,
        "ias_path": folder,
        "get": f"{folder}/image_lev1.fits",
        "mask_cadence": "1 min",
    }


def read() -> tuple[int, float]:
    """Read all records; give how many came, each once, and the seconds that it took."""
    source = open_source(FOLDER / "aia.toml", Order("date__obs", ("recnum",)))
    began, expected = time.perf_counter(), 0
    for batch in source.batches():
        numbers = batch["recnum"].to_list()
        assert numbers == list(range(expected, expected + len(numbers)))
        expected += len(numbers)
    return expected, time.perf_counter() - began


def load(credentials: Path) -> tuple[int, float, int]:
    """Load into a DaCHS of its own; give granules, seconds, and the loader's memory in KiB."""
    with throw_away_dachs() as dachs:
        shutil.copytree(credentials, dachs.root / "credentials", dirs_exist_ok=True)
        dachs.account.create_owned(dachs.root / "credentials")
        inputs.install(dachs, FOLDER)
        epnkit = str(Path(sys.executable).with_name("epnkit"))
        words = [epnkit, "load", FOLDER.name, "--dachs", str(dachs.root)]
        began = time.perf_counter()
        subprocess.run(words, check=True, capture_output=True)
        seconds = time.perf_counter() - began
        with dachs.cluster.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {FOLDER.name}.epn_core")
            (granules,) = cursor.fetchone() or (0,)
    return granules, seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss


@contextmanager
def run_server(count: int) -> Iterator[int]:
    """Serve records in a process of its own, and give the port."""
    mine, other = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    server = context.Process(target=serve, args=(count, other), daemon=True)
    server.start()
    try:
        yield mine.recv()
    finally:
        server.terminate()


def main(words: list[str]) -> None:
    """Measure, and print."""
    count = int(words[0]) if words else 1_000_000
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"SiTools2 over HTTP; {machine}; {datetime.now(UTC):%Y-%m-%d}")
    with run_server(count) as port, tempfile.TemporaryDirectory(prefix="epnkit-sitools-") as name:
        credential = Path(name) / FOLDER.name
        credential.write_text(f"http://127.0.0.1:{port}")
        credential.chmod(0o600)
        os.environ["EPNKIT_CREDENTIALS"] = name
        found, seconds = read()
        assert found == count
        print(
            f"{count} records in pages of {LARGEST_PAGE}, no query of {MOST} or more:"
            f" {seconds:.1f} s ({count / seconds:.0f} a second);"
            f" peak {memory.peak() / 1024:.0f} MiB",
            flush=True,
        )
        granules, seconds, peak = load(Path(name))
        assert granules == count
        print(
            f"epnkit load, to {granules} granules that are indexed in DaCHS: {seconds:.1f} s"
            f" ({count / seconds:.0f} a second); peak {peak / 1024:.0f} MiB"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
