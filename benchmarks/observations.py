"""Observations out of RESTHeart: a full load, an update, and a server that is restarted meanwhile.

Usage: python -m benchmarks.observations [--count 204000]

The documents are those of ChroTel's replica, as many as are asked for, in a stand-in for MongoDB
without indices: it sorts all documents for each page, which a real one does not.  Each load is a
whole process, as cron would start it; its memory is the highest of ``dachs imp``.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pymongo
from scripts.servers import java_servers, search
from scripts.servers.processes import Server

from benchmarks import memory
from epnkit.dachs.ports import free_port
from epnkit.dachs.private import PrivateDachs
from epnkit.deploy import inputs
from epnkit.replicas import documents
from epnkit.replicas.sources import load_replica

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "resources" / "chrotel"

#: How many documents an update changes, and how many a load reads that a restart interrupts.
CHANGED, INTERRUPTED = 1000, 10_000


#: How far two times are apart: all of them are past.
STEP = timedelta(hours=1)


def main() -> int:
    """Measure, and print a line for each load."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=204_000)
    count: int = parser.parse_args().count
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="epnkit-")))
        cache = search.find_cache_directory()
        mongo = java_servers.start_mongo(free_port(), directory / "mongo", cache, "3g")
        stack.callback(mongo.stop)
        restheart = RestartedServer(mongo.url, directory / "restheart", cache)
        stack.callback(restheart.stop)
        dachs = PrivateDachs(directory / "d", durable=False)
        dachs.start()
        stack.callback(dachs.stop)
        measure(dachs, mongo, restheart, count)
    return 0


def measure(dachs: PrivateDachs, mongo: Server, restheart: RestartedServer, count: int) -> None:
    """Load all, then what changed, then a part while the server is restarted."""
    newest = fill(mongo, count)
    credential = dachs.root / "credentials" / "chrotel"
    credential.write_text(restheart.url)
    credential.chmod(0o600)
    dachs.account.create_owned(credential.parent)
    inputs.install(dachs, FOLDER)
    report("full load", *load(dachs))
    change(mongo)
    report(f"update of {CHANGED}", *load(dachs))
    low = (newest - STEP * (INTERRUPTED / 3)).isoformat()
    restarting = threading.Timer(8, restheart.restart)
    restarting.start()
    report(f"{INTERRUPTED} with a restart", *load(dachs, "--from", low))
    restarting.join()
    report("again", *load(dachs, "--from", low))


def fill(mongo: Server, count: int) -> datetime:
    """Fill the collection; give the newest date of a change."""
    make = load_replica(FOLDER / "replica" / "make.py")
    found = list(make.list_images(count // 3, STEP))
    documents.fill(mongo.url, make.COLLECTION, found)
    newest: datetime = max(each["updated"] for each in found)
    return newest


def change(mongo: Server) -> None:
    """Change some documents, as of now."""
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(mongo.url)
    observations = client["chrotel"]["observations"]
    names = [each["name"] for each in observations.find({}, {"name": 1}).limit(CHANGED)]
    changes = {"description.XPOSURE": 0.25, "updated": datetime.now()}
    observations.update_many({"name": {"$in": names}}, {"$set": changes})
    client.close()


def load(dachs: PrivateDachs, *words: str) -> tuple[float, int, str]:
    """Run ``epnkit load``; give seconds, the highest memory in KiB, and what it said."""
    program = Path(sys.executable).with_name("epnkit")
    start = time.monotonic()
    process = subprocess.Popen(
        [program, "load", "chrotel", *words, "--dachs", dachs.root],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with watch(process.pid) as highest:
        said, _ = process.communicate()
    seconds = time.monotonic() - start
    return seconds, max(highest, default=0), " ".join(said.split())


@contextmanager
def watch(pid: int) -> Iterator[list[int]]:
    """Look at the memory of a process and those that it started, until the context ends."""
    found: list[int] = []
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.2):
            for each in list_processes(pid):
                with suppress(OSError, ValueError):
                    found.append(memory.peak(str(each)))

    thread = threading.Thread(target=look)
    thread.start()
    yield found
    ended.set()
    thread.join()


def list_processes(pid: int) -> Iterator[int]:
    """Name a process and those below it."""
    yield pid
    with suppress(OSError):
        below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for each in below:
            yield from list_processes(int(each))


class RestartedServer:
    """RESTHeart, which can be killed and started again at its port."""

    def __init__(self, mongo: str, directory: Path, cache: Path) -> None:
        self._mongo, self._directory, self._cache = mongo, directory, cache
        self._port = free_port()
        self._server = self._start()

    @property
    def url(self) -> str:
        """Its address."""
        return self._server.url

    def restart(self) -> None:
        """Kill it, and start it again after three seconds."""
        self._server.stop(signal.SIGKILL)
        time.sleep(3)
        self._server = self._start()

    def stop(self) -> None:
        """End it."""
        self._server.stop()

    def _start(self) -> Server:
        return java_servers.start_restheart(self._port, self._mongo, self._directory, self._cache)


def report(what: str, seconds: float, highest: int, said: str) -> None:
    """Print what a load took."""
    print(f"{what}: {seconds:.0f} s, {highest / 1024:.0f} MiB; {said[-300:]}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
