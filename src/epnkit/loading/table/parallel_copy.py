"""Copying on several connections at once, each into a part of its own.

To read the text of a polygon takes pgsphere a time that grows with the square of its vertices, and
a COPY is one backend's work on one core: it is most of a load of regions.  A row that was read once
is inserted elsewhere at almost no cost.  So each connection fills an unlogged table, which no user
of TAP sees, and the loader's own transaction takes over from all of them.
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
from epnkit.loading.prepare.preparation import BOOKED, Prepared
from epnkit.loading.table.target import ROW, Target

#: How long to wait for a connection that still holds a part: one that was killed ends in a moment.
_PATIENCE = "30s"

#: How many granules were copied, and which PostgreSQL refuses, and why.
_Done = tuple[int, list[tuple[int, str]]]

#: A batch, and what became of it.
Copied = tuple[Prepared, *_Done]


class Parts:
    """The parts of one load, open as long as the context lasts.

    Parameters
    ----------
    target : Target
        The table, on the connection that takes over; its staging table is made.
    connect : callable
        Opens a connection of the same role.
    jobs : int
        How many.
    """

    def __init__(self, target: Target, connect: Callable[[], Any], jobs: int) -> None:
        self._target, self._connect, self._jobs = target, connect, jobs
        self._parts: list[Target] = []
        self._idle: SimpleQueue[Target] = SimpleQueue()
        self._rows = 0
        self._columns: list[str] = []

    def __enter__(self) -> Self:
        """Make the parts."""
        with ExitStack() as opened:
            for number in range(self._jobs):
                connection = opened.enter_context(closing(self._connect()))
                part = self._made(connection, number)
                self._parts.append(part)
                self._idle.put(part)
            self._threads = ThreadPoolExecutor(self._jobs, thread_name_prefix="copy")
            # What is opened last ends first: no thread works on a connection that is closed.
            opened.callback(self._threads.shutdown, cancel_futures=True)
            self._open = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """End the connections; what was not taken over goes with the next :func:`clear`."""
        self._open.close()

    def copied(self, batches: Iterator[Prepared]) -> Iterator[Copied]:
        """Copy batches, and tell of each what became of it, in their order."""
        waiting: deque[tuple[Prepared, Future[_Done]]] = deque()
        for prepared in batches:
            waiting.append((prepared, self._threads.submit(self._copy, self._numbered(prepared))))
            if len(waiting) > self._jobs:
                yield _settled(*waiting.popleft())
        while waiting:
            yield _settled(*waiting.popleft())

    def take_over(self) -> None:
        """Bring all parts into the staging table, within its transaction."""
        columns = sql.SQL(", ").join(map(sql.Identifier, self._columns or (ROW,)))
        for part in self._parts:
            self._target.execute(
                "INSERT INTO {staging} ({columns}) SELECT {columns} FROM {part}",
                staging=self._target.staging,
                columns=columns,
                part=part.staging,
            )
            self._target.execute("DROP TABLE {part}", part=part.staging)

    def _made(self, connection: Any, number: int) -> Target:
        name = sql.Identifier("epnkit", f"part_{self._target.schema}_{number}")
        part = replace(self._target, connection=connection, staging=name)
        columns = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(kind))
            for column, kind in (*self._target.types(), *BOOKED.items(), (ROW, "bigint"))
        )
        part.execute("CREATE UNLOGGED TABLE {part} ({columns})", part=name, columns=columns)
        part.connection.commit()
        return part

    def _numbered(self, prepared: Prepared) -> pl.DataFrame:
        """Give each granule its place in the order of the source: of one uid the first stays."""
        granules = prepared.granules.with_row_index(ROW, self._rows)
        self._rows += len(granules)
        self._columns = granules.columns
        return granules

    def _copy(self, granules: pl.DataFrame) -> _Done:
        part = self._idle.get()
        try:
            done = part.refused_by_database(granules, direct=False)
            part.connection.commit()
        finally:
            self._idle.put(part)
        return done


def _settled(prepared: Prepared, coming: Future[_Done]) -> Copied:
    return (prepared, *coming.result())


def clear(connection: Any, service: str) -> None:
    """Drop the parts that a load left when it was broken off.

    Parameters
    ----------
    connection : psycopg2 connection
        Of the role that made them; it commits by itself.
    service : str
        Whose load; no other one of it is going on.

    Raises
    ------
    LoadError
        Where a connection of the load that was broken off still works in its part.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'epnkit' AND tablename ~ %s",
            (f"^part_{service}_[0-9]+$",),
        )
        for (name,) in cursor.fetchall():
            try:
                # One transaction, with which the limit goes.
                cursor.execute(
                    sql.SQL("SET LOCAL lock_timeout = {}; DROP TABLE IF EXISTS {}").format(
                        sql.Literal(_PATIENCE), sql.Identifier("epnkit", name)
                    )
                )
            except errors.LockNotAvailable as error:
                raise _held(cursor, service, name) from error


def _held(cursor: Any, service: str, name: str) -> LoadError:
    cursor.execute(
        "SELECT DISTINCT pid FROM pg_locks WHERE granted AND relation = to_regclass(%s)",
        (f'epnkit."{name}"',),
    )
    pids = [pid for (pid,) in cursor.fetchall()]
    ending = " ".join(f"SELECT pg_terminate_backend({pid});" for pid in pids)
    return LoadError(
        "what an earlier load left cannot be taken away",
        where=service,
        why=f"a backend of it still works in epnkit.{name}: process {', '.join(map(str, pids))}",
        cure=f"Wait until it has ended, or end it, in psql: {ending}",
    )
