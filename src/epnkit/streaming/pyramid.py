"""Reductions that are kept: one row of an SQLite file for each granule, parameter and step."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from epnkit.streaming.reduce import Reduced

_SCHEMA = """
CREATE TABLE IF NOT EXISTS reduction (
  feed TEXT, variable TEXT, level INTEGER, start INTEGER, uid TEXT,
  version TEXT, reached INTEGER, last INTEGER, width INTEGER, content BLOB,
  PRIMARY KEY (feed, variable, level, start, uid)
) WITHOUT ROWID
"""


@dataclass(frozen=True)
class Key:
    """What a reduction was made of.

    Parameters
    ----------
    uid : str
        The granule.
    start : int
        Its beginning, nanoseconds since 1970.
    version : str
        What changes when its file does.
    reached : int
        The time of the last record of granules before it, if it is within this one.
    """

    uid: str
    start: int
    version: str
    reached: int


@dataclass(frozen=True)
class Entry:
    """A reduction of one granule.

    Parameters
    ----------
    key : Key
        What it was made of.
    last : int
        The time of the granule's last record.
    reduced : Reduced
        The reduction.
    """

    key: Key
    last: int
    reduced: Reduced


class Pyramid:
    """The reductions of all data sets; several threads may use them, and who made it closes it.

    Parameters
    ----------
    path : pathlib.Path
        The file; it is made if it is not there, and may be deleted at any time.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._idle: list[sqlite3.Connection] = []

    def close(self) -> None:
        """Close the file."""
        while self._idle:
            self._idle.pop().close()

    def load(self, feed: str, variable: str, level: int, start: int, stop: int) -> dict[str, Entry]:
        """Load the reductions of granules that begin in a span, by granule_uid."""
        with self._connect() as connection:
            rows = connection.execute(
                "SELECT uid, start, version, reached, last, width, content FROM reduction"
                " WHERE feed=? AND variable=? AND level=? AND start BETWEEN ? AND ?",
                (feed, variable, level, start, stop),
            )
            found = (_unpack(row) for row in rows)
            return {entry.key.uid: entry for entry in found}

    def keep(self, feed: str, variable: str, levels: Iterable[tuple[int, Entry]]) -> None:
        """Keep the reductions of a granule, in place of older ones."""
        rows = [_pack(feed, variable, level, entry) for level, entry in levels]
        with self._connect() as connection, connection:
            connection.executemany(
                "INSERT OR REPLACE INTO reduction VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows
            )

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection to one thread: as many are open as threads asked at a time."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._open()
        try:
            yield connection
        finally:
            self._idle.append(connection)

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=30, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(_SCHEMA)
        return connection


def _pack(feed: str, variable: str, level: int, entry: Entry) -> tuple[Any, ...]:
    key, reduced = entry.key, entry.reduced
    parts = (reduced.steps, reduced.total, reduced.peak, reduced.count)
    content = b"".join(each.astype(f"<{each.dtype.kind}8").tobytes() for each in parts)
    made = (key.version, key.reached, entry.last, reduced.total.shape[1], content)
    return (feed, variable, level, key.start, key.uid, *made)


def _unpack(row: tuple[Any, ...]) -> Entry:
    uid, start, version, reached, last, width, content = row
    count = len(content) // 8 // (1 + 3 * width)
    size = count * width
    steps = np.frombuffer(content, "<i8", count)
    floats = np.frombuffer(content, "<f8", 2 * size, 8 * count).reshape(2, count, width)
    numbers = np.frombuffer(content, "<i8", size, 8 * (count + 2 * size)).reshape(count, width)
    return Entry(
        Key(uid, start, version, reached), last, Reduced(steps, floats[0], floats[1], numbers)
    )
