"""The records under an embargo, with their release: which of them are due.

A load writes them in its transaction.  When a release has come, :func:`count_due` finds it, and a
run of the kind ``release`` makes the granules again from the kept records.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import polars as pl
from psycopg2.extras import execute_values

from epnkit.loading.table.catalog import table_exists
from epnkit.loading.table.merge import delete_granules
from epnkit.loading.table.target import Target
from epnkit.service import Service

#: The present, as releases are written.
_NOW = "(clock_timestamp() AT TIME ZONE 'UTC')"

_DUE = f"FROM epnkit.embargoes WHERE service = %s AND until <= {_NOW}"

_CLOSED_GRANULES = """
    SELECT granule_uid FROM {tracking} b JOIN epnkit.embargoes e ON e.record_key = b.epnkit_key
    WHERE e.service = %s
"""

#: Granules that are open, and whose record is closed and was refused: nothing replaced them.
_STILL_OPEN = f"""
    SELECT b.granule_uid FROM {{tracking}} b
    JOIN epnkit.embargoes e ON e.record_key = b.epnkit_key
    JOIN {{table}} t ON t.granule_uid = b.granule_uid
    WHERE e.service = %s AND e.until > {_NOW}
    AND (t.release_date IS NULL OR t.release_date <= {_NOW})
"""  # noqa: S608 - our own words


def save(target: Target, service: str, keys: Sequence[str], closed: pl.DataFrame) -> None:
    """Write which of some records are closed, and forget what was known of the others.

    Parameters
    ----------
    target : Target
        The table, in whose transaction it is written.
    service : str
        The service.
    keys : sequence of str
        The records that were judged.
    closed : polars.DataFrame
        Those of them that are closed, as
        :data:`~epnkit.loading.prepare.columns.CLOSED`.
    """
    forget(target, service, keys)
    rows = [(service, *row) for row in closed.unique("record_key", keep="last").rows()]
    if rows:
        with target.connection.cursor() as cursor:
            execute_values(cursor, "INSERT INTO epnkit.embargoes VALUES %s", rows, page_size=1000)


def forget(target: Target, service: str, keys: Collection[str] | None = None) -> None:
    """Delete the embargoes of a service, or only those of some records."""
    query = "DELETE FROM epnkit.embargoes WHERE service = %s"
    if keys is None:
        target.execute(query, (service,))
    elif keys:  # within DaCHS an empty list is NULL in SQL
        target.execute(f"{query} AND record_key = ANY(%s)", (service, list(keys)))


def list_due(target: Target, service: str) -> list[str]:
    """List the keys of the records whose release has come, and which are still closed."""
    rows = target.query("SELECT record_key " + _DUE, (service,))
    return [key for (key,) in rows]


def count_due(connection: Any, service: str) -> int:
    """Count the records whose release has come, and which are still closed.

    Parameters
    ----------
    connection : psycopg2 connection
        To DaCHS's database; if a table is missing, nothing can be opened.
    service : str
        The service.
    """
    needed = (("epnkit", "embargoes"), ("epnkit", f"granules_{service}"), (service, "epn_core"))
    if not all(table_exists(connection, *name) for name in needed):
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) " + _DUE, (service,))
        (count,) = cursor.fetchone()
        return int(count)


def hide_closed(target: Target, service: Service) -> int:
    """Delete the granules of closed records that are open, or that the service does not show.

    A record that the source closes and that is then refused leaves its open granule behind.

    Parameters
    ----------
    target : Target
        The table, into which everything of the run has been merged.
    service : Service
        The service; without an embargo, earlier ones are forgotten.

    Returns
    -------
    int
        How many granules were deleted.
    """
    if service.embargo is None:
        forget(target, service.name)
        return 0
    query = _STILL_OPEN if service.embargo.shown else _CLOSED_GRANULES
    closed = target.query(query, (service.name,))
    return delete_granules(target, [uid for (uid,) in closed])
