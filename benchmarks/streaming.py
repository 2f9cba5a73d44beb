"""Measures the streaming server against its peers, on the same values in the same run.

Run: ``python -m benchmarks.streaming [--values 1e8] [--node DIRECTORY]``, where the directory has
``server.js`` of the npm package @hapi-server/server.  It prints a JSON object, and what the
documentation has of it.

The peers are a reader of the same files with numpy that writes what HAPI's binary form has to a
socket, a generator of lines in starlette (the way of server-python), and the npm server, which
pipes what a script prints.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import numpy as np

from benchmarks import memory
from epnkit.streaming.archive import FileStore
from epnkit.streaming.datasets import DataSetFeed
from epnkit.streaming.declare import Axis, DataSet, Variable
from epnkit.streaming.index import Extent, Granule
from epnkit.streaming.pyramid import Pyramid
from epnkit.streaming.readers.tables import Table, TableFile, read_records
from epnkit.streaming.server import make_application, run_server
from epnkit.streaming.settings import Identity
from epnkit.streaming.times import DAY, SECOND, parse_time, write_time, write_times

#: Values of a record, and records of a file: 10 million values.
WIDTH, ROWS = 400, 25_000

#: A year of days at a record a minute.
YEAR_WIDTH, YEAR_DAYS = 126, 365

FIRST = parse_time("2001-01-01Z")

ADDRESS = "https://archive.example/"

#: What is measured, as the table of the documentation calls it.
ROWS_OF_TABLE = {
    "csv": "CSV",
    "json": "JSON",
    "binary": "binary",
    "numpy": "the same files by numpy into a socket",
    "npm": "CSV by `@hapi-server/server` (npm)",
    "lines in starlette": "CSV line by line from Python, as server-python does",
}


def fields(width: int) -> dict[str, str]:
    """Give the fields of a record: a time and a spectrum."""
    return {"time": "<i8", "flux": f"{width}<f4"}


def write_archive(directory: Path, name: str, width: int, rows: int, files: int, step: int) -> None:
    """Write files of records, a day or less each."""
    random = np.random.default_rng(1)
    for number in range(files):
        records = np.zeros(rows, np.dtype(list(fields(width).items())))
        records["time"] = FIRST + number * DAY + np.arange(rows) * step
        records["flux"] = random.random((rows, width), "f4") * 1e-18
        records.tofile(directory / f"{name}{number:04d}.bin")


class DirectoryIndex:
    """The granules of such files, a day each."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def _list(self, where: Any) -> list[Granule]:
        names = sorted(path.name for path in self.directory.glob(f"{where['granule_uid']}*.bin"))
        return [
            Granule(n, FIRST + k * DAY, FIRST + (k + 1) * DAY, ADDRESS + n)
            for k, n in enumerate(names)
        ]

    def find(self, service: str, where: Any, start: int, stop: int) -> Iterator[Granule]:
        """Give the granules of a span."""
        return (each for each in self._list(where) if each.start < stop and each.stop >= start)

    def find_newest(self, service: str, where: Any, count: int) -> list[Granule]:
        """Give the newest granules."""
        return self._list(where)[::-1][:count]

    def measure(self, service: str, where: Any) -> Any:
        """Say what they span."""
        listed = self._list(where)
        return Extent(listed[0].start, listed[-1].stop, len(listed), "") if listed else None


def make_feed(directory: Path, name: str, width: int, cadence: float) -> DataSetFeed:
    """Make the feed of some files."""

    def read(path: Path) -> Table:
        records = read_records(path, fields(width))
        axis = {"frequency": np.linspace(10.0, 40.0, width)}
        return Table(np.ascontiguousarray(records["time"]), {"flux": records["flux"]}, axis)

    dataset = DataSet(
        name,
        "Random spectra",
        {"granule_uid": name},
        TableFile(read),
        (Variable("flux", "W m-2 Hz-1", "Flux density", Axis("frequency", "MHz")),),
        cadence=timedelta(seconds=cadence),
        longest=timedelta(days=400),
    )
    store = FileStore({ADDRESS: directory}, directory / "cache")
    return DataSetFeed("bench", dataset, DirectoryIndex(directory), store)


def serve(directory: Path, port: int) -> None:
    """Serve both data sets, in this process."""
    feeds = {
        "big": make_feed(directory, "big", WIDTH, 1.0),
        "year": make_feed(directory, "year", YEAR_WIDTH, 60.0),
    }
    identity = Identity("bench", "Benchmark", "nobody", f"http://127.0.0.1:{port}", "http://a")
    pyramid = Pyramid(directory / "reductions.sqlite")
    run_server(make_application(feeds, identity, pyramid), "127.0.0.1", port)


def serve_lines(directory: Path, port: int) -> None:
    """Serve CSV as server-python does: a line at a time from a generator, by starlette."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import StreamingResponse
    from starlette.routing import Route

    async def data(request: Request) -> StreamingResponse:
        return StreamingResponse(print_lines(directory), media_type="text/csv")

    application = Starlette(routes=[Route("/hapi/data", data)])
    uvicorn.run(application, port=port, log_level="critical")


def print_lines(directory: Path) -> Iterator[str]:
    """Make CSV in Python, a line at a time."""
    for path in sorted(directory.glob("big*.bin")):
        for record in np.memmap(path, np.dtype(list(fields(WIDTH).items())), "r"):
            time_text = write_time(int(record["time"]))
            yield (
                f"{time_text}," + ",".join(map(repr, record["flux"].astype(float).tolist())) + "\n"
            )


def serve_with_numpy(directory: Path, port: int) -> None:
    """Write HAPI's binary form of whole files to a socket: what nobody can do much faster."""
    made = np.dtype([("Time", "S24"), ("flux", "<f8", (WIDTH,))])
    listening = socket.create_server(("127.0.0.1", port))
    while True:
        connection, _ = listening.accept()
        with connection:
            if not connection.recv(65536):
                continue  # somebody looked whether it listens
            connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
            for path in sorted(directory.glob("big*.bin")):
                records = np.fromfile(path, np.dtype(list(fields(WIDTH).items())))
                answer = np.empty(len(records), made)
                answer["Time"], answer["flux"] = write_times(records["time"], 3), records["flux"]
                connection.sendall(answer.tobytes())


def free_port() -> int:
    """Find a free port."""
    with socket.create_server(("127.0.0.1", 0)) as opened:
        return int(opened.getsockname()[1])


@contextmanager
def run(role: str, directory: Path) -> Iterator[tuple[int, int]]:
    """Run a server in a process of its own; give its port and its process."""
    port = free_port()
    words = ["-m", "benchmarks.streaming", "--role", role, str(directory), "--port", str(port)]
    program = subprocess.Popen(
        [sys.executable, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        await_port(port)
        yield port, program.pid
    finally:
        program.terminate()
        program.wait()


def await_port(port: int) -> None:
    """Wait until somebody listens."""
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"nobody listens on {port}")


def fetch(port: int, path: str) -> dict[str, float]:
    """Fetch an answer and drop it; give seconds until the first byte and the last, and bytes."""
    begun = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), 600) as opened:
        opened.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        buffer = bytearray(1 << 20)
        size = opened.recv_into(buffer)
        first, status = time.perf_counter() - begun, bytes(buffer[9:12])
        assert status == b"200", bytes(buffer[:300])
        while received := opened.recv_into(buffer):
            size += received
    return {"first": first, "seconds": time.perf_counter() - begun, "bytes": size}


def data_path(name: str, form: str, days: float) -> str:
    """Make the path of a request."""
    stop = write_time(FIRST + int(days * DAY))
    return f"/hapi/data?dataset={name}&start={write_time(FIRST)}&stop={stop}&format={form}"


def write_node_metadata(directory: Path, files: int) -> Path:
    """Describe the files to the npm server: a script prints their CSV."""
    command = f"{sys.executable} -m benchmarks.streaming --role lines {directory}"
    time_parameter = {"name": "Time", "type": "isotime", "units": "UTC", "fill": None, "length": 24}
    flux = {"name": "flux", "type": "double", "units": "W", "fill": "-1e31", "size": [WIDTH]}
    info = {
        "startDate": write_time(FIRST),
        "stopDate": write_time(FIRST + files * DAY),
        "parameters": [time_parameter, flux],
    }
    described = {
        "server": {"id": "bench", "prefix": "", "contact": "a@b.c", "landing": ""},
        "data": {"command": f"env -C {Path.cwd()} {command}", "contact": "a@b.c"},
        "catalog_inline": [{"id": "big", "title": "Random spectra", "info": info}],
    }
    path = directory / "node.json"
    path.write_text(json.dumps(described))
    return path


class MemoryWatch:
    """The highest memory of a process but for files that it maps, which are counted once a mapping.

    Parameters
    ----------
    process : int
        Its number.
    """

    def __init__(self, process: int) -> None:
        self._process, self.mebibytes = str(process), 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        while not self._ended.wait(0.05):
            self.mebibytes = max(self.mebibytes, memory.anonymous(self._process) / 1024)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()


def measure_clients(port: int, process: int, count: int) -> dict[str, Any]:
    """Let clients fetch an hour each, all at once."""
    with MemoryWatch(process) as watch:
        made = _measure_clients(port, count)
    return {**made, "peak MiB": watch.mebibytes}


def _measure_clients(port: int, count: int) -> dict[str, Any]:
    path = data_path("big", "csv", 1 / 24)
    with ThreadPoolExecutor(count) as pool:
        took = sorted(
            each["seconds"] for each in pool.map(lambda _: fetch(port, path), range(count))
        )
    return {"clients": count, "median": took[count // 2], "p99": took[int(count * 0.99)]}


def measure_year(port: int) -> dict[str, Any]:
    """Fetch a year at 1,000 columns, before and after reductions are kept."""
    span = (
        f"start_time={write_time(FIRST)[:-1]}&end_time={write_time(FIRST + YEAR_DAYS * DAY)[:-1]}"
    )
    resolution = YEAR_DAYS * 86400 / 1000
    das2 = f"/das/server?server=dataset&dataset=bench/year&{span}&resolution={resolution}"
    stop = write_time(FIRST + YEAR_DAYS * DAY)
    plot = f"/plot?dataset=year&start={write_time(FIRST)}&stop={stop}&width=1250"
    made = {"cold": fetch(port, das2)["seconds"]}
    made["das2"] = min(fetch(port, das2)["seconds"] for _ in range(5))
    fetch(port, plot)
    made["plot"] = min(fetch(port, plot)["seconds"] for _ in range(5))
    return made


def measure(values: float, node: Path | None) -> dict[str, Any]:
    """Measure everything."""
    made: dict[str, Any] = {"values": values}
    with tempfile.TemporaryDirectory(prefix="epnkit-") as name:
        directory = Path(name)
        files = max(1, round(values / WIDTH / ROWS))
        write_archive(directory, "big", WIDTH, ROWS, files, SECOND)
        write_archive(directory, "year", YEAR_WIDTH, 1440, YEAR_DAYS, 60 * SECOND)
        with run("numpy", directory) as (port, _):
            made["numpy"] = fetch(port, "/")
        for form in ("binary", "csv", "json"):
            with run("serve", directory) as (port, process):
                made[form] = fetch(port, data_path("big", form, files))
                made[form]["peak MiB"] = memory.peak(str(process)) / 1024
        with run("serve", directory) as (port, process):
            fetch(port, data_path("big", "csv", 0.001))
            made["first byte of a day"] = fetch(port, data_path("big", "csv", 1))["first"]
            made["year"] = measure_year(port)
        with run("serve", directory) as (port, process):
            made["clients"] = measure_clients(port, process, 200)
        with run("python", directory) as (port, _):
            made["lines in starlette"] = fetch(port, "/hapi/data")
        if node is not None:
            metadata = write_node_metadata(directory, files)
            made["npm"] = measure_node(node, files, metadata)
    return made


def measure_node(node: Path, files: int, metadata: Path) -> dict[str, float]:
    """Measure the npm server."""
    port = free_port()
    program = subprocess.Popen(
        ["node", "server.js", "--port", str(port), "--file", str(metadata)],
        cwd=node,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        await_port(port)
        stop = write_time(FIRST + files * DAY)
        span = f"time.min={write_time(FIRST)}&time.max={stop}"
        return fetch(port, f"/bench/hapi/data?id=big&{span}")
    finally:
        program.terminate()
        program.wait()


def summarize(made: dict[str, Any]) -> str:
    """Write what was measured as the documentation has it (docs/topics/streaming.md)."""
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    lines = [f"{made['values']:,.0f} values; {machine}; {datetime.now(UTC):%Y-%m-%d}", ""]
    lines += ["| | seconds | memory |", "|---|---|---|"]
    for key, name in ROWS_OF_TABLE.items():
        if key in made:
            seconds, peak = made[key]["seconds"], made[key].get("peak MiB")
            room = "" if peak is None else f"{peak:.0f} MiB "
            lines.append(f"| {name} | {seconds:.{2 if seconds < 1 else 1}f} | {room}|")
    year, clients = made["year"], made["clients"]
    lines += [
        "",
        f"The first byte of a day comes after {made['first byte of a day'] * 1000:.0f} ms.",
        f"A year at 1,000 columns takes {year['das2'] * 1000:.0f} ms by Das2 and"
        f" {year['plot'] * 1000:.0f} ms as a picture, at the best of five times.",
        f"Of {clients['clients']} clients that fetch an hour at once, the last 1 % wait"
        f" {clients['p99']:.0f} s, and the server has {clients['peak MiB']:.0f} MiB.",
    ]
    return "\n".join(lines)


def main() -> None:
    """Run as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--values", type=float, default=1e8)
    parser.add_argument("--node", type=Path)
    parser.add_argument("--role", default="measure")
    parser.add_argument("--port", type=int)
    parser.add_argument("directory", type=Path, nargs="?")
    options = parser.parse_args()
    if options.role == "lines":
        for line in print_lines(options.directory):
            sys.stdout.write(line)
    elif options.role == "measure":
        made = measure(options.values, options.node)
        print(json.dumps(made, indent=1))
        print(summarize(made))
    else:
        roles = {"serve": serve, "python": serve_lines, "numpy": serve_with_numpy}
        roles[options.role](options.directory, options.port)


if __name__ == "__main__":
    main()
