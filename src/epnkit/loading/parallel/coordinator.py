"""The loader's side: plan the parts of a run, and read their batches in the order of the source."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import Any

from epnkit.errors import LoadError
from epnkit.loading.parallel.error_json import error_from_json
from epnkit.loading.parallel.executors import Executor
from epnkit.loading.parallel.queue import ATTEMPTS, LEASE, PartQueue, PartsProgress, forget_parts
from epnkit.loading.parallel.task import PartTask
from epnkit.loading.parallel.windows import plan_windows
from epnkit.loading.prepare.preparation import Preparation, PreparedBatch
from epnkit.loading.progress.lines import Progress
from epnkit.loading.state.declarations import Hashes
from epnkit.sources.base import Source, Window

#: How many parts a worker may be ahead of the loader: waiting batches take up space.
_AHEAD = 4

#: The interval at which to check whether a part is done, in seconds.
_PAUSE = 0.05


@dataclass(frozen=True)
class Coordinator:
    """Prepares the windows of one run in several processes.

    Parameters
    ----------
    executor : Executor
        Runs the workers.
    connect : callable
        Opens an autocommitting connection of DaCHS's administrator.
    source_file : pathlib.Path
        The source file, in the service's folder.
    lease : float
        How long a part belongs to a worker that gives no sign of life, in seconds.
    """

    executor: Executor
    connect: Callable[[], Any]
    source_file: Path
    lease: float = LEASE

    def prepare(
        self,
        preparation: Preparation,
        source: Source,
        window: Window,
        *,
        records: int,
        run: int,
        declaration: Hashes,
        progress: Progress,
    ) -> Generator[PreparedBatch]:
        """Prepare a window, in the order in which one process would.

        Parameters
        ----------
        preparation : Preparation
            The service, datalink address and time.
        source : Source
            Says where to divide.
        window : Window
            What to read.
        records : int
            How many records that is.
        run : int
            The run's number in the ledger.
        declaration : dict of str to str
            Hashes of the service's declaration.
        progress : Progress
            Is notified of parts and workers.

        Yields
        ------
        PreparedBatch
            Each batch.

        Raises
        ------
        ConfigurationError
            If the source or the service cannot be divided.
        EpnkitError
            If there are no workers, or what one of them raised.
        """
        service, workers = preparation.service, self.executor.count_workers()
        windows = plan_windows(service, source, window, records, workers)
        task = PartTask(
            run,
            self.source_file,
            declaration,
            preparation.datalink,
            preparation.now,
            _AHEAD * workers,
            self.lease,
            skips_unchanged=preparation.find_loaded is not None,
        )
        with closing(self.connect()) as connection, closing(self.executor):
            queue = PartQueue(connection, run)
            queue.add(service.name, windows)
            for number in range(len(windows)):
                self._await_part(queue, number, task, len(windows), progress)
                for batch in queue.read_batches(number):
                    yield PreparedBatch.from_bytes(batch)
                queue.mark_loaded(number)
            forget_parts(connection, service.name)

    def _await_part(
        self, queue: PartQueue, number: int, task: PartTask, parts: int, progress: Progress
    ) -> None:
        while True:
            state = queue.read_progress()
            progress.report_parts(state.done, parts, state.workers)
            _raise_problem(state)
            if state.pending:
                self.executor.ensure_running(task)
            if queue.is_done(number):
                return
            sleep(_PAUSE)


def _raise_problem(state: PartsProgress) -> None:
    if state.problem is not None:
        raise error_from_json(state.problem)
    if state.exhausted is not None:
        raise LoadError(
            f"part {state.exhausted} was tried {ATTEMPTS} times, and each worker died",
            why="mostly a lack of memory, or a record that ends the process",
            cure="The table is unchanged. See the system's log on the worker's machine; load"
            " without --jobs and --dask to find the record.",
        )
