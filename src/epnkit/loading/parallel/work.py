"""The work of a worker: taking parts of a run, mapping them and storing the batches."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from hashlib import blake2b
from threading import Event, Thread
from time import sleep
from typing import Any

import psycopg2

from epnkit.loading.parallel.error_json import error_to_json
from epnkit.loading.parallel.queue import PartQueue, TakenPart
from epnkit.loading.parallel.task import PartTask
from epnkit.loading.prepare.counts import Counts
from epnkit.loading.prepare.preparation import Preparation
from epnkit.loading.table.loaded_records import LoadedRecords
from epnkit.sources.base import Source
from epnkit.sources.transport.prefetch import prefetch

#: How long to wait for a part that may be taken, in seconds.
_PAUSE = 0.2

#: How many times a lease is renewed before it would run out.
_RENEWALS = 4


def take_parts(task: PartTask, connect: Callable[[], Any]) -> int:
    """Take parts until there is none left, and map each.

    An error of a part is stored in its row, for the loader to raise.

    Parameters
    ----------
    task : PartTask
        The run.
    connect : callable
        Opens an autocommitting connection to DaCHS's database.

    Returns
    -------
    int
        How many parts this worker did.
    """
    worker, done = f"{socket.gethostname()}:{os.getpid()}", 0
    opened: tuple[Preparation, Source] | None = None
    with closing(connect()) as connection:
        queue = PartQueue(connection, task.run, task.lease)
        while not queue.is_over():
            part = queue.take(worker, task.ahead)
            if part is None:
                sleep(_PAUSE)
                continue
            try:
                opened = opened or _open(task, queue)
                done += map_part(queue, part, *opened)
            except psycopg2.Error:
                raise  # the run has ended, or the database is gone; then the lease runs out
            except Exception as error:  # noqa: BLE001 - the loader raises it
                queue.fail(part, error_to_json(error, worker))
    return done


def _open(task: PartTask, queue: PartQueue) -> tuple[Preparation, Source]:
    preparation, source = task.open()
    loaded = LoadedRecords(queue.connection, preparation.service.name)
    if task.skips_unchanged and loaded.table is not None:
        # While a batch is read, another thread stores the one before.
        preparation = replace(preparation, find_loaded=queue.in_turn(loaded.find))
    return preparation, source


def map_part(queue: PartQueue, part: TakenPart, preparation: Preparation, source: Source) -> bool:
    """Read, map and check one part, and store its batches.

    Parameters
    ----------
    queue : PartQueue
        The parts of the run.
    part : TakenPart
        The part, which this worker has taken.
    preparation : Preparation
        How its records are mapped.
    source : Source
        Where they come from.

    Returns
    -------
    bool
        Whether it counts; if not, another worker has taken the part meanwhile.
    """
    counts, granules, digest = Counts(), 0, blake2b(digest_size=16)
    with keep_lease(queue, part):
        # While the source is read, the previous batch is packed and stored.
        with closing(prefetch(preparation.batches(source, part.window))) as batches:
            for nth, prepared in enumerate(batches):
                batch = prepared.to_bytes()
                digest.update(batch)
                queue.store(part, nth, batch)
                counts.add(prepared.counts)
                granules += len(prepared.granules)
        return queue.finish(part, counts, granules, digest.hexdigest())


@contextmanager
def keep_lease(queue: PartQueue, part: TakenPart) -> Iterator[None]:
    """Renew the lease of a part, in a thread, as long as the context lasts."""
    ended = Event()

    def renew() -> None:
        while not ended.wait(queue.lease / _RENEWALS):
            try:
                if not queue.renew(part):
                    return
            except psycopg2.Error:
                return  # the next use of the connection raises it as well

    thread = Thread(target=renew, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
