"""The records under an embargo, with their release: which of them are due.

A load writes them in its transaction.  After the release, :func:`count_due` finds a record, and a
run of the kind ``release`` regenerates its granules from the kept records.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from psycopg2.extras import execute_values

from epnkit.loading.table.catalog import has_tracking, table_exists

if TYPE_CHECKING:
    import polars as pl

    from epnkit.loading.table.target import Target
    from epnkit.service import Service

#: The present time, in the form of releases.
_NOW = "(clock_timestamp() AT TIME ZONE 'UTC')"

_DUE = f"FROM epnkit.embargoes WHERE service = %s AND until <= {_NOW}"

_EMBARGOED_GRANULES = """
    SELECT granule_uid FROM {tracking} tracked
    JOIN epnkit.embargoes e ON e.record_key = tracked.epnkit_key
    WHERE e.service = %s
"""

#: Public granules of embargoed records that were refused: nothing replaced them.
_STILL_PUBLIC = f"""
    SELECT tracked.granule_uid FROM {{tracking}} tracked
    JOIN epnkit.embargoes e ON e.record_key = tracked.epnkit_key
    JOIN {{table}} t ON t.granule_uid = tracked.granule_uid
    WHERE e.service = %s AND e.until > {_NOW}
    AND (t.release_date IS NULL OR t.release_date <= {_NOW})
"""  # noqa: S608 - a constant of this module


def save(target: Target, service: str, keys: Sequence[str], embargoed: pl.DataFrame) -> None:
    """Write which of some records are embargoed, and forget what was known of the others.

    Parameters
    ----------
    target : Target
        The table, in whose transaction it is written.
    service : str
        The service.
    keys : sequence of str
        The records whose embargo was evaluated.
    embargoed : polars.DataFrame
        Those of them that are embargoed, as
        :data:`~epnkit.loading.prepare.columns.EMBARGOED`.
    """
    forget(target, service, keys)
    rows = [(service, *row) for row in embargoed.unique("record_key", keep="last").rows()]
    if rows:
        with target.connection.cursor() as cursor:
            execute_values(cursor, "INSERT INTO epnkit.embargoes VALUES %s", rows, page_size=1000)


def forget(target: Target, service: str, keys: Collection[str] | None = None) -> None:
    """Delete the embargoes of a service, or only those of some records."""
    query = "DELETE FROM epnkit.embargoes WHERE service = %s"
    if keys is None:
        target.execute(query, (service,))
    else:
        target.execute(f"{query} AND record_key = ANY({{texts}})", (service, list(keys)))


def list_due(target: Target, service: str) -> list[str]:
    """List the keys of the records whose release has come, and which are still embargoed."""
    rows = target.query("SELECT record_key " + _DUE, (service,))
    return [key for (key,) in rows]


def count_due(connection: Any, service: str) -> int:
    """Count the records whose release has come, and which are still embargoed.

    Parameters
    ----------
    connection : psycopg2 connection
        To DaCHS's database; if a table is missing, nothing can be due.
    service : str
        The service.
    """
    needed = (("epnkit", "embargoes"), (service, "epn_core"))
    loaded = has_tracking(connection, service)
    if not (loaded and all(table_exists(connection, *name) for name in needed)):
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) " + _DUE, (service,))
        (count,) = cursor.fetchone()
        return int(count)


def delete_embargoed(target: Target, service: Service) -> int:
    """Delete the granules of embargoed records that are public, or that the service does not show.

    A record that comes under an embargo, and is then refused, leaves its public granule behind.

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
    from epnkit.loading.table.merge import delete_granules

    if service.embargo is None:
        forget(target, service.name)
        return 0
    query = _STILL_PUBLIC if service.embargo.shown else _EMBARGOED_GRANULES
    hidden = target.query(query, (service.name,))
    return delete_granules(target, [uid for (uid,) in hidden])
