"""Values of a database in one form, whatever its driver: the database itself writes them so.

Drivers disagree on UUIDs, arrays, JSON, intervals and decimals, and hand out wrong dates, or end
the process, for those that Python does not have. What each column is selected as is decided here,
by the database's own type: dates and times as texts, which are parsed here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from epnkit.errors import SourceError
from epnkit.sources.base import UNREADABLE
from epnkit.sources.sql.column_types import SqlColumn
from epnkit.sources.sql.session import SqlSession, Statement
from epnkit.sources.sql.statements import SUBQUERY_NAME, WrappedQuery

#: PostgreSQL's types (pg_type) that drivers give alike; all others are selected as texts.
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

#: Asks PostgreSQL for the name of a value's type, of a domain for that of the type under it.
_TYPE_NAME = (
    "SELECT format_type(CASE WHEN typbasetype = 0 THEN oid ELSE typbasetype END, NULL)"
    " FROM pg_type WHERE oid = CAST(pg_typeof({}) AS oid)"
)

#: How PostgreSQL names the type of an array.
_ARRAY = "[]"

#: The condition that a value of MariaDB is a day of the calendar, which '1908-05-00', '2008-00-01'
#: and '2008-02-30' are not; it is never null.
_MYSQL_DAY = "((YEAR({0}) > 0 AND DAYOFMONTH({0}) BETWEEN 1 AND DAYOFMONTH(LAST_DAY({0}))) IS TRUE)"

#: The condition that Python can hold a date or time: the years 1 to 9999, and days of 24 hours.
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

#: How a date or time is written as a text that can be parsed, and that blocks have room for; for
#: MariaDB a cast would do, which takes twice as long.
_TIME_AS_TEXT = {"postgresql": "CAST({0} AS varchar(40))", "mysql": "CONCAT({0})"}

#: How a decimal of PostgreSQL is given as a float: one cast refuses what is too large for a float,
#: or too near to zero, and with it the whole answer. Beyond these bounds it is infinite or zero.
_DECIMAL_AS_FLOAT = (
    "CASE WHEN abs({0}) BETWEEN 1e-307 AND 1.7976931348623157e308"
    " THEN CAST({0} AS double precision)"
    " ELSE CAST(CASE WHEN {0} = 'NaN' THEN 'NaN' WHEN {0} > 1 THEN 'Infinity'"
    " WHEN {0} < -1 THEN '-Infinity' WHEN {0} IS NOT NULL THEN '0' END AS double precision) END"
)

#: What of PostgreSQL has a zone.
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
    none = wrapped.select(most=0)
    head = f"SELECT {types} FROM (SELECT 1) AS one LEFT JOIN ({none.head}"  # noqa: S608 (from the service)
    (row,) = session.execute(Statement(head, f"{none.tail}) AS {SUBQUERY_NAME} ON true")).fetch(1)
    return [str(each) for each in row]


def postgresql_type(native: str) -> pl.DataType:
    """Choose a column's type for a type of PostgreSQL; decimals and single precision as such."""
    if not native.endswith(_ARRAY):
        return _POSTGRESQL.get(native, pl.String())
    inner = _POSTGRESQL.get(native.removesuffix(_ARRAY), pl.String())
    if isinstance(inner, pl.Decimal | pl.Float32):
        return pl.List(pl.Float64())
    plain = isinstance(inner, pl.Boolean | pl.Int64 | pl.Float64)
    return pl.List(inner if plain else pl.String())


def select_columns(wrapped: WrappedQuery, dialect: str, columns: Sequence[SqlColumn]) -> str:
    """Write what to select so that every driver gives the same values.

    Parameters
    ----------
    wrapped : WrappedQuery
        The query.
    dialect : str
        mysql, postgresql or another name.
    columns : sequence of SqlColumn
        Its columns.

    Returns
    -------
    str
        The select list, in the columns' order.
    """
    if dialect not in _TEXT:
        return "*"
    return ", ".join(
        f"{select_expression(wrapped, dialect, column)} AS {wrapped.quote_name(column)}"
        for column in columns
    )


def select_expression(wrapped: WrappedQuery, dialect: str, column: SqlColumn) -> str:
    """Write what to select for a column."""
    name = wrapped.quote_name(column)
    if column.selected_as_text:
        in_utc = f"({name} AT TIME ZONE 'UTC')" if column.native == _ZONED else name
        return _TIME_AS_TEXT[dialect].format(in_utc)
    if isinstance(column.dtype, pl.List):
        return f"CAST(array_to_json({name}) AS text)"
    if _is_text(dialect, column):
        return _TEXT[dialect].format(name)
    if column.native == "numeric" and column.dtype == pl.Float64 and not column.exact:
        return _DECIMAL_AS_FLOAT.format(name)  # and pyodbc reads no decimal that is no number
    if column.native == "oid" and column.dtype == pl.Int64:
        return f"CAST({name} AS bigint)"  # which the ODBC driver gives with a sign
    if dialect == "mysql" and column.native == "Float32" and not column.exact:
        return f"({name} + 0e0)"  # PyMySQL gets only six digits of single precision
    return wrapped.select_expression(column)


def _is_text(dialect: str, column: SqlColumn) -> bool:
    """Return whether a column is selected as text though the database has another type for it."""
    if dialect == "postgresql":
        own = _POSTGRESQL.get(column.native)
        return own is None or (
            column.dtype == pl.String and not isinstance(own, pl.String | pl.Binary)
        )
    return bool(column.native) and column.dtype == pl.String


def representable_condition(wrapped: WrappedQuery, dialect: str, column: SqlColumn) -> str | None:
    """Write the condition that Python can hold a column's value, or None if it always can."""
    form = _REPRESENTABLE.get(dialect, {}).get(type(column.dtype))
    return form.format(wrapped.quote_name(column)) if form and column.selected_as_text else None


def refuse_unreadable_key(frame: pl.DataFrame, order: Sequence[SqlColumn], where: str) -> None:
    """Refuse records by whose key reading could not continue.

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
        named = [text for text in lost if f"; {column.field}: " in f"; {text}"]
        if named:
            raise SourceError(
                f"a value of {column.field}, by which records are ordered, is no date or is not of"
                f" type {column.dtype}",
                where=where,
                why=named[0],
                cure="Correct it there, leave it out in the source file's query, or declare it"
                f' in the source file: [types] {column.field} = "text"',
            )
