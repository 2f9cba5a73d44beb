"""Data sets without DaCHS: granules in memory, files of a real form, and a server in a thread."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import requests
import uvicorn

from epnkit.replicas import synthetic
from epnkit.streaming.archive import FileStore
from epnkit.streaming.catalogue import RememberingIndex
from epnkit.streaming.datasets import DataSetFeed
from epnkit.streaming.declare import Axis, DataSet, Events, Variable
from epnkit.streaming.feeds import Feed
from epnkit.streaming.index import Extent, Granule
from epnkit.streaming.listings import AvailabilityFeed, EventsFeed, FilesFeed
from epnkit.streaming.readers.cdf import CdfFile
from epnkit.streaming.server import make_application
from epnkit.streaming.settings import Identity
from epnkit.streaming.times import SECOND, parse_time

ADDRESS = "https://archive.example/"

DAY = "2016-12-30"


@dataclass
class MemoryIndex:
    """Granules in memory.

    Parameters
    ----------
    granules : list of Granule
        All of them, of one service.
    margin : int
        How far a search goes beyond its span, in nanoseconds.
    """

    granules: list[Granule] = field(default_factory=list)
    margin: int = 0

    def _choose(self, where: Mapping[str, str]) -> list[Granule]:
        known = {"granule_uid": "uid", "access_url": "url"}
        return [
            each
            for each in self.granules
            if all(re.search(p, getattr(each, known[column])) for column, p in where.items())
        ]

    def find(
        self, service: str, where: Mapping[str, str], start: int, stop: int
    ) -> Iterator[Granule]:
        ordered = sorted(self._choose(where), key=lambda each: (each.start, each.uid))
        first, last = start - self.margin, stop + self.margin
        return iter([each for each in ordered if each.start < last and each.stop >= first])

    def find_newest(self, service: str, where: Mapping[str, str], count: int) -> list[Granule]:
        return sorted(self._choose(where), key=lambda each: -each.stop)[:count]

    def measure(self, service: str, where: Mapping[str, str]) -> Extent | None:
        chosen = self._choose(where)
        if not chosen:
            return None
        return Extent(
            min(each.start for each in chosen),
            max(each.stop for each in chosen),
            len(chosen),
            max(each.version for each in chosen),
        )


FREQUENCY = Axis("Frequency", "MHz")

SPECTRA = DataSet(
    "spectra",
    "Spectra that were never observed",
    {"granule_uid": "^s"},
    CdfFile(),
    (
        Variable("flux", "W m-2 Hz-1", "Flux density", FREQUENCY, field="Data"),
        Variable("raw", None, "Counts", FREQUENCY, field="RR", type="integer", scale="linear"),
        Variable("level", "dB", "Attenuation"),
    ),
    cadence=timedelta(seconds=60),
    longest=timedelta(days=40),
)


def make_values(first: int, count: int) -> dict[str, np.ndarray[Any, Any]]:
    """Make records that differ from each other, some of them missing."""
    numbers = np.arange(first, first + count)
    flux = (1e-20 * (1 + numbers[:, None] / 7 + np.arange(5) / 3)).astype("f4")
    flux[numbers % 11 == 0, 2] = -1e31
    flux[numbers % 13 == 0, 0] = np.nan
    raw = ((numbers[:, None] * 5 + np.arange(5)) % 250).astype("u1")
    return {"Data": flux, "RR": raw, "level": (numbers % 4 * 10).astype("f4")}


def write_spectra(path: Path, times: list[str], first: int, frequencies: Any = None) -> None:
    """Write a CDF file with such records."""
    values = make_values(first, len(times))
    axis = np.array([10.0, 15, 20, 30, 39.925], "f4") if frequencies is None else frequencies
    fill = {"FILLVAL": np.float32(-1e31)}
    variables = {
        "Epoch": synthetic.make_epochs(*times),
        "Data": synthetic.CdfVariable(synthetic.REAL4, values["Data"], attributes=fill),
        "RR": synthetic.CdfVariable(
            synthetic.UINT1, values["RR"], attributes={"FILLVAL": np.uint8(255)}
        ),
        "level": synthetic.CdfVariable(synthetic.REAL4, values["level"], attributes=fill),
        "Frequency": synthetic.CdfVariable(synthetic.REAL4, axis, False),
    }
    path.write_bytes(synthetic.write_cdf({"TEXT": synthetic.NOTICE}, variables))


def minutes(day: int, count: int = 1440) -> list[str]:
    """Give the first minutes of a day, counted from the first one."""
    first = np.datetime64(DAY, "ms") + np.timedelta64(day, "D")
    return [str(first + np.timedelta64(number, "m")) for number in range(count)]


def make_archive(directory: Path, days: int = 3, count: int = 1440) -> MemoryIndex:
    """Write a file a day, and list them."""
    granules = []
    for day in range(days):
        times = minutes(day, count)
        name = f"s{day}.cdf"
        write_spectra(directory / name, times, day * count)
        start, stop = parse_time(times[0]), parse_time(times[-1])
        granules.append(
            Granule(
                f"s{day}",
                start,
                stop,
                ADDRESS + name,
                "application/x-cdf",
                f"{ADDRESS}s{day}.png",
                f"2020-01-{day + 1:02d} 00:00:00",
                None if day == 1 else 1e6 * day,
                2e6,
                "" if day == 1 else "type III burst",
            )
        )
    return MemoryIndex(granules)


def make_feeds(directory: Path, index: MemoryIndex, dataset: DataSet = SPECTRA) -> dict[str, Feed]:
    """Make feeds of such an archive, those of listings included."""
    remembered = RememberingIndex(index)
    store = FileStore({ADDRESS: directory}, directory / "cache")
    events = Events("events", "Events that never were", {"granule_uid": "."})
    feeds: tuple[Feed, ...] = (
        DataSetFeed("synthetic", dataset, remembered, store),
        AvailabilityFeed("synthetic", remembered),
        FilesFeed("synthetic", remembered),
        EventsFeed("synthetic", events, remembered),
    )
    return {each.about.id: each for each in feeds}


IDENTITY = Identity(
    "example/epnkit",
    "Spectra that were never observed",
    "who@example.org",
    "http://127.0.0.1",
    "http://dachs.example",
)


@contextmanager
def serve(feeds: Mapping[str, Feed], **settings: Any) -> Iterator[str]:
    """Serve feeds on this machine, and give the address."""
    settings.setdefault("identity", IDENTITY)
    application = make_application(feeds, **settings)
    config = uvicorn.Config(application, "127.0.0.1", 0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def ask(base: str, path: str, **query: Any) -> requests.Response:
    """Ask the server."""
    return requests.get(f"{base}/{path}", params=query, timeout=60, allow_redirects=False)


def read_binary(content: bytes, info: dict[str, Any]) -> np.ndarray[Any, Any]:
    """Read HAPI's binary form, as its header says."""
    fields: list[Any] = []
    for each in info["parameters"]:
        kind = {"double": "<f8", "integer": "<i4"}.get(each["type"]) or f"S{each['length']}"
        fields.append((each["name"], kind, tuple(each.get("size", []))))
    return np.frombuffer(content, np.dtype(fields))


def read_csv(text: str, info: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Read HAPI's CSV, without epnkit's code: Python's own parser."""
    import csv

    made = []
    for line in csv.reader(text.splitlines()):
        position, record = 0, []
        for each in info["parameters"]:
            width = each.get("size", [1])[0]
            parts = line[position : position + width]
            position += width
            convert = {"double": float, "integer": int}.get(each["type"], str)
            values = [convert(part) for part in parts]
            record.append(tuple(values) if "size" in each else values[0])
        assert position == len(line)
        made.append(tuple(record))
    return made


def read_json(text: str) -> list[tuple[Any, ...]]:
    """Read the records of HAPI's JSON."""
    records = json.loads(text)["data"]
    return [
        tuple(tuple(each) if isinstance(each, list) else each for each in record)
        for record in records
    ]


def shorten(dataset: DataSet = SPECTRA, **changes: Any) -> DataSet:
    """Change a declaration."""
    return replace(dataset, **changes)


HOUR = 3600 * SECOND
