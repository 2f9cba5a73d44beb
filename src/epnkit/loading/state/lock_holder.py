"""The session and the run that hold the lock of a service."""

from __future__ import annotations

from typing import Any

from epnkit.loading.table.catalog import table_exists

#: The session that holds the lock. PostgreSQL shows the two keys of an advisory lock as numbers
#: without sign (documentation of the view pg_locks).
_HOLDER = """
    SELECT a.pid, a.usename, COALESCE(host(a.client_addr), 'this machine')
    FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND l.classid::bigint = (hashtext('epnkit')::bigint & 4294967295)
      AND l.objid::bigint = (hashtext(%s)::bigint & 4294967295)
"""

#: The reason of a run that is said to be running although no session holds the lock.
INTERRUPTED = "it ended without a report: killed, or the database went away; nothing of it remains"

#: The run that holds it, and its duration in seconds.
_RUNNING = """
    SELECT run, kind, started, extract(epoch FROM clock_timestamp() - started)
    FROM epnkit.runs WHERE service = %s AND state = 'running' ORDER BY run DESC LIMIT 1
"""


def is_locked(connection: Any, service: str) -> bool:
    """Return whether a session holds the lock of a service, so that an import of it is running.

    Parameters
    ----------
    connection : psycopg2 connection
        A connection to DaCHS's database.
    service : str
        The service.
    """
    with connection.cursor() as cursor:
        cursor.execute(_HOLDER, (service,))
        return cursor.fetchone() is not None


def describe_holder(connection: Any, service: str) -> str:
    """Describe the run that holds the lock of a service: its user, its session and its duration.

    Parameters
    ----------
    connection : psycopg2 connection
        A connection to DaCHS's database.
    service : str
        The service.

    Returns
    -------
    str
        ``run 7 (remap) since 12:30:05, 14 s now, by user dachsroot from this machine, process 711
        of PostgreSQL``; empty if nobody holds the lock.
    """
    with connection.cursor() as cursor:
        cursor.execute(_HOLDER, (service,))
        holder = cursor.fetchone()
        if holder is None:
            return ""
        run = None
        if table_exists(connection, "epnkit", "runs"):
            cursor.execute(_RUNNING, (service,))
            run = cursor.fetchone()
    process, user, host = holder
    whom = f"by user {user} from {host}, process {process} of PostgreSQL"
    if run is None:
        return f"it has just started, {whom}"
    number, kind, started, seconds = run
    return f"run {number} ({kind}) since {started:%H:%M:%S}, {float(seconds):.0f} s now, {whom}"
