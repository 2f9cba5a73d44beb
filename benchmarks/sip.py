"""Packages a second to a RabbitMQ with confirms, and the memory that sending takes.

Usage: python benchmarks/sip.py [--granules 1000000]

Each granule is read from PostgreSQL, made a package of about 1.4 kB, entered in the state tables,
published persistently to a durable queue, confirmed, and noted.  Nobody ingests meanwhile.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from contextlib import closing
from pathlib import Path

from scripts.servers.rabbitmq import start_rabbitmq
from tests.support.ingestion import Ingestion
from tests.support.packaged import Packaged, open_packaged, write_settings

from epnkit.dachs.ports import free_port
from epnkit.dachs.private import PrivateDachs
from epnkit.regards.answers import AnswerReader
from epnkit.regards.broker import BrokerAddress, Publisher
from epnkit.regards.checksums import Checksums
from epnkit.regards.sending import INGESTION, INGESTION_TYPE, Sender, SendingCounts
from epnkit.regards.settings import read_package_settings
from epnkit.regards.state import PackageState
from epnkit.sources.config.credentials import Secret


def main() -> None:
    """Send, and print the rate and the memory after each tenth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--granules", type=int, default=1_000_000)
    count = parser.parse_args().granules
    with tempfile.TemporaryDirectory(prefix="epnkit-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        broker = start_rabbitmq(free_port(), directory / "rabbitmq")
        dachs = PrivateDachs(directory / "d", durable=False)
        dachs.start()
        try:
            with open_packaged(dachs, count) as maps, closing(dachs.cluster.connect()) as other:
                other.cursor().execute("SET ROLE gavoadmin")
                measure(maps, other, broker.url, directory, count)
        finally:
            dachs.stop()
            broker.stop()


def measure(maps: Packaged, other: object, url: str, directory: Path, count: int) -> None:
    """Send all packages."""
    settings = read_package_settings(write_settings(directory), "maps")
    Ingestion(url).declare()
    address, state = BrokerAddress(Secret("broker", url)), PackageState(maps.connection, "maps")
    AnswerReader(address, state, settings.tenant).bind()
    headers = {"regards.tenant": settings.tenant, "regards.type": INGESTION_TYPE}
    sender = Sender(PackageState(other, "maps"), state, settings, Checksums())
    begun, step = time.monotonic(), max(count // 10, 1)

    def report(counts: SendingCounts) -> None:
        if counts.sent % step < sender.page:
            rate = counts.sent / (time.monotonic() - begun)
            print(f"{counts.sent:>9} sent  {rate:>6.0f} a second  {read_memory():>4} MB")

    with closing(Publisher(address, INGESTION, headers)) as publisher:
        sender.send(publisher, report=report)


def read_memory() -> int:
    """Read how much memory the process has now, in MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024


if __name__ == "__main__":
    main()
