"""Looking up tables in the database's catalogue."""

from __future__ import annotations

from typing import Any


def tracking_name(service: str) -> str:
    """Return the name of a service's tracking table in the schema ``epnkit``."""
    return f"granules_{service}"


def has_tracking(connection: Any, service: str) -> bool:
    """Return whether a service has a tracking table, as the connection's transaction sees it."""
    return table_exists(connection, "epnkit", tracking_name(service))


def table_exists(connection: Any, schema: str, name: str) -> bool:
    """Return whether a table or view exists, as the connection's transaction sees it.

    Parameters
    ----------
    connection : psycopg2 connection
        To DaCHS's database.
    schema, name : str
        Its name, as the catalogue spells it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_regclass(quote_ident(%s) || '.' || quote_ident(%s)) IS NOT NULL",
            (schema, name),
        )
        (found,) = cursor.fetchone()
        return bool(found)
