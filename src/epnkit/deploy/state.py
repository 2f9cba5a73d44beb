"""The state of a service in DaCHS's database: its table, its publication, and removing both."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from psycopg2 import sql

from epnkit.dachs.instance import DachsInstance
from epnkit.loading.table.catalog import table_exists, tracking_name

#: The state tables with rows of several services.
_SHARED_TABLES = (
    "runs",
    "quarantine",
    "cursors",
    "declarations",
    "comparisons",
    "records",
    "embargoes",
    "load_parts",
)

#: Those that say why an import failed, and what it refused.
FAILURE = ("runs", "quarantine")

#: Those of packages: they stay as long as an archive may have one.
_PACKAGES = ("packages", "odd_answers")


def has_table(instance: DachsInstance, service: str) -> bool:
    """Return whether a service has its table of granules."""
    with instance.connect() as connection:
        return table_exists(connection, service, "epn_core")


def is_published(instance: DachsInstance, service: str) -> bool:
    """Return whether DaCHS's registry offers anything of a service."""
    with instance.connect() as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM dc.resources WHERE sourcerd = %s AND NOT deleted",
            (f"{service}/q",),
        )
        (count,) = cursor.fetchone()
        return bool(count)


def largest_table_size(connection: Any) -> int:
    """Return the size of the largest table of granules with its indices, in bytes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(max(size), 0) FROM ("
            " SELECT sum(pg_total_relation_size(coalesce(part.relid, c.oid))) AS size"
            # Of a table without partitions this "tree" has no row.
            " FROM pg_class c LEFT JOIN pg_partition_tree(c.oid) part ON true"
            " WHERE relname = 'epn_core' AND relkind IN ('r', 'p') GROUP BY c.oid) tables"
        )
        (size,) = cursor.fetchone()
        return int(size)


def list_loaded(connection: Any) -> list[str]:
    """List the services that epnkit has loaded and that still have their tables."""
    if not table_exists(connection, "epnkit", "runs"):
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT service FROM epnkit.runs"
            " WHERE to_regclass('epnkit.' || quote_ident('granules_' || service)) IS NOT NULL"
            " ORDER BY service"
        )
        return [name for (name,) in cursor.fetchall()]


def last_durations(connection: Any, service: str) -> list[float]:
    """Return the durations of the last successful runs of a service, in seconds, newest first."""
    if not table_exists(connection, "epnkit", "runs"):
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM ended - started)::float FROM epnkit.runs"
            " WHERE service = %s AND state = 'done' ORDER BY run DESC LIMIT 10",
            (service,),
        )
        return [seconds for (seconds,) in cursor.fetchall()]


def has_refusals(instance: DachsInstance, service: str) -> bool:
    """Return whether records of a service wait in quarantine."""
    with instance.connect() as connection, connection.cursor() as cursor:
        if not table_exists(connection, "epnkit", "quarantine"):
            return False
        cursor.execute(
            "SELECT EXISTS (SELECT FROM epnkit.quarantine WHERE service = %s AND resolved IS NULL)",
            (service,),
        )
        (found,) = cursor.fetchone()
        return bool(found)


def remove_state(instance: DachsInstance, service: str, kept: Collection[str] = ()) -> None:
    """Delete the state of a service; the state schema itself goes with the last service.

    DaCHS's ``drop`` leaves the RD's row in ``dc.rdmeta``: this deletes it too.

    Parameters
    ----------
    instance : DachsInstance
        The DaCHS, which runs.
    service : str
        The service.
    kept : collection of str
        The state tables whose rows stay, such as :data:`FAILURE`.
    """
    with instance.connect() as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM dc.rdmeta WHERE sourcerd = %s", (f"{service}/q",))
        if not table_exists(connection, "epnkit", "runs"):
            return
        cursor.execute(
            sql.SQL("DROP TABLE IF EXISTS {}").format(
                sql.Identifier("epnkit", tracking_name(service))
            )
        )
        for table in (name for name in _SHARED_TABLES if name not in kept):
            cursor.execute(
                sql.SQL("DELETE FROM {} WHERE service = %s").format(
                    sql.Identifier("epnkit", table)
                ),
                (service,),
            )
        cursor.execute("SELECT count(*) FROM epnkit.runs")
        if cursor.fetchone()[0] == 0:
            _drop_schema(cursor)


def _drop_schema(cursor: Any) -> None:
    """Drop the state schema, unless it knows of packages that an archive has.

    The functions that a superuser made in it stay, and it with them.
    """
    cursor.execute("SELECT EXISTS (SELECT FROM epnkit.packages)")
    if cursor.fetchone()[0]:
        return
    cursor.execute("SELECT to_regprocedure('epnkit.spoly_trusted(bytea,bytea)') IS NULL")
    if cursor.fetchone()[0]:
        cursor.execute("DROP SCHEMA epnkit CASCADE")
        return
    for table in ("load_batches", *_SHARED_TABLES, *_PACKAGES, "state_version"):
        cursor.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier("epnkit", table)))
