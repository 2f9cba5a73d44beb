"""A load divided into windows of the cursor, each prepared by a process of its own.

Preparing a window needs only the service's folder and the window, so that any process can do it;
one process writes the results, in the order of the windows.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from threading import Thread

from epnkit import service as services
from epnkit.errors import ConfigurationError
from epnkit.loading.prepare.preparation import Preparation, PreparedBatch
from epnkit.sources import open_source
from epnkit.sources.base import BATCH_SIZE, CursorValue, Divisible, Source, Window

#: How many windows a process gets at least, so that none waits long for the last one.
_WINDOWS_PER_PROCESS = 4


@dataclass(frozen=True)
class WindowTask:
    """All that a process needs to prepare one window.

    Parameters
    ----------
    folder : pathlib.Path
        The service's folder.
    window : Window
        Which part of its source.
    datalink : str, optional
        Where the service's datalink is served.
    now : datetime.datetime
        The time of the run.
    """

    folder: Path
    window: Window
    datalink: str | None
    now: datetime

    def run(self) -> list[PreparedBatch]:
        """Read, map and check the window."""
        service = services.read_service(self.folder)
        source = open_source(service.source_file, service.order)
        return list(Preparation(service, self.datalink, self.now).batches(source, self.window))


def divide(window: Window, cuts: list[CursorValue]) -> list[Window]:
    """Divide a window at some values of the cursor; no record is left out or read twice.

    Parameters
    ----------
    window : Window
        The window.
    cuts : list
        Ascending values in it; records of one value stay together.

    Returns
    -------
    list of Window
        In ascending order; the last one has the records without a value, if the window has them.
    """
    bounds = list(pairwise([window.low, *cuts, window.high]))
    return [
        Window(
            low,
            high,
            low_closed=window.low_closed if number == 0 else True,
            high_closed=window.high_closed if number == len(bounds) - 1 else False,
            nulls=window.nulls and number == len(bounds) - 1,
        )
        for number, (low, high) in enumerate(bounds)
    ]


def prepare_windows(
    preparation: Preparation, source: Source, window: Window, records: int, jobs: int
) -> Iterator[PreparedBatch]:
    """Prepare a window in several processes, in the order in which one process would.

    Parameters
    ----------
    preparation : Preparation
        The service, datalink address and time for the processes.
    source : Source
        Says where to divide.
    window : Window
        What to read.
    records : int
        How many records that is: a window of one process holds a batch, or less if there are few.
    jobs : int
        How many processes; no more than twice as many windows wait to be written.

    Raises
    ------
    ConfigurationError
        If the source or the service cannot be divided.
    """
    service = preparation.service
    if service.cursor is None or not isinstance(source, Divisible):
        raise ConfigurationError(
            "the load cannot be divided among several processes",
            where=source.label,
            why="the service has no cursor"
            if service.cursor is None
            else "this kind of source cannot be divided into windows",
            cure="Load without --jobs.",
        )
    size = min(BATCH_SIZE, records // (_WINDOWS_PER_PROCESS * jobs) + 1)
    windows = divide(window, source.cut_points(window, size))
    tasks = [
        WindowTask(service.folder, each, preparation.datalink, preparation.now) for each in windows
    ]
    # Not forked: another process must not touch the database connections of this one.
    context = get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_end_with_parent) as processes:
        waiting: deque[Future[list[PreparedBatch]]] = deque()
        try:
            for task in tasks:
                waiting.append(processes.submit(task.run))
                if len(waiting) > 2 * jobs:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            processes.shutdown(cancel_futures=True)


def _end_with_parent() -> None:
    """End this process when its parent ends, even if that is killed."""
    parent = parent_process()
    if parent is not None:
        Thread(target=_exit_after, args=(parent.sentinel,), daemon=True).start()


def _exit_after(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)
