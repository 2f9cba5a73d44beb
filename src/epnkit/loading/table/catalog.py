"""Looking up tables in the database's catalogue."""

from __future__ import annotations

from typing import Any


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
