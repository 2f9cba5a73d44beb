"""The query of DaCHS's odbcGrammar, cut to what is new: what its ``makeQuery`` is for.

The example in DaCHS's manual fails on its second run, deadlocks on a full import and misses what
arrives late.  This one asks the table through the connection that imports into it, writes dates in
the one way that every database reads, and goes back by a lag.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from psycopg2 import sql

from epnkit.errors import ConfigurationError

#: What the values of the table's column are: Julian dates, timestamps or ISO text, or numbers.
Form = Literal["julian_date", "time", "number"]

_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*){0,2}")
_EPOCH, _EPOCH_JD = datetime(2000, 1, 1, 12), 2451545.0


def incremental_query(
    source_row: Mapping[str, Any] | None,
    query: str,
    remote: str,
    local: str,
    form: Form = "julian_date",
    lag: float = 0.0,
) -> str:
    """Add to a query the condition that leaves out what the table has already.

    Parameters
    ----------
    source_row : dict or None
        The grammar's ``sourceRow`` with the data that is being imported under ``data_``; the RD
        puts it there: ``<sourceFields><code>return {"data_": data}</code></sourceFields>``.
    query : str
        A SELECT without ORDER BY; a condition is added around it.
    remote : str
        The column of the query that grows with time.
    local : str
        The column of the table that was made from it.
    form : {"julian_date", "time", "number"}
        What the values of ``local`` are.
    lag : float
        How far to go back, in days, or in the column's own unit for numbers.

    Returns
    -------
    str
        The query; on a new or empty table as it was given.

    Raises
    ------
    ConfigurationError
        Where the data was not handed over, or a name is no column's.
    """
    if not source_row or "data_" not in source_row:
        raise ConfigurationError(
            "the grammar does not know what it imports into",
            where="makeQuery",
            cure='Add <sourceFields><code>return {"data_": data}</code></sourceFields> to it.',
        )
    for name in (remote, local):
        if not _COLUMN.fullmatch(name):
            raise ConfigurationError(f"{name!r} is no column", where="makeQuery")
    highest = _highest(source_row["data_"].getPrimaryTable(), local)
    if highest is None:
        return query
    # Around the query, so that it may have any form, and on its own alias.
    return f"SELECT * FROM ({query}) epnkit_new WHERE {remote} >= {_literal(highest, form, lag)}"  # noqa: S608


def _highest(table: Any, local: str) -> Any:
    """Ask the table through the connection that imports: it sees the table, and waits for none."""
    schema, name = table.tableName.split(".")
    statement = sql.SQL("SELECT max({}) FROM {}").format(
        sql.Identifier(local), sql.Identifier(schema, name)
    )
    with table.connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def _literal(highest: Any, form: Form, lag: float) -> str:
    """Write a value so that PostgreSQL, MySQL, SQLite, Oracle and SQL Server read it alike."""
    if form == "number":
        return repr(highest - lag)
    if form == "julian_date":
        moment = _EPOCH + timedelta(days=highest - _EPOCH_JD - lag)
        # A Julian date holds 40 microseconds: a second below, no record is lost to rounding.
        moment -= timedelta(seconds=1)
    else:
        given = highest if isinstance(highest, datetime) else datetime.fromisoformat(str(highest))
        moment = given.replace(tzinfo=None) - timedelta(days=lag)
    return f"'{moment:%Y-%m-%d %H:%M:%S}'"
