"""Loads by the workers of a Dask cluster.

A worker needs this version of epnkit, the service's folder, and two credentials: the source's, and
``dachs_database``, with which it opens DaCHS's database.  Neither goes through the scheduler.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from time import monotonic
from typing import Any

import psycopg2

import epnkit
from epnkit.errors import ConfigurationError, EpnkitError, LoadError
from epnkit.loading.parallel.error_json import error_from_json, error_to_json
from epnkit.loading.parallel.task import PartTask
from epnkit.loading.parallel.work import take_parts
from epnkit.modules import requires_extra
from epnkit.sources.config.credentials import read_credential

#: The credential that opens DaCHS's database: a URL, postgresql://user:password@host/gavo.
CREDENTIAL = "dachs_database"

#: How long to wait for the scheduler, in seconds.
CONNECT_TIMEOUT = 10.0

#: How long to continue without any worker, in seconds: one may be restarting.
WAIT_FOR_WORKERS = 30.0

#: The interval at which workers are listed, in seconds.
_POLL_INTERVAL = 1.0


@dataclass
class DaskWorkers:
    """The workers of a Dask cluster, including those that join later.

    Parameters
    ----------
    address : str
        The scheduler's: ``tcp://host:port``.
    wait_for_workers : float
        How long to continue without any worker, in seconds.
    """

    address: str
    wait_for_workers: float = WAIT_FOR_WORKERS
    _futures: dict[str, Any] = field(default_factory=dict)
    _refused: dict[str, str] = field(default_factory=dict)
    _last_poll: float = 0.0
    _seen: float = 0.0

    @cached_property
    def _client(self) -> Any:
        with requires_extra("dask"):
            from distributed import Client
        try:
            return Client(self.address, timeout=CONNECT_TIMEOUT, set_as_default=False)
        except (OSError, ValueError) as error:
            raise LoadError(
                "no Dask scheduler answers there",
                where=self.address,
                why=f"{type(error).__name__}: {error}",
                cure="Start one with dask scheduler, and give its address as it prints it:"
                " --dask tcp://host:8786.",
            ) from error

    def count_workers(self) -> int:
        """Return how many workers the cluster has.

        Raises
        ------
        LoadError
            If there is no scheduler, or it has no worker.
        ConfigurationError
            If a worker has no epnkit, or not this version of it.
        """
        client = self._client
        # Whatever it raises, the list of workers shows what is wrong: none, or no scheduler.
        with suppress(Exception):
            client.wait_for_workers(1, timeout=self.wait_for_workers)
        workers = self._list_workers()
        if not workers:
            raise self._no_worker_error("it has none")
        for worker in workers:
            self._require_version(worker)
        return len(workers)

    def ensure_running(self, task: PartTask) -> None:
        """Start the work on each worker that does not take parts.

        Raises
        ------
        LoadError
            If the scheduler is gone, or no worker is left.
        ConfigurationError
            If none of the workers can work, with what the first one lacks.
        """
        now = monotonic()
        if now < self._last_poll + _POLL_INTERVAL:
            return
        first, self._last_poll = not self._last_poll, now
        workers = self._list_workers()
        for gone in self._futures.keys() - {*workers}:
            self._futures.pop(gone).cancel()
        for worker in workers:
            if worker not in self._refused:
                self._ensure_working(worker, task, first)
        if self._futures:
            self._seen = now
        elif now > (self._seen or now) + self.wait_for_workers:
            lacks = next(iter(self._refused.values()), "the last one has gone")
            raise self._no_worker_error(lacks)
        self._seen = self._seen or now

    def _ensure_working(self, worker: str, task: PartTask, first: bool) -> None:
        future = self._futures.get(worker)
        if future is not None and not future.done():
            return
        if future is None:
            try:
                self._require_version(worker)
                self._require_ready(worker, task)
            except ConfigurationError as error:
                if first:
                    raise
                # One that joined later does not end the load of the others.
                self._refused[worker] = str(error)
                return
        self._futures[worker] = self._client.submit(
            take_parts_from_json, task.to_json(), workers=[worker], pure=False, retries=0
        )

    def _list_workers(self) -> list[str]:
        with self._report_scheduler():
            return sorted(self._client.scheduler_info()["workers"])

    def _require_version(self, worker: str) -> None:
        # A function of Python's own: it is found where epnkit is not.
        with self._report_scheduler():
            answer = self._client.run(version, "epnkit", workers=[worker], on_error="return")
        found = answer.get(worker)
        if found != epnkit.__version__:
            raise ConfigurationError(
                "a worker has no epnkit"
                if isinstance(found, Exception)
                else f"a worker has epnkit {found}, and the loader {epnkit.__version__}",
                where=worker,
                cure=f"Install it in the worker's Python: pip install \"epnkit[dask]=="
                f'{epnkit.__version__}", with the extras of the service, and restart the worker.',
            )

    def _require_ready(self, worker: str, task: PartTask) -> None:
        with self._report_scheduler():
            answer = self._client.run(
                find_problem, task.to_json(), workers=[worker], on_error="return"
            )
        require_no_problem(worker, answer.get(worker))

    @contextmanager
    def _report_scheduler(self) -> Iterator[None]:
        """Raise a LoadError if the scheduler is gone."""
        try:
            yield
        except EpnkitError:
            raise
        except (OSError, RuntimeError, TypeError, ValueError) as error:
            raise LoadError(
                "the Dask scheduler is gone",
                where=self.address,
                why=f"{type(error).__name__}: {error}",
                cure="The table is unchanged. Start scheduler and workers, and load again.",
            ) from error

    def _no_worker_error(self, why: str) -> LoadError:
        return LoadError(
            "the Dask scheduler has no worker for the load",
            where=self.address,
            why=why,
            cure=f"Start some, on any machine: dask worker {self.address} --nthreads 1.",
        )

    def close(self) -> None:
        """Cancel the work that has not ended, and disconnect from the cluster."""
        if "_client" in self.__dict__:
            # Whatever it raises if the scheduler is gone, the load's own error is to be reported.
            with suppress(Exception):
                self._client.cancel([*self._futures.values()])
            self._client.close(timeout=CONNECT_TIMEOUT)


def take_parts_from_json(task: str) -> int:
    """Take the parts of a run on a worker, until there is none left."""
    return take_parts(PartTask.from_json(task), connect)


def require_no_problem(worker: str, problem: dict[str, Any] | Exception | None) -> None:
    """Refuse a worker that cannot work.

    Parameters
    ----------
    worker : str
        Its address.
    problem : dict or Exception, optional
        What :func:`find_problem` returned on it, or the error that Dask got instead.

    Raises
    ------
    ConfigurationError
        If there is a problem.
    """
    if isinstance(problem, Exception):
        problem = error_to_json(problem, worker)
    if problem is not None:
        found = error_from_json(problem)
        raise ConfigurationError(
            f"a worker cannot work: {found.what}",
            where=": ".join(filter(None, (worker, found.where))),
            why=found.why,
            cure=found.cure,
        )


def find_problem(task: str) -> dict[str, Any] | None:
    """Find what a worker lacks to work on a run; None if it lacks nothing."""
    try:
        PartTask.from_json(task).open()
        connection = connect()
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM epnkit.load_parts WHERE run IS NULL")
        connection.close()
    except psycopg2.Error as error:
        lacking = _rights_error(str(error))
        return error_to_json(lacking, "")
    except Exception as error:  # noqa: BLE001 - the loader raises it
        return error_to_json(error, "")
    return None


def connect() -> Any:
    """Open an autocommitting connection to DaCHS's database by the worker's credential.

    Raises
    ------
    ConfigurationError
        If there is no such credential, or it opens nothing.
    """
    secret = read_credential(CREDENTIAL)
    try:
        connection = psycopg2.connect(secret.reveal())
    except psycopg2.Error as error:
        raise ConfigurationError(
            "DaCHS's database cannot be opened from here",
            where=f"the credential {CREDENTIAL}",
            why=secret.scrub(" ".join(str(error).split())),
            cure="Correct it: postgresql://user:password@host:5432/gavo; let PostgreSQL listen to"
            " this machine (listen_addresses, pg_hba.conf).",
        ) from None
    connection.autocommit = True
    return connection


def _rights_error(why: str) -> ConfigurationError:
    return ConfigurationError(
        "the role of the worker may not use the tables of a parallel load",
        where=f"the credential {CREDENTIAL}",
        why=" ".join(why.split()),
        cure="As DaCHS's administrator: GRANT USAGE ON SCHEMA epnkit, SELECT and UPDATE ON"
        " epnkit.load_parts, SELECT, INSERT and DELETE ON epnkit.load_batches.",
    )
