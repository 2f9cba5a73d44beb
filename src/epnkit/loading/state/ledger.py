"""The ledger: a run is announced before it starts, and what became of it is written where it lasts.

The announcement, a failure and its quarantine go over a connection of their own, which commits at
once; a success is written on the connection of the data, and so exists exactly when they do.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from time import monotonic, sleep
from typing import Any, Self

import polars as pl
from psycopg2.extensions import connection
from psycopg2.extras import Json, execute_values

from epnkit.errors import LoadError
from epnkit.loading.prepare.counts import Counts
from epnkit.loading.prepare.packing import writable
from epnkit.loading.prepare.preparation import REFUSAL
from epnkit.loading.state.refusals import Refusals
from epnkit.loading.state.schema import prepare_books
from epnkit.loading.table.target import Target

#: How often the lock of a service is tried, and the pause between two tries in seconds.
_TRIES, _PAUSE = 20, 0.1

#: Sessions that hold the lock of a service, kept until the process ends or the next run begins.
_HELD: dict[str, connection] = {}


@dataclass
class Run:
    """One run, from its announcement to its end.

    As a context it writes down a failure of what is done in it, whatever that is.

    Parameters
    ----------
    number : int
        Its number in the ledger.
    service : str
        Whose it is.
    own : psycopg2 connection
        The connection for what must survive a rollback; it also holds the service's lock.
    """

    number: int
    service: str
    own: connection
    counts: Counts = field(default_factory=Counts)
    seconds: dict[str, float] = field(default_factory=dict)
    refusals: Refusals = field(default_factory=Refusals)
    low: str | None = None
    high: str | None = None
    source_count: int | None = None
    _since: float = field(default_factory=monotonic)

    def __enter__(self) -> Self:
        """Begin what is written down."""
        return self

    def __exit__(self, _kind: object, error: BaseException | None, *_: object) -> None:
        """Write down a failure; what was done in the transaction is undone before."""
        if error is not None:
            self.fail(str(error) or type(error).__name__)

    def stage(self, name: str) -> None:
        """Charge the time since the last stage to this one."""
        now = monotonic()
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self._since
        self._since = now

    def succeed(self, data: connection) -> None:
        """Write the run and its quarantine on the connection of the data."""
        if not self.counts.balanced:
            raise LoadError(
                "the ledger does not balance",
                where=self.service,
                why=self.counts.summary(),
                cure="This is a fault of epnkit; the table is as it was. Please report it.",
            )
        self._quarantine(data, _SUPERSEDE)
        self._close(data, "done", None)

    def fail(self, reason: str) -> None:
        """Write the run's end and its quarantine on its own connection, after the rollback."""
        self._quarantine(self.own, _SUPERSEDE + _OF_FAILED)
        self._close(self.own, "failed", reason)

    def _close(self, where: connection, state: str, reason: str | None) -> None:
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
                f"UPDATE epnkit.runs SET {assignments}, ended = clock_timestamp()"  # noqa: S608 (names of our own)
                " WHERE run = %(run)s",
                {**values, "run": self.number},
            )

    def _quarantine(self, where: connection, supersede: str) -> None:
        for refused in self.refusals:
            texts = refused.select(*REFUSAL).with_columns(writable(pl.col(pl.String)))
            rows = [(self.number, self.service, *row) for row in texts.rows()]
            with where.cursor() as cursor:
                cursor.execute(supersede, (self.service, refused["record_key"].to_list()))
                execute_values(cursor, _QUARANTINE, rows, page_size=1000)


#: Of a record that is refused once more only the last refusal waits.
_SUPERSEDE = (
    "UPDATE epnkit.quarantine SET resolved = 'superseded'"
    " WHERE service = %s AND record_key = ANY(%s) AND resolved IS NULL"
)

#: A run that fails settles nothing of those that did not.
_OF_FAILED = " AND run IN (SELECT run FROM epnkit.runs WHERE state = 'failed')"

_QUARANTINE = (
    "INSERT INTO epnkit.quarantine"
    " (run, service, record_key, granule_uid, rule, field, reason, record) VALUES %s"
)


def next_number(target: Target) -> int:
    """Take the number of a run for an import that does not stand in the ledger."""
    ((number,),) = target.query("SELECT nextval(pg_get_serial_sequence('epnkit.runs', 'run'))")
    return int(number)


def hold(own: connection, service: str) -> None:
    """Make the books where they are missing, and take a service's lock for as long as a process.

    Parameters
    ----------
    own : psycopg2 connection
        An autocommitting connection, which keeps the lock until the process ends, or takes it once
        more.
    service : str
        Which nobody else shall load meanwhile.

    Raises
    ------
    LoadError
        Where another run of the service is going on.
    """
    held = _HELD.pop(service, None)
    if held is not None:
        held.close()
    prepare_books(own)
    with own.cursor() as cursor:
        if not _lock(cursor, service):
            raise LoadError(
                "another import of it is going on",
                where=service,
                why=_going_on(own, service),
                cure="Wait until it has ended; epnkit status shows it.",
            )
    _HELD[service] = own


def announce(own: connection, service: str, kind: str) -> Run:
    """Take the service's lock, settle what died before, and enter a new run.

    Parameters
    ----------
    own : psycopg2 connection
        An autocommitting connection, which the run keeps.
    service, kind : str
        Whose run it is, and which kind: load, window, full, reconcile, retry.

    Raises
    ------
    LoadError
        Where another run of the service is going on.
    """
    hold(own, service)
    with own.cursor() as cursor:
        cursor.execute(
            "UPDATE epnkit.runs SET state = 'interrupted', ended = clock_timestamp(), reason ="
            " 'it ended without a word: killed, or the database went away; nothing of it remains'"
            " WHERE service = %s AND state = 'running'",
            (service,),
        )
        cursor.execute(
            "INSERT INTO epnkit.runs (service, kind, state) VALUES (%s, %s, 'running')"
            " RETURNING run",
            (service, kind),
        )
        (number,) = cursor.fetchone() or (0,)
    return Run(number, service, own)


def _lock(cursor: Any, service: str) -> bool:
    """Take the lock of a service; one that just ended may need a moment to let go of it."""
    for _ in range(_TRIES):
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('epnkit'), hashtext(%s))", (service,))
        if cursor.fetchone()[0]:
            return True
        sleep(_PAUSE)
    return False


def _going_on(own: connection, service: str) -> str:
    with own.cursor() as cursor:
        cursor.execute(
            "SELECT run, started FROM epnkit.runs WHERE service = %s AND state = 'running'"
            " ORDER BY run DESC LIMIT 1",
            (service,),
        )
        row = cursor.fetchone()
    return f"run {row[0]}, since {row[1]:%Y-%m-%d %H:%M:%S}" if row else "it has just begun"
