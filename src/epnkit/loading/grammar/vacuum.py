"""Leaving it to PostgreSQL to vacuum a table of which a load changed little.

DaCHS vacuums and analyses the tables of each import (``gavo.user.importing.TableCollector``).  Of a
large table that takes longer than a small update does: PostgreSQL reads 30,000 pages for its
statistics, and all indices if there are old rows.  Its own autovacuum does that as well, when a
fifth of the rows are new or old, and looks for that once a minute.
"""

from __future__ import annotations

from functools import partial
from typing import Any

#: A load that changes one row of so many, or more, lets DaCHS vacuum.
_ONE_OF = 100

#: The rows as PostgreSQL last counted them: -1 before it ever did, so that nothing is left to it.
_ROWS = """
    SELECT reltuples FROM pg_class c
    WHERE oid = %s::regclass
      AND current_setting('autovacuum')::boolean AND current_setting('track_counts')::boolean
      AND NOT EXISTS (
        SELECT FROM pg_class own, pg_options_to_table(own.reloptions)
        WHERE (own.oid = c.oid OR own.oid IN (SELECT relid FROM pg_partition_tree(c.oid)))
          AND option_name = 'autovacuum_enabled' AND NOT option_value::boolean)
"""


def leave_vacuum(table: Any, changed: int) -> None:
    """Keep DaCHS from vacuuming a table after its import, if that changed little of it.

    Parameters
    ----------
    table : gavo.rsc.dbtable.DBTable
        The table; another source of the same import may have changed more of it.
    changed : int
        How many of its rows are new, changed or deleted.
    """
    if _changed_little(table, changed):
        # It would name the table to what vacuums, and analyse it if many rows came by DaCHS.
        vars(table).setdefault("importFinished", partial(_finish, table))
    else:
        table.importFinished = type(table).importFinished.__get__(table)


def _changed_little(table: Any, changed: int) -> bool:
    if table.newlyCreated:
        return False
    with table.connection.cursor() as cursor:
        cursor.execute(_ROWS, (table.tableName,))
        found = cursor.fetchone()
    return found is not None and changed * _ONE_OF < found[0]


def _finish(table: Any, affected: int) -> Any:
    return table
