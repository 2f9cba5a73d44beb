"""New columns of an RD, added to the table that is being served."""

from __future__ import annotations

import time
from collections.abc import Mapping

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection

from epnkit.errors import LoadError

#: How long one try may wait for the table, so that readers who come behind it do not wait long.
_LOCK_TIMEOUT = "200ms"

#: For how long it is tried, in seconds.
_PATIENCE = 60.0


def add_columns(own: connection, schema: str, table: str, declared: Mapping[str, str]) -> list[str]:
    """Give a table the columns that its RD declares and it does not have yet.

    The new columns are empty, so PostgreSQL rewrites no row.  The table is locked for a moment
    only: where readers hold it, the try is given up and made again, and they never queue behind it.

    Parameters
    ----------
    own : psycopg2 connection
        An autocommitting connection of the table's owner.
    schema, table : str
        The table.
    declared : dict
        The RD's columns, with their types in PostgreSQL.

    Returns
    -------
    list of str
        The columns that were added.

    Raises
    ------
    LoadError
        Where readers held the table all the time.
    """
    there = _columns(own, schema, table)
    missing = [name for name in declared if name not in there]
    if not missing:
        return []
    additions = sql.SQL(", ").join(
        sql.SQL("ADD COLUMN {} {}").format(sql.Identifier(name), sql.SQL(declared[name]))
        for name in missing
    )
    statement = sql.SQL("ALTER TABLE {} {}").format(sql.Identifier(schema, table), additions)
    end = time.monotonic() + _PATIENCE
    while not _attempt(own, statement):
        if time.monotonic() > end:
            raise LoadError(
                f"the column {', '.join(missing)} cannot be added",
                where=f"{schema}.{table}",
                why=f"queries or sessions have held the table for {_PATIENCE:.0f} s",
                cure="Run it again when they have ended; pg_stat_activity shows them.",
            )
        time.sleep(0.5)
    return missing


def _columns(own: connection, schema: str, table: str) -> set[str]:
    with own.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_schema = %s AND table_name = %s",
            (schema, table),
        )
        return {name for (name,) in cursor.fetchall()}


def _attempt(own: connection, statement: sql.Composed) -> bool:
    with own.cursor() as cursor:
        cursor.execute("SET lock_timeout = %s", (_LOCK_TIMEOUT,))
        try:
            cursor.execute(statement)
        except psycopg2.errors.LockNotAvailable:
            return False
        finally:
            cursor.execute("RESET lock_timeout")
    return True
