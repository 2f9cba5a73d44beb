"""Temporary tables of a load, by which granules get into the table, and copying rows.

They are made once in a transaction: each that is made and dropped is a lock until its end, and
PostgreSQL has a limited number of them.  They are emptied outside of the savepoint in which they
were filled: within another one, PostgreSQL would keep what they held until the transaction ends, a
gigabyte for a million granules.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import polars as pl
from psycopg2 import sql

if TYPE_CHECKING:
    from epnkit.loading.table.target import Target

#: How the names of all temporary tables begin.
PREFIX = "epnkit_copied_"

#: How much psycopg sends at a time, in bytes: after each part it waits for the interpreter, which
#: other threads use to prepare the next batches.
_SENT = 1 << 20


def clear(
    target: Target, table: sql.Identifier, like: sql.Composable, columns: Iterable[sql.Composable]
) -> None:
    """Empty a temporary table; make it if it is missing.

    Parameters
    ----------
    target : Target
        Whose connection it is.
    table : psycopg2.sql.Identifier
        Its name, which begins with :data:`PREFIX`.
    like : psycopg2.sql.Composable
        The table from which columns are taken.
    columns : iterable of psycopg2.sql.Composable
        What is selected of it.
    """
    target.execute(
        "CREATE TEMP TABLE IF NOT EXISTS {made} ON COMMIT DROP AS SELECT {columns} FROM {like}"
        " WITH NO DATA",
        made=table,
        columns=sql.SQL(", ").join(columns),
        like=like,
    )
    # A batch of a partitioned table fills it once for each part.
    target.execute("DELETE FROM {made}", made=table)


def empty_temporary_tables(target: Target) -> None:
    """Empty the temporary tables of earlier batches, outside of the savepoints of these.

    Parameters
    ----------
    target : Target
        Whose connection it is.
    """
    names = target.query(
        "SELECT relname FROM pg_class WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r'"
        " AND starts_with(relname, %s)",
        (PREFIX,),
    )
    if names:
        tables = sql.SQL(", ").join(sql.Identifier("pg_temp", name) for (name,) in names)
        target.execute("TRUNCATE {tables}", tables=tables)


def copy_content(
    target: Target, into: sql.Composable, rows: pl.DataFrame, content: bytes | None
) -> None:
    """Copy rows as they are encoded; as text, if PostgreSQL has to convert or refuse a value.

    Parameters
    ----------
    target : Target
        Whose connection it is.
    into : psycopg2.sql.Composable
        The table, all columns of which have a binary form.
    rows : polars.DataFrame
        The rows.
    content : bytes, optional
        What :func:`~epnkit.loading.table.binary_rows.encode_rows` makes of them.
    """
    if content is None:
        copy_lines(target, into, rows)
    else:
        _copy(target, into, rows.columns, "binary", io.BytesIO(content))


def copy_lines(target: Target, into: sql.Composable, rows: pl.DataFrame) -> None:
    """Copy rows as lines of text, for PostgreSQL to convert or to refuse their values.

    Parameters
    ----------
    target : Target
        Whose connection it is.
    into : psycopg2.sql.Composable
        The table.
    rows : polars.DataFrame
        The rows.
    """
    lines = io.BytesIO()
    rows.with_columns(("\\x" + pl.col(pl.Binary).bin.encode("hex")).name.keep()).write_csv(
        lines,
        include_header=False,
        quote_style="non_numeric",
        datetime_format="%Y-%m-%dT%H:%M:%S%.6f",
    )
    lines.seek(0)
    _copy(target, into, rows.columns, "csv", lines)


def _copy(
    target: Target, into: sql.Composable, columns: Sequence[str], form: str, content: io.BytesIO
) -> None:
    command = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT {})")
    formatted = command.format(into, list_names(columns), sql.SQL(form))
    with target.connection.cursor() as cursor:
        cursor.copy_expert(formatted, content, _SENT)


def list_names(names: Iterable[str]) -> sql.Composed:
    """Write names of columns as a list in SQL."""
    return sql.SQL(", ").join(map(sql.Identifier, names))
