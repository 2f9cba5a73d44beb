"""Copying granules into a table, with forms for values that PostgreSQL is slow to read.

pgsphere takes longer to read a polygon or a MOC than PostgreSQL takes for all other values of a
granule.  What need not be read again and again is copied in another form into a temporary table,
from which PostgreSQL makes the values:

- polygons that are validated already, as their bytes;
- values that many granules of a batch share, by their numbers in a list of them, which PostgreSQL
  compresses: they take less space in each row;
- other values of types without a binary form, as text.

The temporary tables are made once in a transaction: each that is made and dropped is a lock until
its end, and PostgreSQL has a limited number of them.  They are emptied outside of the savepoint in
which they were filled: within another one, PostgreSQL would keep what they held until the
transaction ends, a gigabyte for a million granules.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl
from psycopg2 import sql

from epnkit.loading.table.binary_rows import encode_rows, has_binary_form

if TYPE_CHECKING:
    from epnkit.loading.table.target import Target

#: The forms of a column in the temporary table: the endings of their names, and their types.
_BYTES, _TEXT, _SHARED = "_epnkit_bytes", "_epnkit_text", "_epnkit_shared"
_TYPES = {_BYTES: "bytea", _TEXT: "text", _SHARED: "integer"}

#: How much psycopg sends at a time, in bytes: after each part it waits for the interpreter, which
#: other threads use to prepare the next batches.
_SENT = 1 << 20

#: How the names of all temporary tables begin.
_PREFIX = "epnkit_copied_"

#: The temporary table of shared values, the column that numbers them, and one that makes rows long.
_VALUES, _NUMBER = sql.Identifier(f"{_PREFIX}values"), "epnkit_number"
_LENGTH = "epnkit_length"

#: PostgreSQL compresses values in rows of 2 kB and more (``TOAST_TUPLE_THRESHOLD``), and where it
#: may: not in columns of pgsphere's types, unless their storage is changed.  Values of other types
#: would rather leave so long a row.
_LONG = sql.SQL("NULL::character(2048) AS {}").format(sql.Identifier(_LENGTH))
_STORAGE = {"p": "PLAIN", "m": "MAIN", "e": "EXTERNAL", "x": "EXTENDED"}
_CHANGES = """
    SELECT attname, wanted FROM pg_attribute JOIN pg_type t ON t.oid = atttypid, LATERAL (
        SELECT CASE WHEN attname = %s THEN 'p' WHEN %s THEN 'm' ELSE typstorage END AS wanted) AS w
    WHERE attrelid = %s::regclass AND attnum > 0 AND typstorage <> 'p' AND wanted <> attstorage
"""

#: How many values are compressed at most, since each row takes those 2 kB here; and how long their
#: texts may be, since pgsphere reads a MOC in parts, for each of which PostgreSQL would decompress
#: all before it.
_COMPRESSED, _LONGEST = 1000, 4096

#: What is made of them. ``spoly_trusted`` is PostgreSQL's ``byteacat``, declared to return spoly:
#: it appends the bytes of the polygon to its first argument, which is empty.
_AS_POLYGON = "coalesce(epnkit.spoly_trusted('', {bytes}), {text}::spoly)"
_AS_TYPE = "{text}::{kind}"

#: A subquery, since a join could change the order of the rows, by which
#: :func:`~epnkit.loading.table.merge.remove_repeated` chooses.
_AS_SHARED = "(SELECT {column} FROM {shared_values} WHERE {number} = {shared})"

#: The same of few values, more quickly: PostgreSQL looks each of them up once.
_AS_ONE_OF = "CASE {shared} {cases} END"
_FEW = 100

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


@dataclass(frozen=True)
class EncodedGranules:
    """Granules of one batch as they are copied.

    Parameters
    ----------
    granules : polars.DataFrame
        The granules.
    forms : dict of str to _Form
        The columns that are copied in another form.
    copied : _CopyTable
        The temporary table.
    rows : polars.DataFrame
        The rows of that table.
    content : bytes, optional
        These rows in the binary format, if they have that form.
    """

    granules: pl.DataFrame
    forms: dict[str, _Form]
    copied: _CopyTable
    rows: pl.DataFrame
    content: bytes | None


def encode_granules(
    granules: pl.DataFrame, kinds: Mapping[str, str], validated: Collection[str]
) -> EncodedGranules:
    """Encode granules for :func:`copy_encoded`, which takes no connection, so in any thread.

    Parameters
    ----------
    granules : polars.DataFrame
        Granules of one batch.
    kinds : mapping of str to str
        The types of the table's columns, as :attr:`Target.kinds` has them.
    validated : collection of str
        The columns whose polygons are validated, and written as bytes.
    """
    kinds = {name: kinds[name] for name in granules.columns}
    forms = {
        name: _choose_form(granules[name], kind, validated=name in validated)
        for name, kind in kinds.items()
        if not has_binary_form(kind)
    }
    copied = _CopyTable.of(kinds)
    columns = [each for form in forms.values() for each in form.columns]
    rows = granules.drop(*forms).with_columns(columns)
    return EncodedGranules(granules, forms, copied, rows, encode_rows(rows, copied.kinds))


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
    copy_encoded(target, into, encode_granules(granules, target.kinds, target.validated_columns))


def copy_encoded(target: Target, into: sql.Composable, encoded: EncodedGranules) -> None:
    """Copy granules that are encoded already; else like :func:`copy_granules`."""
    forms, copied = encoded.forms, encoded.copied
    if encoded.content is None and not forms:
        _copy_lines(target, into, encoded.granules)
        return
    copied.clear(target, into)
    _copy_values(target, into, [form.values for form in forms.values() if form.values is not None])
    copy_content(target, copied.name, encoded.rows, encoded.content)
    columns = [*copied.same, *forms]
    target.execute(
        "INSERT INTO {into} ({columns}) SELECT {selected} FROM {copied}",
        into=into,
        columns=_list_names(columns),
        selected=sql.SQL(", ").join(
            forms[name].value if name in forms else sql.Identifier(name) for name in columns
        ),
        copied=copied.name,
    )


def _choose_form(values: pl.Series, kind: str, *, validated: bool) -> _Form:
    shared = values.drop_nulls().unique(maintain_order=True)
    if len(shared) and len(shared) * _SHARED_BY <= len(values):
        return _share(values, shared)
    return _write_bytes(values) if validated else _write_text(values, kind)


def _share(values: pl.Series, shared: pl.Series) -> _Form:
    """Let the granules have the numbers of their values."""
    numbers = pl.int_range(len(shared), dtype=pl.Int32, eager=True)
    given = values.replace_strict(shared, numbers, default=None).alias(values.name + _SHARED)
    column, of_row = sql.Identifier(values.name), sql.Identifier(given.name)
    if len(shared) > _FEW:
        return _Form([given], _look_up(column, of_row), shared)
    case = sql.SQL(" WHEN {} THEN {}")
    cases = (case.format(n, _look_up(column, n)) for n in map(sql.Literal, range(len(shared))))
    value = sql.SQL(_AS_ONE_OF).format(shared=of_row, cases=sql.SQL("").join(cases))
    return _Form([given], value, shared)


def _look_up(column: sql.Identifier, number: sql.Composable) -> sql.Composed:
    return sql.SQL(_AS_SHARED).format(
        column=column, shared_values=_VALUES, number=sql.Identifier(_NUMBER), shared=number
    )


def _write_bytes(values: pl.Series) -> _Form:
    """Write polygons as bytes, or else as text."""
    from epnkit.regions.geometry.binary import polygon_bytes

    written = polygon_bytes(values)
    text = values.set(written.is_not_null(), None).alias(values.name + _TEXT)
    content = written.alias(values.name + _BYTES)
    value = sql.SQL(_AS_POLYGON).format(
        bytes=sql.Identifier(content.name), text=sql.Identifier(text.name)
    )
    return _Form([content, text], value)


def _write_text(values: pl.Series, kind: str) -> _Form:
    text = values.alias(values.name + _TEXT)
    value = sql.SQL(_AS_TYPE).format(text=sql.Identifier(text.name), kind=sql.SQL(kind))
    return _Form([text], value)


@dataclass(frozen=True)
class _CopyTable:
    """A temporary table for granules; PostgreSQL lets none of its columns lack a binary form.

    Parameters
    ----------
    name : psycopg2.sql.Identifier
        Its name: loads of several sources into one table are one transaction, and their columns
        may differ.
    same : list of str
        The columns that it has as the table of the granules has them.
    kinds : dict of str to str
        The types of these, and of the forms of the others.
    """

    name: sql.Identifier
    same: list[str]
    kinds: dict[str, str]

    @classmethod
    def of(cls, kinds: Mapping[str, str]) -> _CopyTable:
        """Describe the one for granules with these columns, of these types."""
        digest = hashlib.sha256("\n".join(kinds).encode()).hexdigest()[:8]
        same = {name: kind for name, kind in kinds.items() if has_binary_form(kind)}
        others = [name for name in kinds if name not in same]
        forms = {name + ending: kind for name in others for ending, kind in _TYPES.items()}
        return cls(sql.Identifier(f"{_PREFIX}rows_{digest}"), list(same), same | forms)

    def clear(self, target: Target, like: sql.Composable) -> None:
        """Empty it; make it if it is missing."""
        forms = [
            sql.SQL("NULL::{} AS {}").format(sql.SQL(kind), sql.Identifier(name))
            for name, kind in self.kinds.items()
            if name not in self.same
        ]
        _clear(target, self.name, like, [*map(sql.Identifier, self.same), *forms])


def _copy_values(target: Target, like: sql.Composable, shared: list[pl.Series]) -> None:
    """Copy the values that granules share, numbered from 0 on in each column."""
    if not shared:
        return
    number = sql.Identifier(_NUMBER)
    names = sorted(name for name, kind in target.kinds.items() if not has_binary_form(kind))
    columns = map(sql.Identifier, names)
    _clear(target, _VALUES, like, [sql.SQL("0 AS {}").format(number), *columns, _LONG])
    compressed = _pays_to_compress(shared)
    _let_compress(target, compressed=compressed)
    target.execute(
        "CREATE UNIQUE INDEX IF NOT EXISTS epnkit_shared_number ON {shared_values} ({number})",
        shared_values=_VALUES,
        number=number,
    )
    count = max(map(len, shared))
    rows = pl.DataFrame([values.extend_constant(None, count - len(values)) for values in shared])
    length = pl.lit("" if compressed else None, pl.String).alias(_LENGTH)
    _copy_lines(target, _VALUES, rows.with_row_index(_NUMBER).with_columns(length))


def _let_compress(target: Target, *, compressed: bool) -> None:
    """Let PostgreSQL compress the shared values or not: each row gets one as it is stored here."""
    values = (_LENGTH, compressed, f"pg_temp.{_VALUES.string}")
    for name, wanted in target.query(_CHANGES, values):
        target.execute(
            "ALTER TABLE {shared_values} ALTER COLUMN {name} SET STORAGE {storage}",
            shared_values=_VALUES,
            name=sql.Identifier(name),
            storage=sql.SQL(_STORAGE[wanted]),
        )


def _pays_to_compress(shared: list[pl.Series]) -> bool:
    """Return whether the values that granules share are few enough, and none is too long."""
    return all(
        len(values) <= _COMPRESSED and not (values.cast(pl.String).str.len_bytes() > _LONGEST).any()
        for values in shared
    )


def _clear(
    target: Target, table: sql.Identifier, like: sql.Composable, columns: Iterable[sql.Composable]
) -> None:
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
        (_PREFIX,),
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
        _copy_lines(target, into, rows)
    else:
        _copy(target, into, rows.columns, "binary", io.BytesIO(content))


def _copy_lines(target: Target, into: sql.Composable, rows: pl.DataFrame) -> None:
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
    formatted = command.format(into, _list_names(columns), sql.SQL(form))
    with target.connection.cursor() as cursor:
        cursor.copy_expert(formatted, content, _SENT)


def _list_names(names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))
