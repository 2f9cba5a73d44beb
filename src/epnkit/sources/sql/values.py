"""Values of a database in one form, whatever its driver: the database itself writes them so.

Drivers disagree on UUIDs, arrays, JSON, intervals and decimals, and hand out wrong dates, or end
the process, for those that Python does not have. What each column is selected as is decided here,
by the database's own type.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence

import polars as pl

from epnkit.errors import SourceError
from epnkit.sources.sql.column_types import SqlColumn
from epnkit.sources.sql.session import SqlSession, Statement
from epnkit.sources.sql.statements import SUBQUERY_NAME, WrappedQuery

#: The column that says which values of a record cannot be held; it is not part of the record.
UNREADABLE = "epnkit_unreadable"

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

#: The condition that Python can hold a date or time: the years 1 to 9999, and days of 24 hours.
_HELD: Mapping[str, Mapping[type[pl.DataType], str]] = {
    "postgresql": {
        pl.Date: "{0} BETWEEN DATE '0001-01-01' AND DATE '9999-12-31'",
        pl.Datetime: "{0} >= '0001-01-01' AND {0} < '10000-01-01'",
        pl.Time: "{0} < TIME '24:00'",
    },
    # '1908-05-00' has no number of days, and '2008-02-30' that of another date.
    "mysql": {
        pl.Date: "{0} <=> FROM_DAYS(TO_DAYS({0}))",
        pl.Datetime: "DATE({0}) <=> FROM_DAYS(TO_DAYS({0}))",
        pl.Time: "{0} >= '00:00:00' AND {0} < '24:00:00'",
    },
}

#: How a value is written as a text.
_TEXT = {"postgresql": "CAST({0} AS text)", "mysql": "CAST({0} AS CHAR)"}


#: How much of them is named, in characters.
_LONGEST = 100


class SourceWarning(UserWarning):
    """A value of a source cannot be held, and is null in its record."""


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
        unreadable_expression(wrapped, dialect, columns) + f" AS {UNREADABLE}"
        if column.name == UNREADABLE
        else f"{select_expression(wrapped, dialect, column)} AS {wrapped.quote_name(column)}"
        for column in columns
    )


def select_expression(wrapped: WrappedQuery, dialect: str, column: SqlColumn) -> str:
    """Write what to select for a column; what Python cannot hold is null."""
    name = wrapped.quote_name(column)
    held = held_condition(wrapped, dialect, column)
    if held is not None:
        return f"CASE WHEN {held} THEN {name} END"
    if isinstance(column.dtype, pl.List):
        return f"CAST(array_to_json({name}) AS text)"
    if _is_text(dialect, column):
        return _TEXT[dialect].format(name)
    if column.native == "numeric" and column.dtype == pl.Float64 and not column.exact:
        return f"CAST({name} AS double precision)"  # pyodbc reads no decimal that is no number
    if dialect == "mysql" and column.native == "Float32" and not column.exact:
        return f"({name} + 0e0)"  # PyMySQL gets but six figures of single precision
    return wrapped.select_expression(column)


def has_unreadable(wrapped: WrappedQuery, dialect: str, columns: Sequence[SqlColumn]) -> bool:
    """Return whether a query has columns whose values Python may not be able to hold."""
    return any(held_condition(wrapped, dialect, column) is not None for column in columns)


def _is_text(dialect: str, column: SqlColumn) -> bool:
    """Whether a column is selected as a text though the database has another type for it."""
    if dialect == "postgresql":
        own = _POSTGRESQL.get(column.native)
        return own is None or (
            column.dtype == pl.String and not isinstance(own, pl.String | pl.Binary)
        )
    return bool(column.native) and column.dtype == pl.String


def held_condition(wrapped: WrappedQuery, dialect: str, column: SqlColumn) -> str | None:
    """Write the condition that Python can hold a column's value, or None if it always can."""
    form = _HELD.get(dialect, {}).get(type(column.dtype))
    return form.format(wrapped.quote_name(column)) if form and column.native else None


def unreadable_expression(wrapped: WrappedQuery, dialect: str, columns: Sequence[SqlColumn]) -> str:
    """Write the text that names a record's values that cannot be held, null if there are none."""
    texts, held_all = [], []
    for column in columns:
        held, name = held_condition(wrapped, dialect, column), wrapped.quote_name(column)
        if held is not None:
            label = column.field.replace("'", "''").replace("?", "").replace("\\", "")
            text = f"CONCAT('{label}: ', {_TEXT[dialect].format(name)})"
            texts.append(f"CASE WHEN ({held}) IS FALSE THEN {text} END")
            held_all.append(f"({held}) IS NOT FALSE")
    joined = f"CONCAT_WS('; ', {', '.join(texts)})"
    # Blocks have room for the longest text that there can be.
    form = "CAST({} AS varchar({}))" if dialect == "postgresql" else "LEFT({}, {})"
    return f"CASE WHEN NOT ({' AND '.join(held_all)}) THEN {form.format(joined, _LONGEST)} END"


def report_unreadable(frame: pl.DataFrame, order: Sequence[SqlColumn], where: str) -> pl.DataFrame:
    """Warn of values that are null because they cannot be held.

    Parameters
    ----------
    frame : polars.DataFrame
        Records, perhaps with the column :data:`UNREADABLE`.
    order : sequence of SqlColumn
        The columns by which reading continues.
    where : str
        The source, for messages.

    Returns
    -------
    polars.DataFrame
        The records without that column.

    Raises
    ------
    SourceError
        If such a value is one by which records are ordered.
    """
    if UNREADABLE not in frame.columns:
        return frame
    found = frame[UNREADABLE].drop_nulls()
    for column in order:
        if found.str.contains(f"(^|; ){re.escape(column.field)}: ").any():
            raise SourceError(
                f"the database has a time before the year 1 in {column.field}, or one that is no"
                " date",
                where=where,
                why=str(found[0]),
                cure="Correct it there, or leave it out in the source file's query",
            )
    if len(found):
        _warn(found, where)
    return frame.drop(UNREADABLE)


def _warn(found: pl.Series, where: str) -> None:
    field = str(found[0]).partition(":")[0]
    warnings.warn(
        f"{where}: {len(found)} records have values that are no dates or times, such as"
        f" {found[0]}; they are read as nothing. To read them as texts, write into the source"
        f' file: [types] {field} = "text"',
        SourceWarning,
        stacklevel=2,
    )
