"""Copying granules into a table, with forms for values that PostgreSQL is slow to read.

pgsphere takes longer to read a polygon or a MOC than PostgreSQL takes for all other values of a
granule.  What need not be read again and again is copied in another form into a temporary table,
from which PostgreSQL makes the values:

- polygons that are validated already, as their bytes;
- values that many granules of a batch share, by their numbers in a list of them.

The temporary tables are made once in a transaction: each that is made and dropped is a lock until
its end, and PostgreSQL has a limited number of them.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl
from psycopg2 import sql

if TYPE_CHECKING:
    from epnkit.loading.table.target import Target

#: The forms of a column in the temporary table: the endings of their names, and their types.
_BYTES, _TEXT, _SHARED = "_epnkit_bytes", "_epnkit_text", "_epnkit_shared"
_TYPES = {_BYTES: "bytea", _TEXT: "text", _SHARED: "integer"}

#: The temporary table of shared values, and the column that numbers them.
_VALUES, _NUMBER = sql.Identifier("epnkit_shared_values"), "epnkit_number"

#: What is made of them. ``spoly_trusted`` is PostgreSQL's ``byteacat``, declared to return spoly:
#: it appends the bytes of the polygon to its first argument, which is empty.
_AS_POLYGON = "coalesce(epnkit.spoly_trusted('', {bytes}), {text}::spoly)"

#: A subquery, since a join could change the order of the rows, by which
#: :func:`~epnkit.loading.table.merge.remove_repeated` chooses.
_AS_SHARED = "(SELECT {column} FROM {shared_values} WHERE {number} = {shared})"

#: How many granules share each value at least, on average, for this form to be quicker.
_SHARED_BY = 4


@dataclass(frozen=True)
class _Form:
    """A column in the form in which it is copied.

    Parameters
    ----------
    columns : list of polars.Series
        What is copied in its place.
    value : psycopg2.sql.Composable
        The value that is made of them.
    values : polars.Series, optional
        The values that granules share.
    """

    columns: list[pl.Series]
    value: sql.Composable
    values: pl.Series | None = None


def copy_granules(target: Target, into: sql.Composable, granules: pl.DataFrame) -> None:
    """Copy granules into a table.

    Parameters
    ----------
    target : Target
        Whose connection and types they are.
    into : psycopg2.sql.Composable
        The table, with all columns of the granules.
    granules : polars.DataFrame
        Granules of one batch; the table gets them in their order.
    """
    forms = _choose_forms(target, granules)
    if not forms:
        _copy_lines(target, into, granules)
        return
    copied = _clear_copy_table(target, into, granules.columns)
    _copy_values(target, into, [form.values for form in forms.values() if form.values is not None])
    others = granules.drop(*forms)
    _copy_lines(
        target, copied, others.with_columns(c for form in forms.values() for c in form.columns)
    )
    columns = [*others.columns, *forms]
    target.execute(
        "INSERT INTO {into} ({columns}) SELECT {selected} FROM {copied}",
        into=into,
        columns=_list_names(columns),
        selected=sql.SQL(", ").join(
            forms[name].value if name in forms else sql.Identifier(name) for name in columns
        ),
        copied=copied,
    )


def _choose_forms(target: Target, granules: pl.DataFrame) -> dict[str, _Form]:
    forms = {}
    for name in granules.columns:
        if name not in target.shape_columns:
            continue
        values = granules[name]
        shared = values.drop_nulls().unique(maintain_order=True)
        if len(shared) and len(shared) * _SHARED_BY <= len(values):
            forms[name] = _share(values, shared)
        elif name in target.validated_columns:
            forms[name] = _write_bytes(values)
    return forms


def _share(values: pl.Series, shared: pl.Series) -> _Form:
    """Let the granules have the numbers of their values."""
    numbers = pl.int_range(len(shared), dtype=pl.Int32, eager=True)
    given = values.replace_strict(shared, numbers, default=None).alias(values.name + _SHARED)
    value = sql.SQL(_AS_SHARED).format(
        column=sql.Identifier(values.name),
        shared_values=_VALUES,
        number=sql.Identifier(_NUMBER),
        shared=sql.Identifier(given.name),
    )
    return _Form([given], value, shared)


def _write_bytes(values: pl.Series) -> _Form:
    """Write polygons as bytes (in hexadecimal, as PostgreSQL reads them), or else as text."""
    from epnkit.regions.geometry.binary import polygon_bytes

    written = polygon_bytes(values)
    text = values.set(written.is_not_null(), None).alias(values.name + _TEXT)
    content = ("\\x" + written.bin.encode("hex")).alias(values.name + _BYTES)
    value = sql.SQL(_AS_POLYGON).format(
        bytes=sql.Identifier(content.name), text=sql.Identifier(text.name)
    )
    return _Form([content, text], value)


def _clear_copy_table(
    target: Target, like: sql.Composable, columns: Sequence[str]
) -> sql.Identifier:
    """Empty the temporary table for granules with these columns; make it if it is missing.

    Loads of several sources into one table are one transaction, and their columns may differ.
    """
    digest = hashlib.sha256("\n".join(columns).encode()).hexdigest()[:8]
    copied = sql.Identifier(f"epnkit_copied_{digest}")
    shapes = [name for name in columns if name in target.shape_columns]
    forms = [
        sql.SQL("NULL::{} AS {}").format(sql.SQL(kind), sql.Identifier(name + ending))
        for name in shapes
        for ending, kind in _TYPES.items()
    ]
    _clear(target, copied, like, [*map(sql.Identifier, columns), *forms])
    return copied


def _copy_values(target: Target, like: sql.Composable, shared: list[pl.Series]) -> None:
    """Copy the values that granules share, numbered from 0 on in each column."""
    if not shared:
        return
    number = sql.Identifier(_NUMBER)
    columns = [sql.Identifier(name) for name in sorted(target.shape_columns)]
    _clear(target, _VALUES, like, [sql.SQL("0 AS {}").format(number), *columns])
    target.execute(
        "CREATE UNIQUE INDEX IF NOT EXISTS epnkit_shared_number ON {shared_values} ({number})",
        shared_values=_VALUES,
        number=number,
    )
    longest = max(map(len, shared))
    rows = pl.DataFrame([values.extend_constant(None, longest - len(values)) for values in shared])
    _copy_lines(target, _VALUES, rows.with_row_index(_NUMBER))


def _clear(
    target: Target, table: sql.Identifier, like: sql.Composable, columns: Iterable[sql.Composable]
) -> None:
    target.execute(
        "CREATE TEMP TABLE IF NOT EXISTS {made} ON COMMIT DROP AS SELECT {columns} FROM {like}"
        " WITH NO DATA; TRUNCATE {made}",
        made=table,
        columns=sql.SQL(", ").join(columns),
        like=like,
    )


def _copy_lines(target: Target, into: sql.Composable, rows: pl.DataFrame) -> None:
    lines = io.BytesIO()
    rows.write_csv(
        lines,
        include_header=False,
        quote_style="non_numeric",
        datetime_format="%Y-%m-%dT%H:%M:%S%.6f",
    )
    lines.seek(0)
    names = _list_names(rows.columns)
    command = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(into, names)
    with target.connection.cursor() as cursor:
        cursor.copy_expert(command, lines)


def _list_names(names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))
