"""Adding the new columns of an RD to a table that is being served."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection

from epnkit.loading.table.table_locks import LOCK_TIMEOUT, repeat_attempts

#: How long to repeat the attempts, in seconds.
_GIVE_UP_AFTER = 60.0


def add_columns(
    admin: connection, schema: str, table: str, columns: Mapping[str, str]
) -> list[str]:
    """Add the columns of its RD to a table that does not have them yet.

    The new columns are empty, so PostgreSQL rewrites no row. The table is locked only briefly; see
    :mod:`epnkit.loading.table.table_locks`.

    Parameters
    ----------
    admin : psycopg2 connection
        An autocommitting connection of the table's owner.
    schema, table : str
        The table.
    columns : dict
        The RD's columns, with their types in PostgreSQL.

    Returns
    -------
    list of str
        The columns that were added.

    Raises
    ------
    LoadError
        If readers held the table all the time.
    """
    existing = _read_columns(admin, schema, table)
    missing = [name for name in columns if name not in existing]
    if not missing:
        return []
    additions = sql.SQL(", ").join(
        sql.SQL("ADD COLUMN {} {}").format(sql.Identifier(name), sql.SQL(columns[name]))
        for name in missing
    )
    statement = sql.SQL("ALTER TABLE {} {}").format(sql.Identifier(schema, table), additions)
    repeat_attempts(
        lambda: _try_execute(admin, statement),
        _GIVE_UP_AFTER,
        f"columns cannot be added: {', '.join(missing)}",
        f"{schema}.{table}",
    )
    return missing


def _read_columns(admin: connection, schema: str, table: str) -> set[str]:
    with admin.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_schema = %s AND table_name = %s",
            (schema, table),
        )
        return {name for (name,) in cursor.fetchall()}


def _try_execute(admin: connection, statement: sql.Composed) -> bool:
    with admin.cursor() as cursor:
        cursor.execute("SET lock_timeout = %s", (LOCK_TIMEOUT,))
        try:
            cursor.execute(statement)
        except psycopg2.errors.LockNotAvailable:
            return False
        finally:
            cursor.execute("RESET lock_timeout")
    return True
