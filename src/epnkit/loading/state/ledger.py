"""The ledger: an entry for each run, written before it starts and completed when it ends.

The start of a run, its failure and the quarantine of a failed run are written over a separate
autocommitting connection; a success is written over the connection of the data, so that both are
committed together.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from time import monotonic, sleep
from typing import Any, Self

import polars as pl
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class
from psycopg2.extras import Json, execute_values

from epnkit.errors import LoadError
from epnkit.loading.prepare.columns import REFUSAL
from epnkit.loading.prepare.counts import Counts
from epnkit.loading.prepare.packing import escape_nul
from epnkit.loading.state.lock_holder import INTERRUPTED, describe_holder
from epnkit.loading.state.refusals import Refusals
from epnkit.loading.state.schema import create_state_schema
from epnkit.loading.table.target import Target

#: The number of attempts to lock a service, and the pause between two of them in seconds.
_TRIES, _PAUSE = 20, 0.1

#: Sessions that hold the lock of a service, kept until the process ends or the next run begins.
_LOCK_SESSIONS: dict[str, Connection] = {}


@dataclass
class Run:
    """One run, from its entry in the ledger to its end.

    As a context manager it records any failure of the work in it.

    Parameters
    ----------
    number : int
        Its number in the ledger.
    service : str
        The service that is loaded.
    connection : psycopg2 connection
        A separate connection, which a rollback of the data does not affect; it holds the service's
        lock.
    """

    number: int
    service: str
    connection: Connection
    counts: Counts = field(default_factory=Counts)
    seconds: dict[str, float] = field(default_factory=dict)
    refusals: Refusals = field(default_factory=Refusals)
    low: str | None = None
    high: str | None = None
    source_count: int | None = None
    _since: float = field(default_factory=monotonic)

    def __enter__(self) -> Self:
        """Begin the work."""
        return self

    def __exit__(self, _kind: object, error: BaseException | None, *_: object) -> None:
        """Record a failure; the data's transaction has been rolled back before."""
        if error is not None:
            self.fail(str(error) or type(error).__name__)

    def add_time(self, name: str) -> None:
        """Add the time since the last call to a stage."""
        now = monotonic()
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self._since
        self._since = now

    def succeed(self, data: Connection) -> None:
        """Write the run and its quarantine over the connection of the data.

        Parameters
        ----------
        data : psycopg2 connection
            The connection of the data.

        Raises
        ------
        LoadError
            If a record is not accounted for.
        """
        if not self.counts.balanced:
            raise LoadError(
                "the ledger does not balance",
                where=self.service,
                why=self.counts.summary(),
                cure="This is a fault of epnkit; the table is unchanged. Please report it.",
            )
        self._quarantine(data, _SUPERSEDE)
        self._end(data, "done", None)

    def fail(self, reason: str) -> None:
        """Write failure and quarantine over the run's own connection, after the rollback."""
        self._quarantine(self.connection, _SUPERSEDE + _FAILED_RUNS_ONLY)
        self._end(self.connection, "failed", reason)

    def _end(self, where: Connection, state: str, reason: str | None) -> None:
        values: dict[str, Any] = {
            **asdict(self.counts),
            "state": state,
            "low": self.low,
            "high": self.high,
            "source_count": self.source_count,
            "seconds": Json({name: round(value, 3) for name, value in self.seconds.items()}),
            "reason": reason,
        }
        assignments = ", ".join(f"{name} = %({name})s" for name in values)
        with where.cursor() as cursor:
            cursor.execute(
                f"UPDATE epnkit.runs SET {assignments}, ended = clock_timestamp()"  # noqa: S608 (names of this module)
                " WHERE run = %(run)s",
                {**values, "run": self.number},
            )

    def _quarantine(self, where: Connection, supersede: str) -> None:
        for refused in self.refusals:
            texts = refused.select(*REFUSAL).with_columns(escape_nul(pl.col(pl.String)))
            rows = [(self.number, self.service, *row) for row in texts.rows()]
            with where.cursor() as cursor:
                cursor.execute(supersede, (self.service, refused["record_key"].to_list()))
                execute_values(cursor, _QUARANTINE, rows, page_size=1000)


#: If a record is refused again, only its last refusal stays unresolved.
_SUPERSEDE = (
    "UPDATE epnkit.quarantine SET resolved = 'superseded'"
    " WHERE service = %s AND record_key = ANY(%s) AND resolved IS NULL"
)

#: A failed run supersedes only refusals of failed runs.
_FAILED_RUNS_ONLY = " AND run IN (SELECT run FROM epnkit.runs WHERE state = 'failed')"

_QUARANTINE = (
    "INSERT INTO epnkit.quarantine"
    " (run, service, record_key, granule_uid, rule, field, reason, record) VALUES %s"
)


def take_run_number(target: Target) -> int:
    """Take a run's number for an import that is not entered in the ledger."""
    ((number,),) = target.query("SELECT nextval(pg_get_serial_sequence('epnkit.runs', 'run'))")
    return int(number)


def lock_service(admin: Connection, service: str) -> None:
    """Create the state schema if it is missing, and lock a service until the process ends.

    Parameters
    ----------
    admin : psycopg2 connection
        An autocommitting connection, which holds the lock until the process ends or locks again.
    service : str
        The service, which no other process can load then.

    Raises
    ------
    LoadError
        If another run of the service has not ended.
    """
    held = _LOCK_SESSIONS.pop(service, None)
    if held is not None:
        held.close()
    create_state_schema(admin)
    with admin.cursor() as cursor:
        if not _try_lock(cursor, service):
            raise LoadError(
                "another import of it is running",
                where=service,
                why=describe_holder(admin, service),
                cure="Wait until it has ended; epnkit status shows it.",
            )
    _LOCK_SESSIONS[service] = admin


def start_run(admin: Connection, service: str, kind: str) -> Run:
    """Lock the service, mark runs that were killed as interrupted, and enter a new run.

    Parameters
    ----------
    admin : psycopg2 connection
        An autocommitting connection, which the run keeps.
    service, kind : str
        The service, and the kind of run: load, window, full, remap, reconcile, retry or
        release.

    Raises
    ------
    LoadError
        If another run of the service has not ended.
    """
    lock_service(admin, service)
    with admin.cursor() as cursor:
        cursor.execute(
            "UPDATE epnkit.runs SET state = 'interrupted', ended = clock_timestamp(), reason = %s"
            " WHERE service = %s AND state = 'running'",
            (INTERRUPTED, service),
        )
        cursor.execute(
            "INSERT INTO epnkit.runs (service, kind, state) VALUES (%s, %s, 'running')"
            " RETURNING run",
            (service, kind),
        )
        (number,) = cursor.fetchone() or (0,)
    return Run(number, service, admin)


def _try_lock(cursor: Any, service: str) -> bool:
    """Try to lock a service; a process that has just ended may hold the lock a little longer."""
    for _ in range(_TRIES):
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('epnkit'), hashtext(%s))", (service,))
        if cursor.fetchone()[0]:
            return True
        sleep(_PAUSE)
    return False
