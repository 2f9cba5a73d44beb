"""Packages a second from a table to an archive over RabbitMQ, and what each stage takes.

``python -m benchmarks.sip [--granules 1000000] [--stages 100000]`` makes a table of granules whose
packages have about 1.4 kB, in a PostgreSQL that waits for its disk, and starts a RabbitMQ; all on
this machine.  First the stages are measured one after another, each alone.  Then ``epnkit sip``
sends every granule, persistently and with confirms: once to an archive that only takes packages,
and once to one that answers each twice (granted, stored), where the command ends when its tables
have all answers.  CPU is in microseconds a package, by process; the archive's own, which is
elsewhere in practice, is listed too.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import orjson
from scripts.servers.rabbitmq import start_rabbitmq
from tests.support.ingestion import QUEUE, Ingestion, open_channel
from tests.support.packaged import open_packaged, write_settings

from benchmarks.memory import resident
from epnkit.dachs.ports import free_port
from epnkit.dachs.private import PrivateDachs
from epnkit.regards.answers import ANSWERS, AnswerReader
from epnkit.regards.broker import BrokerAddress, Publisher
from epnkit.regards.checksums import Checksums
from epnkit.regards.package import Package, make_request_id
from epnkit.regards.sending import INGESTION, INGESTION_TYPE, Sender
from epnkit.regards.settings import read_package_settings
from epnkit.regards.state import PackageEntry, PackageState, PendingGranule
from epnkit.sources.config.credentials import Secret

#: The command line, in a process of its own.
_MAIN = "from epnkit.cli import main; main()"

_HEADERS = {"regards.tenant": "Solar", "regards.type": INGESTION_TYPE}


#: What the archive does, as the table of the documentation calls it.
_TAKEN = "confirmed by RabbitMQ; the archive takes them, and answers later"
_ANSWERED = "and each is answered twice meanwhile, by an archive on the same cores"


@dataclass
class Measured:
    """What was measured of a context: packages a second, and CPU in microseconds a package."""

    rate: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)


@dataclass
class Machines:
    """What works: a broker, a database, and the file of settings.

    Parameters
    ----------
    dachs : PrivateDachs
        The DaCHS with the table.
    url : str
        The broker.
    used : dict of str to callable
        By name, what gives the CPU that some processes have used, in seconds.
    directory : pathlib.Path
        Where files may be written.
    """

    dachs: PrivateDachs
    url: str
    used: dict[str, Callable[[], float]]
    directory: Path

    @property
    def address(self) -> BrokerAddress:
        """The broker's address."""
        return BrokerAddress(Secret("broker", self.url))

    @contextmanager
    def measure(
        self, name: str, count: int, others: Mapping[str, Callable[[], float]] | None = None
    ) -> Iterator[Measured]:
        """Measure and print the rate of a context, and the CPU that processes used during it."""
        made, used = Measured(), {**self.used, **(others or {})}
        before = {label: read() for label, read in used.items()}
        begun = time.monotonic()
        yield made
        made.rate = count / (time.monotonic() - begun)
        made.cpu = {label: (read() - before[label]) / count * 1e6 for label, read in used.items()}
        words = "  ".join(f"{label} {taken:5.1f}" for label, taken in made.cpu.items())
        print(f"{name:<34} {made.rate:>7,.0f} a second   CPU: {words}", flush=True)


def main() -> None:
    """Measure the stages, then the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--granules", type=int, default=1_000_000)
    parser.add_argument("--stages", type=int, default=100_000)
    wanted = parser.parse_args()
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    load = f"load before {os.getloadavg()[0]:.1f}"
    print(f"Packages to RabbitMQ; {machine}; {datetime.now(UTC):%Y-%m-%d}; {load}", flush=True)
    with open_machines() as machines:
        if wanted.stages:
            measure_stages(machines, wanted.stages)
        if wanted.granules:
            taken, rows = measure_command(machines, wanted.granules, answering=False)
            answered, more = measure_command(machines, wanted.granules, answering=True)
            print("\n| | packages a second | memory |\n|---|---|---|")
            print(f"| {_TAKEN} | {rows} |\n| {_ANSWERED} | {more} |\n")
            print(
                f"CPU of RabbitMQ: {taken.cpu['RabbitMQ']:.0f} µs a package, and"
                f" {answered.cpu['RabbitMQ']:.0f} µs if both answers go through it."
            )


@contextmanager
def open_machines() -> Iterator[Machines]:
    """Start a broker and a DaCHS, and stop them at the end."""
    with tempfile.TemporaryDirectory(prefix="epnkit-") as name, ExitStack() as stack:
        directory = Path(name)
        directory.chmod(0o755)
        broker = start_rabbitmq(free_port(), directory / "rabbitmq")
        stack.callback(broker.stop)
        dachs = PrivateDachs(directory / "d")
        dachs.start()
        stack.callback(dachs.stop)
        postmaster = int((dachs.cluster.directory / "postmaster.pid").read_text().split()[0])
        used: dict[str, Callable[[], float]] = {
            "here": time.process_time,
            "RabbitMQ": lambda: sum(map(read_cpu, list_processes("pgrp", broker.process.pid))),
            "PostgreSQL": lambda: sum(
                map(read_cpu, [postmaster, *list_processes("ppid", postmaster)])
            ),
        }
        Ingestion(broker.url).declare()
        yield Machines(dachs, broker.url, used, directory)


def measure_stages(machines: Machines, count: int) -> None:
    """Measure each stage of so many packages alone."""
    settings = read_package_settings(write_settings(machines.directory), "maps")
    with open_packaged(machines.dachs, count) as maps:
        state = PackageState(maps.connection, "maps")
        sender = Sender(state, state, settings, Checksums())
        reader = AnswerReader(machines.address, state, settings.tenant)
        reader.bind()
        with machines.measure("read granules", count):
            pages = list(sender.read_pages())
        with machines.measure("build, hash and write packages", count):
            built = [[build(sender, each) for each in page] for page in pages]
        with machines.measure("enter them in the ledger", count):
            for page in built:
                state.enter([entry for entry, _ in page], settings.hash)
        with run_archive(machines, "--mute") as archive:
            more = {"archive": partial(read_cpu, archive.pid)}
            publisher = Publisher(machines.address, INGESTION, _HEADERS)
            with closing(publisher), machines.measure("publish until confirmed", count, more):
                for page in built:
                    publisher.publish([message for _, message in page])
        with machines.measure("note them as sent", count):
            for page in built:
                state.mark_sent([entry.request for entry, _ in page])
        answer(machines, [[entry for entry, _ in page] for page in built])
        with machines.measure("read two answers of each", count):
            reader.read(10.0)
        assert maps.states() == {"stored": count}


def build(sender: Sender, pending: PendingGranule) -> tuple[PackageEntry, bytes]:
    """Build a package, with the entry and the message of its first version."""
    package: Package = sender.build(pending)
    tenant, metadata = sender.settings.tenant, orjson.dumps(sender.settings.metadata)
    request = make_request_id(tenant, package.provider_id, package.content)
    names = (pending.row["granule_uid"], package.provider_id)
    entry = PackageEntry(
        request, *names, 1, pending.granule, package.content, "sending", replaces=False
    )
    return entry, package.message(request, metadata)


def answer(machines: Machines, pages: list[list[PackageEntry]]) -> None:
    """Publish the answers to packages, as an archive does."""
    publisher = Publisher(machines.address, ANSWERS, {"regards.tenant": "Solar"})
    with closing(publisher):
        for page in pages:
            for state in ("GRANTED", "SUCCESS"):
                publisher.publish([write_answer(each, state) for each in page])


def write_answer(entry: PackageEntry, state: str) -> bytes:
    """Write an answer."""
    urn = f"URN:SIP:DATA:Solar:{entry.request}:V1" if state == "SUCCESS" else None
    known = {"requestId": entry.request, "providerId": entry.provider_id}
    return orjson.dumps({**known, "state": state, "sipId": urn, "errors": []})


def measure_command(machines: Machines, count: int, *, answering: bool) -> tuple[Measured, str]:
    """Send so many packages with the command, while an archive takes and perhaps answers them.

    It returns what was measured, and the cells of the documentation's table.
    """
    words, more = ((), ()) if answering else (("--mute",), ("--wait", "0"))
    name, end = ("answered", "stored") if answering else ("taken", "sent")
    with open_packaged(machines.dachs, count) as maps, run_archive(machines, *words) as archive:
        memory: list[int] = []
        others: dict[str, Callable[[], float]] = {
            "epnkit sip": read_ended_cpu,
            "archive": partial(read_cpu, archive.pid),
        }
        with machines.measure(f"epnkit sip, packages {name}", count, others) as made:
            begun = time.monotonic()
            with start_command(machines, *more) as command:
                sent = watch(command, memory)
        print(f"{'  of it until all were confirmed':<34} {count / (sent - begun):>7,.0f} a second")
        parts = [memory[len(memory) * part // 10] // 1024 for part in range(10)]
        print(f"  memory at each tenth of the time: {parts} MB; at most {max(memory) // 1024} MB")
        assert command.returncode == 0
        assert maps.states() == {end: count}
        wait_until_empty(machines)
        archive.terminate()
        taken = json.loads(archive.communicate()[0])
        print(f"  the archive took {taken['messages']:,} messages, {taken['requests']:,} requests")
        assert taken == {"messages": count, "requests": count}
    return made, f"{made.rate:,.0f} | {min(parts[1:])} to {max(memory) // 1024} MB"


def wait_until_empty(machines: Machines) -> None:
    """Wait until the archive has taken what the broker has."""
    with open_channel(machines.url) as channel:
        while channel.queue_declare(QUEUE, passive=True).method.message_count:
            time.sleep(0.1)
    time.sleep(1)


@contextmanager
def run_archive(machines: Machines, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Run the archive in a process of its own, from an empty queue."""
    with open_channel(machines.url) as channel:
        channel.queue_purge(QUEUE)
    command = [sys.executable, "-m", "benchmarks.archive", machines.url, *words]
    archive = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        with open_channel(machines.url) as channel:
            while not channel.queue_declare(QUEUE, passive=True).method.consumer_count:
                assert archive.poll() is None, "the archive has ended"
                time.sleep(0.1)
        yield archive
    finally:
        if archive.poll() is None:
            archive.terminate()
            archive.communicate()


@contextmanager
def start_command(machines: Machines, *more: str) -> Iterator[subprocess.Popen[str]]:
    """Start ``epnkit sip``, with the broker's address in a credential."""
    folder = machines.directory / "credentials"
    folder.mkdir(exist_ok=True)
    (folder / "regards").write_text(machines.url)
    (folder / "regards").chmod(0o600)
    settings = write_settings(machines.directory)
    words = [
        "maps",
        "--to",
        "regards",
        "--settings",
        settings,
        "--dachs",
        machines.dachs.root,
        *more,
    ]
    environment = {**os.environ, "EPNKIT_CREDENTIALS": str(folder)}
    with subprocess.Popen(
        [sys.executable, "-c", _MAIN, "sip", *map(str, words)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as command:
        yield command


def watch(command: subprocess.Popen[str], memory: list[int]) -> float:
    """Print what the command says, note its memory in KiB, and return when all were confirmed."""
    sampler = threading.Thread(target=sample_memory, args=(command.pid, memory), daemon=True)
    sampler.start()
    said = []
    for line in command.stdout or ():
        said.append(time.monotonic())
        print(f"  {line.rstrip()}", flush=True)
    sampler.join()
    command.wait()
    return said[0]


def sample_memory(process: int, memory: list[int]) -> None:
    """Note the memory of a process each second, until it ends."""
    with suppress(OSError, ValueError):
        while True:
            memory.append(resident(str(process)))
            time.sleep(1)


def read_cpu(process: int) -> float:
    """Read the CPU that a process and its children that have ended used, in seconds."""
    try:
        words = (Path("/proc") / str(process) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, words[11:15])) / os.sysconf("SC_CLK_TCK")


def read_ended_cpu() -> float:
    """Read the CPU that this process's children used that have ended, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def list_processes(relation: str, process: int) -> list[int]:
    """List the processes of a group (``pgrp``), or the children of a process (``ppid``)."""
    ended = subprocess.run(
        ["ps", "-e", "-o", f"pid=,{relation}="], capture_output=True, text=True, check=True
    )
    pairs = [line.split() for line in ended.stdout.splitlines()]
    return [int(pid) for pid, related in pairs if int(related) == process]


if __name__ == "__main__":
    main()
