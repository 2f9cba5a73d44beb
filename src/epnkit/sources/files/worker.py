"""The process that reads foreign files: what it dies of costs one file, not the load.

It is started by :mod:`epnkit.sources.files.isolation`, and given a reader and then lots of
paths.  It writes how many files it has begun into shared memory, so that whoever ends it knows
which file was at hand.
"""

from __future__ import annotations

import datetime as dt
import mmap
import os
import pickle
import resource
import signal
import struct
import sys
import time
from collections.abc import Iterator
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from epnkit.sources.files.limits import MOST_MEMORY
from epnkit.sources.files.readers import Reader
from epnkit.sources.values.documents import Note

#: How many documents are sent together, and how long the first of them waits, in seconds.
CHUNK, LONGEST_WAIT = 256, 0.5

#: One answer: some documents of the file whose turn it is, why it could not be read on, and whether
#: it is done.
Answer = tuple[list[dict[str, Any]], str | None, bool]

_PLAIN = frozenset([str, bool, int, float, bytes, dt.datetime, dt.date, type(None), Note])


def main() -> None:
    """Read lot after lot, until there are no more."""
    connection, begun = Connection(int(sys.argv[1])), mmap.mmap(int(sys.argv[2]), 8)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it decides
    reader: Reader = pickle.loads(connection.recv_bytes())  # noqa: S301 (from our own process)
    _limit_memory()
    numbers = count(1)
    while True:
        try:
            paths = connection.recv()
        except EOFError:
            return
        for answers in _in_chunks(_read_lot(reader, paths, begun, numbers)):
            connection.send_bytes(pickle.dumps(answers, pickle.HIGHEST_PROTOCOL))


def _limit_memory() -> None:
    used = int(Path("/proc/self/statm").read_text().split()[5]) * mmap.PAGESIZE
    resource.setrlimit(resource.RLIMIT_DATA, (used + MOST_MEMORY, used + MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _read_lot(
    reader: Reader, paths: list[bytes], begun: mmap.mmap, numbers: Iterator[int]
) -> Iterator[Answer]:
    for path, number in zip(paths, numbers, strict=False):
        begun[:] = struct.pack("q", number)
        yield from _read_file(reader, Path(os.fsdecode(path)))


def _read_file(reader: Reader, path: Path) -> Iterator[Answer]:
    found: list[dict[str, Any]] = []
    problem = None
    try:
        for document in reader(path):
            found.append(_to_plain(document))
            if len(found) == CHUNK:
                yield found, None, False
                found = []
    except Exception as error:  # noqa: BLE001 (a border: whatever a file makes a library raise)
        problem = describe_error(error)
    yield found, problem, True


def describe_error(error: Exception) -> str:
    """Return what is wrong with a file, in a line of at most 200 printable characters."""
    lines = f"{type(error).__name__}: {error}".splitlines()
    text = (lines[0] if lines else type(error).__name__)[:200]
    return "".join(character if character.isprintable() else "?" for character in text)


def _to_plain(value: Any) -> Any:
    """Leave plain values as they are, and bring others (numpy's) to them."""
    if isinstance(value, dict):
        return {
            name if type(name) is str else str(name): (
                inner if type(inner) in _PLAIN else _to_plain(inner)
            )
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [inner if type(inner) in _PLAIN else _to_plain(inner) for inner in value]
    if type(value) in _PLAIN:
        return value
    if hasattr(value, "tolist"):
        return _to_plain(value.tolist())
    return str(value)


def _in_chunks(answers: Iterator[Answer]) -> Iterator[list[Answer]]:
    """Put answers together until they hold enough documents, or wait too long; a lot's end too."""
    chunk: list[Answer] = []
    size, since = 0, time.monotonic()
    for answer in answers:
        chunk.append(answer)
        size += len(answer[0])
        if size >= CHUNK or time.monotonic() - since > LONGEST_WAIT:
            yield chunk
            chunk, size, since = [], 0, time.monotonic()
    if chunk:
        yield chunk


if __name__ == "__main__":
    main()
