"""The quarantine of refused records: listing, showing, dropping, and choosing what to retry."""

from __future__ import annotations

from typing import Any

from psycopg2 import sql

from epnkit.errors import LoadError
from epnkit.loading.state.queries import query_dicts

_LISTED = (
    "SELECT entry, run, record_key, granule_uid, rule, field, reason, refused, resolved"
    " FROM epnkit.quarantine WHERE service = %s AND (resolved IS NULL OR %s)"
    " ORDER BY entry DESC LIMIT %s"
)

#: The unresolved entries of a service: all, or those with given numbers.
_WAITING = sql.SQL("service = %s AND resolved IS NULL AND (%s OR entry = ANY(%s))")

_DROP = sql.SQL("UPDATE epnkit.quarantine SET resolved = 'dropped' WHERE {}").format(_WAITING)

_KEYS = sql.SQL("SELECT DISTINCT record_key FROM epnkit.quarantine WHERE {} ORDER BY 1").format(
    _WAITING
)


def list_entries(
    connection: Any, service: str, *, settled: bool, limit: int
) -> list[dict[str, Any]]:
    """List the entries in quarantine, newest first.

    Parameters
    ----------
    connection : psycopg2 connection
        To DaCHS's database.
    service : str
        The service.
    settled : bool
        Whether to include resolved ones: loaded later, dropped, superseded, or gone.
    limit : int
        The maximum number.
    """
    return query_dicts(connection, _LISTED, service, settled, limit)


def read_entry(connection: Any, number: int) -> dict[str, Any]:
    """Return one entry, with the record as the source gave it.

    Raises
    ------
    LoadError
        If there is no such entry.
    """
    rows = query_dicts(connection, "SELECT * FROM epnkit.quarantine WHERE entry = %s", number)
    if not rows:
        raise LoadError(
            f"there is no entry {number}", where="quarantine", cure="See epnkit quarantine list."
        )
    return rows[0]


def drop_entries(connection: Any, service: str, numbers: list[int] | None) -> int:
    """Mark entries as dropped, so that their records are not retried.

    Parameters
    ----------
    connection : psycopg2 connection
        To DaCHS's database.
    service : str
        The service.
    numbers : list of int, optional
        Which entries; None for all that are unresolved.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DROP, _selection(service, numbers))
        count: int = cursor.rowcount
        return count


def read_waiting_keys(connection: Any, service: str, numbers: list[int] | None) -> list[str]:
    """Return the keys of unresolved records, each once; parameters as for :func:`drop_entries`."""
    return [
        row["record_key"] for row in query_dicts(connection, _KEYS, *_selection(service, numbers))
    ]


def _selection(service: str, numbers: list[int] | None) -> tuple[object, ...]:
    return service, numbers is None, numbers or []
