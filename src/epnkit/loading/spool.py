"""The granules of a dry run, in a file of SQLite until all of the run have been mapped."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Self, TypeVar

import polars as pl

from epnkit.loading.prepare.columns import CONTENT, KEY, TRACKING_COLUMNS

Item = TypeVar("Item")

#: A granule: its number, uid, record's key, hash, and columns in JSON.
SpooledGranule = tuple[int, str, str, str, str]

_SCHEMA = """
    CREATE TABLE granules (row INTEGER PRIMARY KEY, uid TEXT, key TEXT, content TEXT, granule TEXT);
    CREATE TABLE embargoed (key TEXT PRIMARY KEY);
"""

#: Of granules with one uid the first record's stays, in its last version, as in
#: :mod:`epnkit.loading.table.merge`.
_REMOVED = """
    CREATE TABLE removed AS
    WITH duplicated AS (
        SELECT uid FROM granules GROUP BY uid HAVING count(*) > 1
    ), ranked AS (
        SELECT row, uid, key, content,
               first_value(key) OVER (PARTITION BY uid ORDER BY row) AS first_key
        FROM granules JOIN duplicated USING (uid)
    ), kept AS (
        SELECT uid, max(row) AS row FROM ranked WHERE key = first_key GROUP BY uid
    )
    SELECT r.row, r.uid, r.key, r.key = g.key AS same_record, r.content = g.content AS same
    FROM ranked r JOIN kept k USING (uid) JOIN granules g ON g.row = k.row
    WHERE r.row <> k.row
"""


class Spool:
    """Granules on disk.

    Parameters
    ----------
    directory : str
        Where its file is made.
    """

    def __init__(self, directory: str) -> None:
        self._connection = sqlite3.connect(Path(directory) / "granules")
        self._connection.executescript(
            f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_SCHEMA}"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._connection.close()

    def add(self, granules: pl.DataFrame) -> None:
        """Add granules, with their tracking columns."""
        lines = granules.drop(*TRACKING_COLUMNS).write_ndjson().splitlines()
        hashed = granules.with_columns(pl.col(CONTENT).cast(pl.String).str.replace_all("-", ""))
        names = (hashed[name].cast(pl.String).to_list() for name in ("granule_uid", KEY, CONTENT))
        self._connection.executemany(
            "INSERT INTO granules (uid, key, content, granule) VALUES (?, ?, ?, ?)",
            zip(*names, lines, strict=True),
        )

    def add_embargoed(self, keys: Iterable[str]) -> None:
        """Add the keys of records under an embargo."""
        self._connection.executemany(
            "INSERT OR IGNORE INTO embargoed VALUES (?)", ((key,) for key in keys)
        )

    def remove_repeated(
        self, size: int = 1000
    ) -> tuple[int, Iterator[list[tuple[str, str, str, bool]]]]:
        """Remove granules whose uid occurs again.

        Returns
        -------
        int
            How many are repetitions, with the same content.
        iterator of list
            The others, some at a time: uid, the record's key, ``{}`` in place of the granule, and
            whether the same record has the uid, in a later version.
        """
        self._connection.executescript(
            "CREATE INDEX by_uid ON granules (uid); CREATE INDEX by_key ON granules (key);"
            + _REMOVED
        )
        self._connection.execute("DELETE FROM granules WHERE row IN (SELECT row FROM removed)")
        (repeated,) = self._connection.execute("SELECT count(*) FROM removed WHERE same").fetchone()
        others = self._connection.execute(
            "SELECT uid, key, same_record FROM removed WHERE NOT same"
        )
        rows = ((uid, key, "{}", bool(own)) for uid, key, own in others)
        return repeated, _batch(rows, size)

    def chunks(self, size: int) -> Iterator[list[SpooledGranule]]:
        """Yield all granules in their order, at most `size` at a time."""
        last = 0
        query = "SELECT row, uid, key, content, granule FROM granules WHERE row > ? ORDER BY row"
        while rows := self._connection.execute(f"{query} LIMIT ?", (last, size)).fetchall():
            yield rows
            last = rows[-1][0]

    def keys(self, size: int) -> Iterator[list[str]]:
        """Yield the keys of the records that have granules, each once, at most `size` at a time."""
        rows = self._connection.execute("SELECT DISTINCT key FROM granules")
        return _batch((key for (key,) in rows), size)

    def list_embargoed(self, size: int) -> Iterator[list[str]]:
        """Yield the keys of the records under an embargo, at most `size` at a time."""
        rows = self._connection.execute("SELECT key FROM embargoed")
        return _batch((key for (key,) in rows), size)

    def has_key(self, key: str) -> bool:
        """Return whether a record has granules here."""
        query = "SELECT EXISTS (SELECT 1 FROM granules WHERE key = ?)"
        return bool(self._connection.execute(query, (key,)).fetchone()[0])

    def find_missing(self, uids: Sequence[str]) -> list[str]:
        """Return those of some uids that no granule here has."""
        query = "SELECT EXISTS (SELECT 1 FROM granules WHERE uid = ?)"
        return [uid for uid in uids if not self._connection.execute(query, (uid,)).fetchone()[0]]


def _batch(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    some: list[Item] = []
    for item in items:
        some.append(item)
        if len(some) == size:
            yield some
            some = []
    if some:
        yield some
