"""Start a test server until it is interrupted: ``python -m scripts.servers es8 9208``."""

from __future__ import annotations

import signal
import sys

from scripts.servers import databases, java_servers, rabbitmq, rucio, search
from scripts.servers.processes import Server

KINDS = (*search.DISTRIBUTIONS, "mongo", "restheart", "mariadb", "postgresql", "rabbitmq", "rucio")


def main(words: list[str]) -> int:
    """Start what the words say: kind, port, and for RESTHeart the MongoDB's URL."""
    if len(words) < 2 or words[0] not in KINDS:
        print(f"usage: python -m scripts.servers {{{'|'.join(KINDS)}}} PORT [MONGODB_URL]")
        return 2
    server = _start(words[0], int(words[1]), words[2:])
    print(f"{server.name}: {server.url} (log {server.log})", flush=True)
    # As an interrupt does: a handler that waited for the server would wait for this very wait.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        server.process.wait()
    except KeyboardInterrupt:
        server.stop()
    return 0


def _start(kind: str, port: int, more: list[str]) -> Server:
    cache = search.find_cache_directory()
    directory = cache / "run" / f"{kind}-{port}"
    if kind in search.DISTRIBUTIONS:
        return search.start(kind, port, directory, cache)
    if kind == "mongo":
        return java_servers.start_mongo(port, directory, cache)
    if kind == "restheart":
        return java_servers.start_restheart(port, more[0], directory, cache)
    if kind == "rucio":
        return rucio.start_rucio(port, directory, cache)
    if kind == "rabbitmq":
        return rabbitmq.start_rabbitmq(port, directory)
    starter = databases.start_mariadb if kind == "mariadb" else databases.start_postgresql
    return starter(port, directory)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
