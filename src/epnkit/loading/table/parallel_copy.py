"""Copying over several connections at once, each into a table of its own (a part).

The time that pgsphere needs to parse a polygon grows with the square of its vertices, and a COPY is
one backend's work on one core: that is most of a load of regions.  Inserting a parsed row elsewhere
costs almost nothing.  So each connection fills an unlogged table, which TAP users do not see, and
the loader's own transaction then inserts from all of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from queue import SimpleQueue
from typing import Any, Self

import polars as pl
from psycopg2 import errors, sql

from epnkit.errors import LoadError
from epnkit.loading.prepare.columns import TRACKING_COLUMNS
from epnkit.loading.prepare.preparation import PreparedBatch
from epnkit.loading.table.target import ROW, Target

#: How long to wait for a connection that still holds a part; a killed one ends soon.
LOCK_TIMEOUT = "30s"

#: The number of copied granules, and those that PostgreSQL refuses, with the reasons.
_CopyResult = tuple[int, list[tuple[int, str]]]

#: A batch, and the result of copying it.
CopiedBatch = tuple[PreparedBatch, *_CopyResult]


class ParallelCopy:
    """The parts of one load, open as long as the context lasts.

    Parameters
    ----------
    target : Target
        The table, over the connection that merges; its staging table exists.
    connect : callable
        Opens a connection of the same role.
    jobs : int
        How many connections.
    """

    def __init__(self, target: Target, connect: Callable[[], Any], jobs: int) -> None:
        self._target, self._connect, self._jobs = target, connect, jobs
        self._parts: list[Target] = []
        self._idle: SimpleQueue[Target] = SimpleQueue()
        self._rows = 0
        self._columns: list[str] = []

    def __enter__(self) -> Self:
        """Create the parts."""
        with ExitStack() as opened:
            for number in range(self._jobs):
                connection = opened.enter_context(closing(self._connect()))
                part = self._create_part(connection, number)
                self._parts.append(part)
                self._idle.put(part)
            self._threads = ThreadPoolExecutor(self._jobs, thread_name_prefix="copy")
            # Closed in reverse order: no thread works on a connection that is closed.
            opened.callback(self._threads.shutdown, cancel_futures=True)
            self._open = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections; parts that were not merged go with the next :func:`drop_parts`."""
        self._open.close()

    def copy(self, batches: Iterator[PreparedBatch]) -> Iterator[CopiedBatch]:
        """Copy batches, and yield the result of each, in their order."""
        waiting: deque[tuple[PreparedBatch, Future[_CopyResult]]] = deque()
        for prepared in batches:
            waiting.append(
                (prepared, self._threads.submit(self.copy_batch, self._number_rows(prepared)))
            )
            if len(waiting) > self._jobs:
                yield _await_result(*waiting.popleft())
        while waiting:
            yield _await_result(*waiting.popleft())

    def merge_into_staging(self) -> None:
        """Insert all parts into the staging table, within its transaction."""
        columns = sql.SQL(", ").join(map(sql.Identifier, self._columns or (ROW,)))
        for part in self._parts:
            self._target.execute(
                "INSERT INTO {staging} ({columns}) SELECT {columns} FROM {part}",
                staging=self._target.staging,
                columns=columns,
                part=part.staging,
            )
            self._target.execute("DROP TABLE {part}", part=part.staging)

    def _create_part(self, connection: Any, number: int) -> Target:
        name = sql.Identifier("epnkit", f"part_{self._target.schema}_{number}")
        part = replace(self._target, connection=connection, staging=name)
        columns = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(kind))
            for column, kind in (
                *self._target.column_types(),
                *TRACKING_COLUMNS.items(),
                (ROW, "bigint"),
            )
        )
        part.execute("CREATE UNLOGGED TABLE {part} ({columns})", part=name, columns=columns)
        part.connection.commit()
        return part

    def _number_rows(self, prepared: PreparedBatch) -> pl.DataFrame:
        """Add to each granule its number in the source, which decides between repeated uids."""
        granules = prepared.granules.with_row_index(ROW, self._rows)
        self._rows += len(granules)
        self._columns = granules.columns
        return granules

    def copy_batch(self, granules: pl.DataFrame) -> _CopyResult:
        """Copy a batch into the next idle part, and commit it."""
        part = self._idle.get()
        try:
            done = part.copy_accepted(granules, direct=False)
            part.connection.commit()
        finally:
            self._idle.put(part)
        return done


def _await_result(prepared: PreparedBatch, pending: Future[_CopyResult]) -> CopiedBatch:
    return (prepared, *pending.result())


def drop_parts(connection: Any, service: str, lock_timeout: str = LOCK_TIMEOUT) -> None:
    """Drop the parts that an interrupted load left.

    Parameters
    ----------
    connection : psycopg2 connection
        Of the role that created them, autocommitting.
    service : str
        The service; no other load of it may be running.
    lock_timeout : str
        How long to wait for a backend that still holds a part, as PostgreSQL writes it.

    Raises
    ------
    LoadError
        If a backend of the interrupted load still holds its part.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'epnkit' AND tablename ~ %s",
            (f"^part_{service}_[0-9]+$",),
        )
        for (name,) in cursor.fetchall():
            try:
                # In one transaction, to which the timeout is local.
                cursor.execute(
                    sql.SQL("SET LOCAL lock_timeout = {}; DROP TABLE IF EXISTS {}").format(
                        sql.Literal(lock_timeout), sql.Identifier("epnkit", name)
                    )
                )
            except errors.LockNotAvailable as error:
                raise _part_held_error(cursor, service, name) from error


def _part_held_error(cursor: Any, service: str, name: str) -> LoadError:
    cursor.execute(
        "SELECT DISTINCT pid FROM pg_locks WHERE granted AND relation = to_regclass(%s)",
        (f'epnkit."{name}"',),
    )
    pids = [pid for (pid,) in cursor.fetchall()]
    ending = " ".join(f"SELECT pg_terminate_backend({pid});" for pid in pids)
    return LoadError(
        "a table that an earlier load left cannot be dropped",
        where=service,
        why=f"a backend of it still works on epnkit.{name}: process {', '.join(map(str, pids))}",
        cure=f"Wait until it has ended, or end it, in psql: {ending}",
    )
