"""Leaving out DaCHS's VACUUM and ANALYZE after imports that changed little of a table.

DaCHS vacuums and analyses the tables of each import (``gavo.user.importing.TableCollector``).  Of a
large table that takes longer than a small update does: for its statistics PostgreSQL reads 30,000
pages of the table, and of each of its parts.  They hardly change before a hundredth of the rows
has.  PostgreSQL's own autovacuum waits for a tenth, and never looks at a divided table as a whole.
"""

from __future__ import annotations

from functools import partial
from typing import Any

#: DaCHS vacuums when one row of so many has changed.
_ONE_OF = 100

#: Whether fewer have since the table was analysed, by the ledger, of the rows that PostgreSQL
#: counted then: -1 if it never did.  What a failed run changed is undone.
_CHANGED_LITTLE = """
    SELECT reltuples > %(one_of)s * (
        SELECT coalesce(sum(loaded + changed + deleted), 0) FROM epnkit.runs
        WHERE service = %(service)s AND state = 'done'
          AND ended > coalesce(greatest(pg_stat_get_last_analyze_time(c.oid),
                                        pg_stat_get_last_autoanalyze_time(c.oid)), '-infinity'))
    FROM pg_class c WHERE oid = %(table)s::regclass
"""


def leave_out_vacuum(table: Any, service: str) -> None:
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
        ((changed_little,),) = cursor.fetchall()
    if changed_little:
        # DaCHS's own names the table to what vacuums.
        table.importFinished = partial(_finish, table)


def _finish(table: Any, affected: int) -> Any:
    return table
