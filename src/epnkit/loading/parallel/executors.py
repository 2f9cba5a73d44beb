"""What runs the workers of a load: processes of this machine, or a Dask cluster."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from epnkit.errors import LoadError
from epnkit.loading.parallel.queue import ATTEMPTS
from epnkit.loading.parallel.task import PartTask


class Executor(Protocol):
    """What runs :func:`~epnkit.loading.parallel.work.take_parts`, as often as it can."""

    def count_workers(self) -> int:
        """Return how many workers there are, before any is started.

        Raises
        ------
        EpnkitError
            If none can work.
        """
        ...

    def ensure_running(self, task: PartTask) -> None:
        """Start the workers that do not run; called repeatedly, from the first time on.

        Raises
        ------
        EpnkitError
            If none is left that can work.
        """
        ...

    def close(self) -> None:
        """End the work of all workers, finished or not."""
        ...


@dataclass
class LocalProcesses:
    """Processes of this machine.

    Parameters
    ----------
    jobs : int
        How many.
    database : mapping
        How they connect to DaCHS's database: arguments of ``psycopg2.connect``.
    """

    jobs: int
    database: Mapping[str, Any]
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _ended: int = 0

    def count_workers(self) -> int:
        """Return how many processes there will be."""
        return self.jobs

    def ensure_running(self, task: PartTask) -> None:
        """Start processes, also in place of those that ended while there was work.

        Raises
        ------
        LoadError
            If they end repeatedly.
        """
        ended = [each for each in self._running if each.poll() is not None]
        self._ended += sum(each.returncode != 0 for each in ended)
        if self._ended > ATTEMPTS * self.jobs:
            raise LoadError(
                "the processes that share the load end repeatedly",
                why=f"the last one with status {ended[-1].returncode}",
                cure="Their standard error says why; -9 is mostly the system's lack of memory: give"
                " epnkit load fewer --jobs.",
            )
        self._end(ended)
        while len(self._running) < self.jobs:
            self._running.append(self._start(task))

    def _start(self, task: PartTask) -> subprocess.Popen[bytes]:
        # A fresh interpreter: a fork would share the loader's connections, and spawn would import
        # all of DaCHS again.
        command = [sys.executable, "-P", "-m", "epnkit.loading.parallel.process"]
        started = subprocess.Popen(  # noqa: S603 - this interpreter
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        )
        lines = f"{task.to_json()}\n{json.dumps(dict(self.database))}\n"
        with suppress(BrokenPipeError):  # it has ended; the next call sees that
            assert started.stdin is not None  # noqa: S101 - for mypy
            started.stdin.write(lines.encode())
            started.stdin.flush()
        return started

    def close(self) -> None:
        """Kill the processes, and wait until they have ended."""
        self._end(self._running)

    def _end(self, processes: Sequence[subprocess.Popen[bytes]]) -> None:
        for each in processes:
            each.kill()
        for each in processes:
            with suppress(BrokenPipeError), each:  # waits, and closes its input
                pass
        self._running = [each for each in self._running if each not in processes]
