"""The process that reads foreign files: what it dies of costs one file, not the load.

It is started by :mod:`epnkit.sources.files.isolation`, and given a reader and then batches of
paths.  It writes the number of the file at hand into shared memory, so that whoever ends it knows
which file it was.
"""

from __future__ import annotations

import datetime as dt
import mmap
import pickle
import resource
import signal
import struct
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from epnkit.sources.files.limits import MOST_MEMORY
from epnkit.sources.files.readers import Reader

#: How many documents are sent together.
CHUNK = 256

#: One answer: the file's number in its batch, its documents, why it could not be read, and whether
#: it is done.
Answer = tuple[int, list[dict[str, Any]], str | None, bool]

_PLAIN = (str, bool, int, float, bytes, dt.datetime, dt.date, type(None))


def main() -> None:
    """Read batch after batch, until there are no more."""
    connection, position = Connection(int(sys.argv[1])), mmap.mmap(int(sys.argv[2]), 8)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it decides
    reader: Reader = pickle.loads(connection.recv_bytes())  # noqa: S301 (from our own process)
    _limit_memory()
    while True:
        try:
            paths = connection.recv()
        except EOFError:
            return
        for answers in _in_chunks(_read_batch(reader, paths, position)):
            connection.send_bytes(pickle.dumps(answers, pickle.HIGHEST_PROTOCOL))


def _limit_memory() -> None:
    used = int(Path("/proc/self/statm").read_text().split()[5]) * mmap.PAGESIZE
    resource.setrlimit(resource.RLIMIT_DATA, (used + MOST_MEMORY, used + MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _read_batch(reader: Reader, paths: list[bytes], position: mmap.mmap) -> Iterator[Answer]:
    for number, path in enumerate(paths):
        position[:] = struct.pack("q", number)
        yield from _read_file(reader, Path(path.decode("utf-8", "surrogateescape")), number)


def _read_file(reader: Reader, path: Path, number: int) -> Iterator[Answer]:
    found: list[dict[str, Any]] = []
    problem = None
    try:
        for document in reader(path):
            found.append(_to_plain(document))
            if len(found) == CHUNK:
                yield number, found, None, False
                found = []
    except Exception as error:  # noqa: BLE001 (a border: whatever a file makes a library raise)
        problem = _describe(error)
    yield number, found, problem, True


def _describe(error: Exception) -> str:
    lines = f"{type(error).__name__}: {error}".splitlines()
    return (lines[0] if lines else type(error).__name__)[:200]


def _to_plain(value: Any) -> Any:
    """Leave plain values as they are, and bring others (numpy's) to them."""
    if isinstance(value, dict):
        return {str(name): _to_plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_to_plain(inner) for inner in value]
    if type(value) in _PLAIN:
        return value
    if hasattr(value, "tolist"):
        return _to_plain(value.tolist())
    return str(value)


def _in_chunks(answers: Iterator[Answer]) -> Iterator[list[Answer]]:
    """Put answers together until they hold enough documents; the batch's end ends a chunk."""
    chunk: list[Answer] = []
    size = 0
    for answer in answers:
        chunk.append(answer)
        size += len(answer[1])
        if size >= CHUNK:
            yield chunk
            chunk, size = [], 0
    yield chunk


if __name__ == "__main__":
    main()
