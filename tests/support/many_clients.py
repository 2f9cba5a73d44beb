"""Two hundred requests of a hundred clients: ``python -m tests.support.many_clients DIRECTORY``.

In a process of its own, in which no other test has left threads or sockets; what the server says is
on standard error.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from tests.support.streams import ask, make_archive, make_feeds, serve

CLIENTS, REQUESTS = 100, 200

QUERY = {"dataset": "spectra", "start": "2016-12-30T00:00Z", "stop": "2017-01-01T00:00Z"}


def main(directory: Path) -> int:
    """Ask, and return how many answers were not the right one."""
    feeds = make_feeds(directory, make_archive(directory))
    with serve(feeds) as base, ThreadPoolExecutor(CLIENTS) as pool:
        right = ask(base, "hapi/data", **QUERY).content

        def fetch(number: int) -> bool:
            try:
                return ask(base, "hapi/data", **QUERY).content == right
            except requests.RequestException as error:
                print(f"request {number}: {error!r}", file=sys.stderr)
                return False

        return REQUESTS - sum(pool.map(fetch, range(REQUESTS)))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
