"""What is selected for each column, so that all drivers give the same values.

Drivers disagree on UUIDs, arrays, JSON, intervals and decimals, and return wrong dates, or abort
the process, for dates that Python cannot represent. So the database converts values by their type:
dates and times become texts, which epnkit parses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from epnkit.errors import SourceError
from epnkit.sources.base import UNREADABLE
from epnkit.sources.sql.column_types import SqlColumn
from epnkit.sources.sql.session import SqlSession, Statement
from epnkit.sources.sql.statements import SUBQUERY_NAME, WrappedQuery
from epnkit.sources.values.unreadable import split_problems

#: PostgreSQL's types (pg_type) that all drivers return alike; others are selected as texts.
_POSTGRESQL: Mapping[str, pl.DataType] = {
    "boolean": pl.Boolean(),
    "smallint": pl.Int64(),
    "integer": pl.Int64(),
    "bigint": pl.Int64(),
    "oid": pl.Int64(),
    "real": pl.Float32(),
    "double precision": pl.Float64(),
    "numeric": pl.Decimal(),
    "bytea": pl.Binary(),
    "date": pl.Date(),
    "time without time zone": pl.Time(),
    "timestamp without time zone": pl.Datetime("us"),
    "timestamp with time zone": pl.Datetime("us"),
    "text": pl.String(),
    "character varying": pl.String(),
    "character": pl.String(),
}

#: Returns the name of a value's type in PostgreSQL; for a domain, that of its base type.
_TYPE_NAME = (
    "SELECT format_type(CASE WHEN typbasetype = 0 THEN oid ELSE typbasetype END, NULL)"
    " FROM pg_type WHERE oid = CAST(pg_typeof({}) AS oid)"
)

#: The end of the name of an array's type in PostgreSQL.
_ARRAY = "[]"

#: The condition that a value of MariaDB is a day of the calendar, which '1908-05-00', '2008-00-01'
#: and '2008-02-30' are not; it is never null.
_MYSQL_DAY = "((YEAR({0}) > 0 AND DAYOFMONTH({0}) BETWEEN 1 AND DAYOFMONTH(LAST_DAY({0}))) IS TRUE)"

#: The condition that Python can represent a date or time: years 1 to 9999, days of 24 hours.
_REPRESENTABLE: Mapping[str, Mapping[type[pl.DataType], str]] = {
    "postgresql": {
        pl.Date: "{0} BETWEEN DATE '0001-01-01' AND DATE '9999-12-31'",
        pl.Datetime: "{0} >= '0001-01-01' AND {0} < '10000-01-01'",
        pl.Time: "{0} < TIME '24:00'",
    },
    "mysql": {
        pl.Date: _MYSQL_DAY,
        pl.Datetime: _MYSQL_DAY,
        pl.Time: "{0} >= '00:00:00' AND {0} < '24:00:00'",
    },
}

#: How a value is written as a text.
_TEXT = {"postgresql": "CAST({0} AS text)", "mysql": "CAST({0} AS CHAR)"}

#: How a date or time is written as a text that can be parsed, and is short enough for record
#: batches; in MariaDB a cast takes twice as long.
_TIME_AS_TEXT = {"postgresql": "CAST({0} AS varchar(40))", "mysql": "CONCAT({0})"}

#: How a decimal of PostgreSQL is selected as a float. A plain cast fails, and with it the query, if
#: the number is too large for a float or too near to zero; here it becomes infinite or zero.
_DECIMAL_AS_FLOAT = (
    "CASE WHEN abs({0}) BETWEEN 1e-307 AND 1.7976931348623157e308"
    " THEN CAST({0} AS double precision)"
    " ELSE CAST(CASE WHEN {0} = 'NaN' THEN 'NaN' WHEN {0} > 1 THEN 'Infinity'"
    " WHEN {0} < -1 THEN '-Infinity' WHEN {0} IS NOT NULL THEN '0' END AS double precision) END"
)

#: PostgreSQL's type of times with a zone.
_ZONED = "timestamp with time zone"


def read_postgresql_types(
    session: SqlSession, wrapped: WrappedQuery, names: Sequence[str]
) -> list[str]:
    """Ask PostgreSQL for the types of a query's columns.

    Parameters
    ----------
    session : SqlSession
        The connection.
    wrapped : WrappedQuery
        The query.
    names : sequence of str
        The names of its columns.

    Returns
    -------
    list of str
        As ``format_type`` writes them: ``timestamp without time zone``, ``text[]``.
    """
    quoted = [wrapped.quote_name(SqlColumn(name, pl.String())) for name in names]
    types = ", ".join(
        f"({_TYPE_NAME.format(f'{SUBQUERY_NAME}.{name}')}) AS type_{number}"
        for number, name in enumerate(quoted)
    )
    none = wrapped.select(limit=0)
    head = f"SELECT {types} FROM (SELECT 1) AS one LEFT JOIN ({none.head}"  # noqa: S608 (from the service)
    (row,) = session.execute(Statement(head, f"{none.tail}) AS {SUBQUERY_NAME} ON true")).fetch(1)
    return [str(each) for each in row]


def postgresql_type(database_type: str) -> pl.DataType:
    """Return the column type for a type of PostgreSQL; decimals and floats of 32 bits stay."""
    if not database_type.endswith(_ARRAY):
        return _POSTGRESQL.get(database_type, pl.String())
    inner = _POSTGRESQL.get(database_type.removesuffix(_ARRAY), pl.String())
    if isinstance(inner, pl.Decimal | pl.Float32):
        return pl.List(pl.Float64())
    plain = isinstance(inner, pl.Boolean | pl.Int64 | pl.Float64)
    return pl.List(inner if plain else pl.String())


def select_expression(wrapped: WrappedQuery, dialect: str, column: SqlColumn) -> str:
    """Write the expression for which every driver gives the same values of a column.

    Parameters
    ----------
    wrapped : WrappedQuery
        The query.
    dialect : str
        mysql, postgresql or another name.
    column : SqlColumn
        One of its columns.

    Returns
    -------
    str
        Empty if the column itself can be selected.
    """
    name = wrapped.quote_name(column)
    if column.selected_as_text:
        in_utc = f"({name} AT TIME ZONE 'UTC')" if column.database_type == _ZONED else name
        return _TIME_AS_TEXT[dialect].format(in_utc)
    if isinstance(column.dtype, pl.List):
        return f"CAST(array_to_json({name}) AS text)"
    if _is_text(dialect, column):
        return _TEXT[dialect].format(name)
    if column.database_type == "numeric" and column.dtype == pl.Float64 and not column.in_order_by:
        return _DECIMAL_AS_FLOAT.format(name)  # pyodbc cannot read NaN as a decimal
    if column.database_type == "oid" and column.dtype == pl.Int64:
        return f"CAST({name} AS bigint)"  # which the ODBC driver returns as signed
    if dialect == "mysql" and column.database_type == "Float32" and not column.in_order_by:
        return f"({name} + 0e0)"  # the server sends PyMySQL only six digits of it
    if dialect == "mysql" and column.dtype == pl.Int64 and column.from_driver:
        return f"{name} + 0"  # pyodbc reads unsigned integers of 32 bits as if they had a sign
    return ""


def _is_text(dialect: str, column: SqlColumn) -> bool:
    """Return whether a column that is no text in the database is selected as text."""
    if dialect == "postgresql":
        own = _POSTGRESQL.get(column.database_type)
        return own is None or (
            column.dtype == pl.String and not isinstance(own, pl.String | pl.Binary)
        )
    return bool(column.database_type) and column.dtype == pl.String


def representable_condition(wrapped: WrappedQuery, dialect: str, column: SqlColumn) -> str | None:
    """Write the condition that Python can represent a column's value; None if it always can."""
    form = _REPRESENTABLE.get(dialect, {}).get(type(column.dtype))
    return form.format(wrapped.quote_name(column)) if form and column.selected_as_text else None


def refuse_unreadable_key(frame: pl.DataFrame, order: Sequence[SqlColumn], where: str) -> None:
    """Refuse records whose key is unreadable, so that reading could not continue after them.

    Parameters
    ----------
    frame : polars.DataFrame
        Records, perhaps with the column :data:`~epnkit.sources.base.UNREADABLE`.
    order : sequence of SqlColumn
        The columns by which reading continues.
    where : str
        The source, for messages.

    Raises
    ------
    SourceError
        If such a column has a value that cannot be read.
    """
    if UNREADABLE not in frame.columns:
        return
    for column in order:
        is_null = frame[column.field].is_null()
        lost = frame[UNREADABLE].filter(is_null).drop_nulls()
        named = [text for text in lost if column.field in dict(split_problems(text))]
        if named:
            raise SourceError(
                f"a value of {column.field}, by which records are ordered, is no date or is not of"
                f" type {column.dtype}",
                where=where,
                why=named[0],
                cure="Correct it there, leave it out in the source file's query, or declare it"
                f' in the source file: [types] {column.field} = "text"',
            )
