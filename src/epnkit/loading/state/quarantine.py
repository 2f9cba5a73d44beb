"""The records that were refused: listed, shown, dropped, and named for another try."""

from __future__ import annotations

from typing import Any

from psycopg2 import sql
from psycopg2.extras import RealDictCursor

from epnkit.errors import LoadError

_LISTED = (
    "SELECT entry, run, record_key, granule_uid, rule, field, reason, refused, resolved"
    " FROM epnkit.quarantine WHERE service = %s AND (resolved IS NULL OR %s)"
    " ORDER BY entry DESC LIMIT %s"
)

#: Of a service: what waits of the entries that are named, or all that waits.
_WAITING = sql.SQL("service = %s AND resolved IS NULL AND (%s OR entry = ANY(%s))")

_DROP = sql.SQL("UPDATE epnkit.quarantine SET resolved = 'dropped' WHERE {}").format(_WAITING)

_KEYS = sql.SQL("SELECT DISTINCT record_key FROM epnkit.quarantine WHERE {} ORDER BY 1").format(
    _WAITING
)


def entries(connection: Any, service: str, *, settled: bool, limit: int) -> list[dict[str, Any]]:
    """List what lies in quarantine, newest first.

    Parameters
    ----------
    connection : psycopg2 connection
        To DaCHS's database.
    service : str
        Whose records.
    settled : bool
        Whether those too that were loaded later, or dropped.
    limit : int
        At most so many.
    """
    return _rows(connection, _LISTED, service, settled, limit)


def entry(connection: Any, number: int) -> dict[str, Any]:
    """Give one entry, with the record as the source gave it.

    Raises
    ------
    LoadError
        Where there is no such entry.
    """
    rows = _rows(connection, "SELECT * FROM epnkit.quarantine WHERE entry = %s", number)
    if not rows:
        raise LoadError(
            f"there is no entry {number}", where="quarantine", cure="See epnkit quarantine list."
        )
    return rows[0]


def drop(connection: Any, service: str, numbers: list[int] | None) -> int:
    """Mark entries as dropped: their records are known, and nobody waits for them.

    Parameters
    ----------
    connection : psycopg2 connection
        To DaCHS's database.
    service : str
        Whose records.
    numbers : list of int, optional
        Which; None for all of the service that wait.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DROP, _chosen(service, numbers))
        count: int = cursor.rowcount
        return count


def waiting_keys(connection: Any, service: str, numbers: list[int] | None) -> list[str]:
    """Give the keys of the records that wait, each once; of which entries, as for :func:`drop`."""
    return [row["record_key"] for row in _rows(connection, _KEYS, *_chosen(service, numbers))]


def _chosen(service: str, numbers: list[int] | None) -> tuple[object, ...]:
    return service, numbers is None, numbers or []


def _rows(connection: Any, query: str | sql.Composable, *values: object) -> list[dict[str, Any]]:
    with connection.cursor(cursor_factory=RealDictCursor) as cursor:
        cursor.execute(query, values)
        return [dict(row) for row in cursor.fetchall()]
