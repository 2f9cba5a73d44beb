"""Leaving it to PostgreSQL to vacuum a table of which loads changed little.

DaCHS vacuums and analyses the tables of each import (``gavo.user.importing.TableCollector``).  Of a
large table that takes longer than a small update does: for its statistics PostgreSQL reads 30,000
pages of the table, and of each of its parts.  It does so by itself when a tenth of the rows have
changed, and vacuums when a fifth have, but never looks at a divided table as a whole.  So DaCHS is
let to do it whenever a hundredth have changed since the last time, by the ledger.
"""

from __future__ import annotations

from functools import partial
from typing import Any

#: DaCHS vacuums when one row of so many has changed.
_ONE_OF = 100

#: Whether fewer have since the table was analysed, of the rows that PostgreSQL counted then: -1 if
#: it never did.  What a failed run changed is undone.
_CHANGED_LITTLE = """
    SELECT reltuples > %(one_of)s * (
        SELECT coalesce(sum(loaded + changed + deleted), 0) FROM epnkit.runs
        WHERE service = %(service)s AND state = 'done'
          AND ended > coalesce(greatest(pg_stat_get_last_analyze_time(c.oid),
                                        pg_stat_get_last_autoanalyze_time(c.oid)), '-infinity'))
    FROM pg_class c WHERE oid = %(table)s::regclass
      AND current_setting('autovacuum')::boolean AND current_setting('track_counts')::boolean
      AND NOT EXISTS (
        SELECT FROM pg_class own, pg_options_to_table(own.reloptions)
        WHERE (own.oid = c.oid OR own.oid IN (SELECT relid FROM pg_partition_tree(c.oid)))
          AND CASE option_name WHEN 'autovacuum_enabled' THEN NOT option_value::boolean END)
"""


def leave_vacuum(table: Any, service: str) -> None:
    """Keep DaCHS from vacuuming a table after an import, if loads changed little of it.

    Parameters
    ----------
    table : gavo.rsc.dbtable.DBTable
        The table, with the import's connection: the run of the load is entered over it.
    service : str
        The service.
    """
    values = {"one_of": _ONE_OF, "service": service, "table": table.tableName}
    with table.connection.cursor() as cursor:
        cursor.execute(_CHANGED_LITTLE, values)
        found = cursor.fetchone()
    vars(table).pop("importFinished", None)  # of an earlier source of this import
    if found is not None and found[0]:
        # DaCHS's own names the table to what vacuums.
        table.importFinished = partial(_finish, table)


def _finish(table: Any, affected: int) -> Any:
    return table
