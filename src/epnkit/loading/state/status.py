"""The state of a service: the state tables, compared with the service's table."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psycopg2 import sql

from epnkit.errors import LoadError
from epnkit.loading.state import declarations
from epnkit.loading.state.lock_holder import INTERRUPTED, is_locked
from epnkit.loading.state.queries import query_dicts
from epnkit.loading.table.catalog import has_tracking, table_exists, tracking_name


@dataclass(frozen=True)
class ServiceStatus:
    """The state of a service.

    Parameters
    ----------
    service : str
        Its name.
    rows, tracked : int
        Granules in the table, and in its tracking table.
    unmatched : int
        Granules in only one of the two.
    quarantined : int
        Records in quarantine that are not resolved.
    cursor : dict or None
        Its kind, value and run.
    runs : list of dict
        The last runs, newest first.
    stale : StaleDeclaration, optional
        What has changed in the declaration since the granules were made; None if nothing.
    parts : list of dict
        The parts of a parallel load, while it runs.
    """

    service: str
    rows: int
    tracked: int
    unmatched: int
    quarantined: int
    cursor: dict[str, Any] | None
    runs: list[dict[str, Any]]
    stale: declarations.StaleDeclaration | None = None
    parts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def consistent(self) -> bool:
        """Whether table and tracking table agree, row by row."""
        return self.unmatched == 0 and self.rows == self.tracked


def read_status(
    connection: Any, service: str, last: int = 10, folder: Path | None = None
) -> ServiceStatus:
    """Read the state of a service; the table's rows are counted, not taken from the ledger.

    Parameters
    ----------
    connection : psycopg2 connection
        To DaCHS's database.
    service : str
        Its name.
    last : int
        How many runs to read.
    folder : pathlib.Path, optional
        Where the service is declared now, to be compared with the declaration of its granules.

    Raises
    ------
    LoadError
        If the service was never loaded with epnkit.
    """
    table, tracking = (
        sql.Identifier(service, "epn_core"),
        sql.Identifier("epnkit", tracking_name(service)),
    )
    # Checked first, since a failing query would end the transaction.
    if not (table_exists(connection, service, "epn_core") and has_tracking(connection, service)):
        raise _no_table_error(connection, service)
    rows, tracked, unmatched = _query_row(
        connection, sql.SQL(_COUNTS).format(table=table, tracking=tracking)
    )
    (quarantined,) = _query_row(connection, _WAITING, service)
    cursor = query_dicts(
        connection, "SELECT kind, value, run FROM epnkit.cursors WHERE service = %s", service
    )
    runs = query_dicts(
        connection,
        "SELECT * FROM epnkit.runs WHERE service = %s ORDER BY run DESC LIMIT %s",
        service,
        last,
    )
    if any(run["state"] == "running" for run in runs) and not is_locked(connection, service):
        runs = [_as_interrupted(run) for run in runs]
    stale = None if folder is None else declarations.find_stale(connection, service, folder)
    return ServiceStatus(
        service,
        rows,
        tracked,
        unmatched,
        quarantined,
        cursor[0] if cursor else None,
        runs,
        stale,
        read_parts(connection, service),
    )


def read_parts(connection: Any, service: str) -> list[dict[str, Any]]:
    """Read the parts of a parallel load, while it runs.

    Parameters
    ----------
    connection : psycopg2 connection
        To DaCHS's database.
    service : str
        The service.
    """
    return query_dicts(connection, _PARTS, service)


def summarise_parts(parts: list[dict[str, Any]]) -> str:
    """Describe the progress of the parts of a load in a line; empty if there are none.

    Parameters
    ----------
    parts : list of dict
        The parts, from :func:`read_parts`.

    Examples
    --------
    >>> summarise_parts([{"run": 7, "state": "done"}, {"run": 7, "state": "waiting"}])
    'run 7 is a parallel load, in 2 parts: 1 done, 1 waiting'
    """
    if not parts:
        return ""
    counts = Counter(part["state"] for part in parts)
    each = ", ".join(f"{counts[state]} {state}" for state in _STATES if counts[state])
    return f"run {parts[0]['run']} is a parallel load, in {len(parts)} parts: {each}"


#: The states of parts, from their last one back.
_STATES = ("loaded", "done", "running", "failed", "waiting")

#: Parts of an interrupted run remain until the next run starts.
_PARTS = """
    SELECT p.run, part, p.state, attempts, worker, p.started, p.ended, lease, records, granules,
           refused, content
    FROM epnkit.load_parts p JOIN epnkit.runs r USING (run)
    WHERE p.service = %s AND r.state = 'running' ORDER BY part
"""


def _as_interrupted(run: dict[str, Any]) -> dict[str, Any]:
    """Return a run that has ended without a report as interrupted, as the next run marks it."""
    if run["state"] != "running":
        return run
    return {**run, "state": "interrupted", "reason": f"{INTERRUPTED}; load again"}


def _no_table_error(connection: Any, service: str) -> LoadError:
    """Return the error that nothing is loaded, with how the last attempt ended."""
    where = f"{service}.epn_core"
    what = "it has no table, or none that epnkit loaded"
    if table_exists(connection, "epnkit", "quarantine"):
        waiting = _query_row(connection, _WAITING, service)[0]
        if parts := read_parts(connection, service):
            return LoadError(
                what,
                where=where,
                why=f"it is being loaded: {summarise_parts(parts)}",
                cure="Wait until it has ended, and ask again.",
            )
        failed = query_dicts(connection, _LAST_FAILURE, service)
        if failed:
            seen = f"{waiting} records that it refused: epnkit quarantine list {service}. "
            return LoadError(
                what,
                where=where,
                why=f"run {failed[0]['run']} failed: {failed[0]['reason']}",
                cure=(seen if waiting else "")
                + "Correct the mapping or the source, then epnkit deploy its folder again.",
            )
    return LoadError(what, where=where, cure=f"Deploy it first: epnkit deploy {service}.")


_WAITING = "SELECT count(*) FROM epnkit.quarantine WHERE service = %s AND resolved IS NULL"

_LAST_FAILURE = (
    "SELECT run, reason FROM epnkit.runs WHERE service = %s AND state = 'failed'"
    " ORDER BY run DESC LIMIT 1"
)

_COUNTS = """
    SELECT (SELECT count(*) FROM {table}), (SELECT count(*) FROM {tracking}),
           (SELECT count(*) FROM {table} t FULL JOIN {tracking} tracked USING (granule_uid)
            WHERE t.tableoid IS NULL OR tracked.epnkit_key IS NULL)
"""


def _query_row(connection: Any, query: Any, *values: object) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        row: tuple[Any, ...] = cursor.fetchone()
        return row
