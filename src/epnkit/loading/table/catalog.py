"""Whether DaCHS's database holds a table."""

from __future__ import annotations

from typing import Any


def exists(connection: Any, schema: str, name: str) -> bool:
    """Tell whether there is a table or view, as far as the connection's transaction sees.

    Parameters
    ----------
    connection : psycopg2 connection
        To DaCHS's database.
    schema, name : str
        Its name, as it is written in the catalogue.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_regclass(quote_ident(%s) || '.' || quote_ident(%s)) IS NOT NULL",
            (schema, name),
        )
        (found,) = cursor.fetchone()
        return bool(found)
