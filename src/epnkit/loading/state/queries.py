"""Queries of the state tables, with rows as dictionaries."""

from __future__ import annotations

from typing import Any

from psycopg2 import sql
from psycopg2.extras import RealDictCursor


def query_dicts(
    connection: Any, query: str | sql.Composable, *values: object
) -> list[dict[str, Any]]:
    """Run a query, and return its rows as dictionaries.

    Parameters
    ----------
    connection : psycopg2 connection
        To DaCHS's database.
    query : str or psycopg2.sql.Composable
        The query.
    *values
        The values bound in it.
    """
    with connection.cursor(cursor_factory=RealDictCursor) as cursor:
        cursor.execute(query, values)
        return [dict(row) for row in cursor.fetchall()]
