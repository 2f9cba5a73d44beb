"""The books of a service in DaCHS's database: whether there is a table, and taking all away."""

from __future__ import annotations

from typing import Any

from psycopg2 import sql

from epnkit.dachs.instance import Place
from epnkit.loading.table.catalog import exists

#: Where rows of a service lie, beside the book of its granules.
_SHARED_BOOKS = ("runs", "quarantine", "cursors", "declarations", "comparisons", "records")


def has_table(place: Place, service: str) -> bool:
    """Tell whether a service has its table of granules."""
    with place.connection() as connection:
        return exists(connection, service, "epn_core")


def published(place: Place, service: str) -> bool:
    """Tell whether DaCHS's registry offers anything of a service."""
    with place.connection() as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM dc.resources WHERE sourcerd = %s AND NOT deleted",
            (f"{service}/q",),
        )
        (count,) = cursor.fetchone()
        return bool(count)


def largest_table(connection: Any) -> int:
    """Give the size of the largest table of granules with its indices, in bytes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(max(pg_total_relation_size(c.oid)), 0) FROM pg_class c"
            " WHERE relname = 'epn_core' AND relkind = 'r'"
        )
        (size,) = cursor.fetchone()
        return int(size)


def last_runs(connection: Any, service: str) -> list[float]:
    """Give how long the last finished runs of a service took, in seconds, newest first."""
    if not exists(connection, "epnkit", "runs"):
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM ended - started)::float FROM epnkit.runs"
            " WHERE service = %s AND state = 'done' ORDER BY run DESC LIMIT 10",
            (service,),
        )
        return [seconds for (seconds,) in cursor.fetchall()]


def remove(place: Place, service: str) -> None:
    """Delete what epnkit keeps of a service; the books themselves go with the last service.

    DaCHS's ``drop`` leaves the line of the RD in ``dc.rdmeta``: that goes too, and what a load that
    was killed left of its parts.

    Raises
    ------
    LoadError
        Where a backend of such a load still works.
    """
    # With parts of a load come polars and the rules of EPNcore.
    from epnkit.loading.table.parallel_copy import clear

    with place.connection() as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM dc.rdmeta WHERE sourcerd = %s", (f"{service}/q",))
        if not exists(connection, "epnkit", "runs"):
            return
        clear(connection, service)
        cursor.execute(
            sql.SQL("DROP TABLE IF EXISTS {}").format(
                sql.Identifier("epnkit", f"granules_{service}")
            )
        )
        for book in _SHARED_BOOKS:
            cursor.execute(
                sql.SQL("DELETE FROM {} WHERE service = %s").format(sql.Identifier("epnkit", book)),
                (service,),
            )
        cursor.execute("SELECT count(*) FROM epnkit.runs")
        if cursor.fetchone()[0] == 0:
            cursor.execute("DROP SCHEMA epnkit CASCADE")
