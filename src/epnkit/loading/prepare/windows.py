"""A load cut into windows of the cursor, each prepared by a process of its own.

Preparing a window depends on nothing but the service's folder and the window, so that any process
may do it; one writer takes what they made, in the order of the windows.
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
from epnkit.loading.prepare.preparation import Preparation, Prepared
from epnkit.sources import open_source
from epnkit.sources.base import BATCH_SIZE, CursorValue, Divisible, Source, Window

#: How many windows a process gets at least, so that none waits long for the last one.
_EACH = 4


@dataclass(frozen=True)
class Task:
    """All that a process needs to prepare one window.

    Parameters
    ----------
    folder : pathlib.Path
        The service's.
    window : Window
        What of its source.
    datalink : str, optional
        Where the service's datalink is served.
    now : datetime.datetime
        The time of the run.
    """

    folder: Path
    window: Window
    datalink: str | None
    now: datetime

    def run(self) -> list[Prepared]:
        """Read, map and judge the window."""
        service = services.load(self.folder)
        source = open_source(service.source_file, service.order)
        return list(Preparation(service, self.datalink, self.now).batches(source, self.window))


def divide(window: Window, cuts: list[CursorValue]) -> list[Window]:
    """Cut a window at some values of the cursor; none of its records is left out or had twice.

    Parameters
    ----------
    window : Window
        What is to be cut.
    cuts : list
        Ascending values inside it; records of one value stay together.

    Returns
    -------
    list of Window
        In ascending order; the last one has the records without a value, where the window has.
    """
    ends = list(pairwise([window.low, *cuts, window.high]))
    return [
        Window(
            low,
            high,
            low_closed=window.low_closed if number == 0 else True,
            high_closed=window.high_closed if number == len(ends) - 1 else False,
            nulls=window.nulls and number == len(ends) - 1,
        )
        for number, (low, high) in enumerate(ends)
    ]


def batches(
    preparation: Preparation, source: Source, window: Window, records: int, jobs: int
) -> Iterator[Prepared]:
    """Prepare a window in several processes, in the order in which one would give it.

    Parameters
    ----------
    preparation : Preparation
        Whose service, datalink and time the processes take.
    source : Source
        Is asked where to cut.
    window : Window
        What is to be read.
    records : int
        How many that are: a window of one process holds a batch, or less where there are few.
    jobs : int
        How many processes; no more than twice as many windows wait to be written.

    Raises
    ------
    ConfigurationError
        Where the source or the service does not know how to be divided.
    """
    service = preparation.service
    if service.cursor is None or not isinstance(source, Divisible):
        raise ConfigurationError(
            "the load cannot be divided among several processes",
            where=source.label,
            why="the service has no cursor"
            if service.cursor is None
            else "this kind of source cannot be cut into windows",
            cure="Leave --jobs out.",
        )
    size = min(BATCH_SIZE, records // (_EACH * jobs) + 1)
    windows = divide(window, source.cuts(window, size))
    tasks = [Task(service.folder, each, preparation.datalink, preparation.now) for each in windows]
    # Not forked: the database connections of this process are no other's to touch.
    context = get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_end_with_parent) as processes:
        waiting: deque[Future[list[Prepared]]] = deque()
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
    """Let this process end when the one that asked it ends, also by a kill: none would ask more."""
    parent = parent_process()
    if parent is not None:
        Thread(target=_watch, args=(parent.sentinel,), daemon=True).start()


def _watch(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)
