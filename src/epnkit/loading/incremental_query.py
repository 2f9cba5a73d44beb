"""The query of DaCHS's odbcGrammar, restricted to new records: a ``makeQuery``.

The example in DaCHS's manual fails on its second run, deadlocks on a full import and misses records
that arrive late.  This one queries the table over the connection that imports into it, writes times
as the source's database reads them, and goes back by a lag.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, get_args

from psycopg2 import sql

from epnkit.errors import ConfigurationError
from epnkit.sources.config.settings import read_settings
from epnkit.sources.values.times import to_naive_utc

#: What the values of the table's column are: Julian dates, timestamps or ISO text, or numbers.
Form = Literal["julian_date", "time", "number"]

#: How a time is written: as a text, or as ODBC's escape for a timestamp.
TimeLiteral = Literal["text", "timestamp"]

_TIME_LITERALS: dict[TimeLiteral, str] = {
    "text": "'{:%Y-%m-%d %H:%M:%S}'",
    "timestamp": "{{ts '{:%Y-%m-%d %H:%M:%S}'}}",
}

_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_EPOCH, _EPOCH_JD = datetime(2000, 1, 1, 12), 2451545.0


def incremental_query(
    source_row: Mapping[str, Any] | None,
    query: str,
    remote: str,
    local: str,
    form: Form = "julian_date",
    lag: float = 0.0,
    written: TimeLiteral = "text",
) -> str:
    """Add a condition to a query that leaves out records which the table has already.

    Parameters
    ----------
    source_row : dict or None
        The grammar's ``sourceRow`` with the data that is being imported under ``data_``; the RD
        adds it: ``<sourceFields><code>return {"data_": data}</code></sourceFields>``.
    query : str
        A SELECT without ORDER BY, around which the condition is added.
    remote : str
        The column of the query that grows with time.
    local : str
        The column of the table that was made from it.
    form : {"julian_date", "time", "number"}
        What the values of ``local`` are.
    lag : float
        How far to go back, in days, or in the column's own unit for numbers.
    written : {"text", "timestamp"}
        How a time is written: ``'2003-01-01 00:00:00'``, which PostgreSQL, MariaDB, MySQL and
        SQLite read alike, be the column a time or a text; or as ODBC's ``{ts '…'}``, which the
        driver translates for its database, whatever the language setting: for columns that are
        times in SQL Server and Oracle.

    Returns
    -------
    str
        The query, which is unchanged for a new or empty table.

    Raises
    ------
    ConfigurationError
        If the data was not passed, a name is no column, a keyword is unknown, or the highest value
        does not have the form.
    """
    data = _require_data(source_row)
    _require_known(remote, local, form, written)
    highest = _read_highest(data.getPrimaryTable(), local)
    if highest is None:
        return query
    # The condition goes around the query, which may have any form.
    try:
        low = _format_bound(highest, form, lag, written)
    except (TypeError, ValueError, ArithmeticError) as error:
        raise ConfigurationError(
            f"the highest {local}, {highest}, does not have the form {form}",
            where="makeQuery",
            why=str(error),
            cure="Correct the bind form of epnkit/q#incremental, or the rows that have it.",
        ) from error
    inner = query.strip().rstrip(";")
    # On separate lines, since the query may end in a comment.
    return f"SELECT * FROM (\n{inner}\n) epnkit_new WHERE {remote} >= {low}"  # noqa: S608 (from the RD)


def _require_data(source_row: Mapping[str, Any] | None) -> Any:
    if not source_row or "data_" not in source_row:
        raise ConfigurationError(
            "the grammar does not know what it imports into",
            where="makeQuery",
            cure='Add <sourceFields><code>return {"data_": data}</code></sourceFields> to it.',
        )
    return source_row["data_"]


def _require_known(remote: str, local: str, form: str, written: str) -> None:
    for name in (remote, local):
        if not _COLUMN.fullmatch(name):
            raise ConfigurationError(
                f"{name!r} is not a column name",
                where="makeQuery",
                cure="Correct the bind remote or local of epnkit/q#incremental.",
            )
    for given, known in ((form, get_args(Form)), (written, get_args(TimeLiteral))):
        if given not in known:
            raise ConfigurationError(
                f"{given!r} is not one of {', '.join(known)}",
                where="makeQuery",
                cure="Correct the bind form or written of epnkit/q#incremental.",
            )


def source_query(path: str) -> str:
    """Return the query of a source file, for a grammar that queries the database itself.

    Parameters
    ----------
    path : str
        The source file.
    """
    return read_settings(Path(path)).take("query", str)


def _read_highest(table: Any, local: str) -> Any:
    """Query the table over the importing connection, which sees it and waits for no lock."""
    schema, name = table.tableName.split(".")
    statement = sql.SQL("SELECT max({}) FROM {}").format(
        sql.Identifier(local), sql.Identifier(schema, name)
    )
    with table.connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def _format_bound(highest: Any, form: Form, lag: float, written: TimeLiteral) -> str:
    if form == "number":
        # As texts: PostgreSQL's numeric is a Decimal, from which no float can be subtracted.
        number = Decimal(str(highest))
        if not number.is_finite():
            raise ValueError("it is no number")
        return str(number - Decimal(str(lag)))
    if form == "julian_date":
        low = _EPOCH + timedelta(days=float(highest) - _EPOCH_JD - lag)
        # A Julian date resolves 40 microseconds: with a second's margin, rounding loses no record.
        low -= timedelta(seconds=1)
    else:
        low = to_naive_utc(highest) - timedelta(days=lag)
    return _TIME_LITERALS[written].format(low)
