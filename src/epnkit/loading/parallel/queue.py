"""The parts of a run as rows of ``epnkit.load_parts``, of which workers take one after the other.

A part belongs to the worker that took it until its lease runs out, or its session with PostgreSQL
ends, whichever is sooner; then another one may take it.  Each attempt stores its batches under its
own number, and only the last attempt can finish: a part that two workers map is loaded once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from threading import Lock
from typing import Any, TypeVar

from psycopg2.extensions import connection as Connection  # noqa: N812 - a class
from psycopg2.extras import execute_values

from epnkit.errors import LoadError
from epnkit.loading.parallel.stored_batches import BatchKey, fetch_batch, store_batch
from epnkit.loading.parallel.windows import window_from_json, window_to_json
from epnkit.loading.prepare.counts import Counts
from epnkit.sources.base import Window

_T = TypeVar("_T")
_R = TypeVar("_R")

#: How long a part belongs to a worker that gives no sign of life, in seconds.
LEASE = 60.0

#: How often a part is tried: it may be the cause if its workers die.
ATTEMPTS = 5

#: Running, but nobody works on it any more. The ids of PostgreSQL's processes are visible to all
#: roles.
_ABANDONED = """
    p.state = 'running' AND (p.lease < clock_timestamp()
        OR NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.pid = p.session))
"""

_TAKE = f"""
    UPDATE epnkit.load_parts SET state = 'running', attempts = attempts + 1, worker = %(worker)s,
        session = pg_backend_pid(), started = clock_timestamp(),
        lease = clock_timestamp() + %(lease)s * interval '1 second'
    WHERE (run, part) = (
        SELECT run, part FROM epnkit.load_parts p
        WHERE run = %(run)s AND attempts < %(attempts)s AND (p.state = 'waiting' OR {_ABANDONED})
          AND part < %(ahead)s + (SELECT min(part) FROM epnkit.load_parts
                                  WHERE run = %(run)s AND state <> 'loaded')
        ORDER BY part LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING part, attempts, bounds
"""  # noqa: S608 - a constant of this module

#: Only the worker that has the part may run these.
_RENEW = """
    UPDATE epnkit.load_parts SET lease = clock_timestamp() + %s * interval '1 second'
    WHERE run = %s AND part = %s AND attempts = %s AND state = 'running'
"""
_FINISH = """
    UPDATE epnkit.load_parts SET state = 'done', ended = clock_timestamp(), records = %s,
        granules = %s, refused = %s, content = %s
    WHERE run = %s AND part = %s AND attempts = %s AND state = 'running'
"""
_FAIL = """
    UPDATE epnkit.load_parts SET state = 'failed', ended = clock_timestamp(), problem = %s
    WHERE run = %s AND part = %s AND attempts = %s AND state = 'running'
"""

#: If the loader was killed, nobody marks the run as ended: its session with PostgreSQL is gone.
_REMAINING = """
    SELECT count(*) FILTER (WHERE state IN ('waiting', 'running')
                AND EXISTS (SELECT FROM pg_stat_activity a WHERE a.pid = p.loader)),
           count(*) FILTER (WHERE state = 'failed')
    FROM epnkit.load_parts p WHERE run = %s
"""

_PROGRESS = f"""
    SELECT count(*) FILTER (WHERE state IN ('done', 'loaded')),
           count(DISTINCT session) FILTER (WHERE state = 'running'),
           count(*) FILTER (WHERE state IN ('waiting', 'running')),
           (array_agg(problem ORDER BY part) FILTER (WHERE state = 'failed'))[1],
           (array_agg(part || ' of ' || coalesce(worker, '') ORDER BY part)
                FILTER (WHERE attempts >= %s AND {_ABANDONED}))[1]
    FROM epnkit.load_parts p WHERE run = %s
"""  # noqa: S608 - a constant of this module


@dataclass(frozen=True)
class TakenPart:
    """A part that a worker has taken.

    Parameters
    ----------
    number : int
        Its number, from 0, in the order of the source.
    attempt : int
        How often it was taken, with this time.
    window : Window
        What to read.
    """

    number: int
    attempt: int
    window: Window


@dataclass(frozen=True)
class PartsProgress:
    """The progress of the parts of a run.

    Parameters
    ----------
    done : int
        How many are mapped, loaded or not.
    workers : int
        How many sessions work on one.
    pending : int
        How many are not mapped yet.
    problem : dict, optional
        The error of one that failed, as JSON.
    exhausted : str, optional
        A part that was tried too often: its number, and its last worker.
    """

    done: int
    workers: int
    pending: int
    problem: dict[str, Any] | None
    exhausted: str | None


@dataclass(frozen=True)
class PartQueue:
    """The parts of one run, over an autocommitting connection.

    Parameters
    ----------
    connection : psycopg2 connection
        To DaCHS's database. A worker's role needs rights on these two tables alone.
    run : int
        The run's number in the ledger.
    lease : float
        How long a part belongs to a worker that gives no sign of life, in seconds.
    """

    connection: Connection
    run: int
    lease: float = LEASE
    _in_use: Any = field(default_factory=Lock, repr=False, compare=False)

    def in_turn(self, use: Callable[[_T], _R]) -> Callable[[_T], _R]:
        """Let a function use the connection only while no other thread does.

        psycopg lets threads share a connection, but for COPY: data and another statement would get
        mixed up, and either wait for ever.

        Parameters
        ----------
        use : callable
            What uses the connection.
        """

        def use_in_turn(argument: _T) -> _R:
            with self._in_use:
                return use(argument)

        return use_in_turn

    def add(self, service: str, windows: Sequence[Window]) -> None:
        """Add a part for each window; workers stop when this connection is closed."""
        rows = [
            (self.run, number, service, json.dumps(window_to_json(window)))
            for number, window in enumerate(windows)
        ]
        with self._in_use, self.connection.cursor() as cursor:
            execute_values(
                cursor,
                "INSERT INTO epnkit.load_parts (run, part, service, bounds, loader) VALUES %s",
                rows,
                "(%s, %s, %s, %s, pg_backend_pid())",
                page_size=1000,
            )

    def take(self, worker: str, ahead: int) -> TakenPart | None:
        """Take the next part; None if there is none at present.

        Parameters
        ----------
        worker : str
            The name of the worker, for messages.
        ahead : int
            How many parts may be mapped, or in work, that are not loaded yet.
        """
        values = {
            "run": self.run,
            "worker": worker,
            "ahead": ahead,
            "lease": self.lease,
            "attempts": ATTEMPTS,
        }
        rows = self._fetch(_TAKE, values)
        if not rows:
            return None
        ((number, attempt, bounds),) = rows
        return TakenPart(number, attempt, window_from_json(bounds))

    def renew(self, part: TakenPart) -> bool:
        """Extend the lease of a part; False if another worker has it by now."""
        values = (self.lease, self.run, part.number, part.attempt)
        return self._execute(_RENEW, values) == 1

    def store(self, part: TakenPart, nth: int, batch: bytes) -> None:
        """Store a batch of a part.

        Parameters
        ----------
        part : TakenPart
            The part.
        nth : int
            Which batch it is, from 0.
        batch : bytes
            What :meth:`~epnkit.loading.prepare.preparation.PreparedBatch.to_bytes` wrote.
        """
        key = BatchKey(self.run, part.number, part.attempt, nth)
        with self._in_use:
            store_batch(self.connection, key, batch)

    def finish(self, part: TakenPart, counts: Counts, granules: int, content: str) -> bool:
        """Mark a part as done; if another worker has it by now, delete its batches.

        Parameters
        ----------
        part : TakenPart
            The part, all batches of which are stored.
        counts : Counts
            What became of its records.
        granules : int
            How many granules they made.
        content : str
            The hash of its batches, one after the other: BLAKE2b of 16 bytes, in hexadecimal.

        Returns
        -------
        bool
            Whether this worker still had the part.
        """
        entered = (counts.read, granules, counts.quarantined, content)
        if self._execute(_FINISH, (*entered, self.run, part.number, part.attempt)):
            return True
        self._execute(
            "DELETE FROM epnkit.load_batches WHERE run = %s AND part = %s AND attempt = %s",
            (self.run, part.number, part.attempt),
        )
        return False

    def fail(self, part: TakenPart, problem: dict[str, Any]) -> None:
        """Store the error that a part ended with, unless another worker has the part by now."""
        self._execute(_FAIL, (json.dumps(problem), self.run, part.number, part.attempt))

    def is_over(self) -> bool:
        """Return whether there is nothing more to take: all is mapped, or the run has ended."""
        ((left, failed),) = self._fetch(_REMAINING, (self.run,))
        return bool(left == 0 or failed > 0)

    def read_progress(self) -> PartsProgress:
        """Read how far the parts are."""
        (row,) = self._fetch(_PROGRESS, (ATTEMPTS, self.run))
        return PartsProgress(*row)

    def is_done(self, number: int) -> bool:
        """Return whether a part is mapped, and can be loaded."""
        rows = self._fetch(
            "SELECT state = 'done' FROM epnkit.load_parts WHERE run = %s AND part = %s",
            (self.run, number),
        )
        if not rows:
            raise LoadError(
                f"part {number} of the load is no longer there",
                where="epnkit.load_parts",
                why="something deleted it while the load was running",
                cure="The table is unchanged. Run the load again.",
            )
        return bool(rows[0][0])

    def read_batches(self, number: int) -> Iterator[bytes]:
        """Read the batches of a part that is done, one at a time.

        Raises
        ------
        LoadError
            If they differ from the stored ones.
        """
        ((attempt, content, count),) = self._fetch(
            "SELECT attempts, content, (SELECT count(*) FROM epnkit.load_batches b"
            " WHERE (b.run, b.part, b.attempt) = (p.run, p.part, p.attempts))"
            " FROM epnkit.load_parts p WHERE run = %s AND part = %s",
            (self.run, number),
        )
        digest = blake2b(digest_size=16)
        for nth in range(count):
            key = BatchKey(self.run, number, attempt, nth)
            with self._in_use:
                batch = fetch_batch(self.connection, key)
            if not batch:
                raise _not_as_stored(number)
            digest.update(batch)
            yield batch
        if digest.hexdigest() != content:
            raise _not_as_stored(number)

    def mark_loaded(self, number: int) -> None:
        """Mark a part as loaded, and delete its batches."""
        self._execute(
            "UPDATE epnkit.load_parts SET state = 'loaded' WHERE run = %s AND part = %s",
            (self.run, number),
        )
        self._execute(
            "DELETE FROM epnkit.load_batches WHERE run = %s AND part = %s", (self.run, number)
        )

    def _execute(self, statement: str, values: Sequence[Any]) -> int:
        with self._in_use, self.connection.cursor() as cursor:
            cursor.execute(statement, values)
            return int(cursor.rowcount)

    def _fetch(self, query: str, values: Any) -> list[tuple[Any, ...]]:
        with self._in_use, self.connection.cursor() as cursor:
            cursor.execute(query, values)
            return cursor.fetchall()


def _not_as_stored(number: int) -> LoadError:
    return LoadError(
        f"the batches of part {number} are not what its worker stored",
        where="epnkit.load_batches",
        why="a crash of the database empties the table, or somebody changed it",
        cure="The table is unchanged. Run the load again.",
    )


def forget_parts(connection: Connection, service: str) -> None:
    """Delete the parts of a service's loads with their batches, after a load ended or was killed.

    A worker of it that is still running can then store nothing, and ends.

    Parameters
    ----------
    connection : psycopg2 connection
        Of DaCHS's administrator, autocommitting.
    service : str
        The service; no other load of it may be running.
    """
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM epnkit.load_parts WHERE service = %s", (service,))
