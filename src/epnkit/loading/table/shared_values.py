"""Values that many granules of a batch share: copied once, and compressed if they are short.

They are in a temporary table, in which PostgreSQL compresses them; each granule has the number of
its value.  What a row gets is the value as it is stored there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from psycopg2 import sql

from epnkit.loading.table.binary_rows import has_binary_form
from epnkit.loading.table.temporary_tables import PREFIX, clear, copy_lines

if TYPE_CHECKING:
    from epnkit.loading.table.target import Target

#: The temporary table of shared values, the column that numbers them, and one that makes rows long.
_VALUES, _NUMBER = sql.Identifier(f"{PREFIX}values"), "epnkit_number"
_LENGTH = "epnkit_length"

#: PostgreSQL compresses values in rows of 2 kB and more (``TOAST_TUPLE_THRESHOLD``), and where it
#: may: not in columns of pgsphere's types, unless their storage is changed.  Values of other types
#: would rather leave so long a row.
_LONG = sql.SQL("NULL::character(2048) AS {}").format(sql.Identifier(_LENGTH))
_STORAGE = {"p": "PLAIN", "m": "MAIN", "e": "EXTERNAL", "x": "EXTENDED"}
_CHANGES = """
    SELECT attname, wanted FROM pg_attribute JOIN pg_type t ON t.oid = atttypid, LATERAL (
        SELECT CASE WHEN attname = %s THEN 'p' WHEN attname = ANY(%s) THEN 'm'
               ELSE typstorage END AS wanted) AS w
    WHERE attrelid = %s::regclass AND attnum > 0 AND typstorage <> 'p' AND wanted <> attstorage
"""

#: How many values are compressed at most, since each row takes those 2 kB here; and how long the
#: texts in a column may be, since pgsphere reads a MOC in parts, for each of which PostgreSQL would
#: decompress all before it.
_COMPRESSED, _LONGEST = 1000, 4096

#: A subquery, since a join could change the order of the rows, by which
#: :func:`~epnkit.loading.table.merge.remove_repeated` chooses.
_AS_SHARED = "(SELECT {column} FROM {shared_values} WHERE {number} = {shared})"

#: The same of few values, more quickly: PostgreSQL looks each of them up once.
_AS_ONE_OF = "CASE {shared} {cases} END"
_FEW = 100

#: How many granules share each value at least, on average, for this to be quicker.
_SHARED_BY = 4


def find_shared(values: pl.Series) -> pl.Series | None:
    """Find the values of a column if many granules share them.

    Parameters
    ----------
    values : polars.Series
        The column of the granules of a batch.

    Returns
    -------
    polars.Series or None
        Its different values; None if they are too many.
    """
    shared = values.drop_nulls().unique(maintain_order=True)
    return shared if len(shared) and len(shared) * _SHARED_BY <= len(values) else None


def number_values(values: pl.Series, shared: pl.Series) -> pl.Series:
    """Give each granule the number of its value, under the same name."""
    numbers = pl.int_range(len(shared), dtype=pl.Int32, eager=True)
    return values.replace_strict(shared, numbers, default=None)


def select_shared(column: str, count: int, number: sql.Identifier) -> sql.Composed:
    """Write the expression for the value of a granule.

    Parameters
    ----------
    column : str
        The column that it is for.
    count : int
        How many values granules share.
    number : psycopg2.sql.Identifier
        Where the granule's row has the number of its value.
    """
    name = sql.Identifier(column)
    if count > _FEW:
        return _look_up(name, number)
    case = sql.SQL(" WHEN {} THEN {}")
    cases = (case.format(each, _look_up(name, each)) for each in map(sql.Literal, range(count)))
    return sql.SQL(_AS_ONE_OF).format(shared=number, cases=sql.SQL("").join(cases))


def _look_up(column: sql.Identifier, number: sql.Composable) -> sql.Composed:
    return sql.SQL(_AS_SHARED).format(
        column=column, shared_values=_VALUES, number=sql.Identifier(_NUMBER), shared=number
    )


def copy_shared(target: Target, like: sql.Composable, shared: list[pl.Series]) -> None:
    """Copy the values that granules share, numbered from 0 on in each column.

    Parameters
    ----------
    target : Target
        Whose connection and types they are.
    like : psycopg2.sql.Composable
        The table of the granules.
    shared : list of polars.Series
        The values of each column that has such.
    """
    if not shared:
        return
    number = sql.Identifier(_NUMBER)
    names = sorted(name for name, kind in target.kinds.items() if not has_binary_form(kind))
    columns = map(sql.Identifier, names)
    clear(target, _VALUES, like, [sql.SQL("0 AS {}").format(number), *columns, _LONG])
    count = max(map(len, shared))
    compressed = [values.name for values in shared if count <= _COMPRESSED and _are_short(values)]
    _let_compress(target, compressed)
    target.execute(
        "CREATE UNIQUE INDEX IF NOT EXISTS epnkit_shared_number ON {shared_values} ({number})",
        shared_values=_VALUES,
        number=number,
    )
    rows = pl.DataFrame([values.extend_constant(None, count - len(values)) for values in shared])
    length = pl.lit("" if compressed else None, pl.String).alias(_LENGTH)
    copy_lines(target, _VALUES, rows.with_row_index(_NUMBER).with_columns(length))


def _let_compress(target: Target, columns: list[str]) -> None:
    """Let PostgreSQL compress the values of these columns alone: rows get them as they are here."""
    values = (_LENGTH, columns, f"pg_temp.{_VALUES.string}")
    for name, wanted in target.query(_CHANGES, values):
        target.execute(
            "ALTER TABLE {shared_values} ALTER COLUMN {name} SET STORAGE {storage}",
            shared_values=_VALUES,
            name=sql.Identifier(name),
            storage=sql.SQL(_STORAGE[wanted]),
        )


def _are_short(values: pl.Series) -> bool:
    return not (values.cast(pl.String).str.len_bytes() > _LONGEST).any()
