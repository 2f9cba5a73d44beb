"""Creating the state schema: the tables ``epnkit.*`` in DaCHS's database.

It does not import the ledger, which needs polars and astropy: commands that only read the state
start faster.
"""

from __future__ import annotations

from psycopg2.extensions import connection

from epnkit.packaged import find_packaged

#: The SQL that creates it, in this order.
STATE_FILES = ("sql/10-state.sql", "sql/20-state-indices.sql")

#: What is locked meanwhile; epnkit 0.1 locks the same.
_LOCK = "epnkit books"


def create_state_schema(admin: connection) -> None:
    """Create the state tables that do not exist yet.

    Parameters
    ----------
    admin : psycopg2 connection
        An autocommitting connection of DaCHS's administrator.
    """
    statements = "".join(find_packaged(name).read_text(encoding="utf-8") for name in STATE_FILES)
    with admin.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", (_LOCK,))
        try:
            cursor.execute(statements)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", (_LOCK,))
