"""The books of a service in DaCHS's database: whether there is a table, and taking all away."""

from __future__ import annotations

from psycopg2 import sql

from epnkit.deploy.place import Place

#: Where rows of a service lie, beside the book of its granules.
_SHARED_BOOKS = ("runs", "quarantine", "cursors", "comparisons")


def has_table(place: Place, service: str) -> bool:
    """Tell whether a service has its table of granules."""
    with place.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", (f"{service}.epn_core",))
        (found,) = cursor.fetchone()
        return bool(found)


def published(place: Place, service: str) -> bool:
    """Tell whether DaCHS's registry offers anything of a service."""
    with place.connection() as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM dc.resources WHERE sourcerd = %s AND NOT deleted",
            (f"{service}/q",),
        )
        (count,) = cursor.fetchone()
        return bool(count)


def remove(place: Place, service: str) -> None:
    """Delete what epnkit keeps of a service; the books themselves go with the last service.

    DaCHS's ``drop`` leaves the line of the RD in ``dc.rdmeta``: that goes too.
    """
    with place.connection() as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM dc.rdmeta WHERE sourcerd = %s", (f"{service}/q",))
        cursor.execute("SELECT to_regclass('epnkit.runs') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return
        cursor.execute(
            sql.SQL("DROP TABLE IF EXISTS {}").format(
                sql.Identifier("epnkit", f"granules_{service}")
            )
        )
        for book in _SHARED_BOOKS:
            cursor.execute(
                sql.SQL("DELETE FROM {} WHERE service = %s").format(
                    sql.Identifier("epnkit", book)
                ), (service,),
            )  # fmt: skip
        cursor.execute("SELECT count(*) FROM epnkit.runs")
        if cursor.fetchone()[0] == 0:
            cursor.execute("DROP SCHEMA epnkit CASCADE")
