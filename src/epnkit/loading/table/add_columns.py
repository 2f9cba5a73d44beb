"""Adding the new columns of an RD to a table that is being served."""

from __future__ import annotations

import time
from collections.abc import Mapping

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection

from epnkit.errors import LoadError

#: How long one attempt may wait for the table: readers that queue behind it must not wait long.
_LOCK_TIMEOUT = "200ms"

#: How long to repeat the attempts, in seconds.
_GIVE_UP_AFTER = 60.0


def add_columns(
    admin: connection, schema: str, table: str, columns: Mapping[str, str]
) -> list[str]:
    """Add to a table the columns of its RD that it does not have yet.

    The new columns are empty, so PostgreSQL rewrites no row.  The table is locked only briefly: if
    readers hold it, the attempt is given up and repeated, so that no reader queues behind it.

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
    end = time.monotonic() + _GIVE_UP_AFTER
    while not _attempt(admin, statement):
        if time.monotonic() > end:
            raise LoadError(
                f"columns cannot be added: {', '.join(missing)}",
                where=f"{schema}.{table}",
                why=f"queries or sessions have held the table for {_GIVE_UP_AFTER:.0f} s",
                cure="Run it again when they have ended; pg_stat_activity lists them.",
            )
        time.sleep(0.5)
    return missing


def _read_columns(admin: connection, schema: str, table: str) -> set[str]:
    with admin.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_schema = %s AND table_name = %s",
            (schema, table),
        )
        return {name for (name,) in cursor.fetchall()}


def _attempt(admin: connection, statement: sql.Composed) -> bool:
    with admin.cursor() as cursor:
        cursor.execute("SET lock_timeout = %s", (_LOCK_TIMEOUT,))
        try:
            cursor.execute(statement)
        except psycopg2.errors.LockNotAvailable:
            return False
        finally:
            cursor.execute("RESET lock_timeout")
    return True
