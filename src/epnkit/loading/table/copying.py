"""Copying granules into a table, with forms for values that PostgreSQL is slow to read.

pgsphere takes longer to read a polygon or a MOC than PostgreSQL takes for all other values of a
granule.  What need not be read again and again is copied in another form into a temporary table,
from which PostgreSQL makes the values:

- polygons that are validated already, as their bytes;
- values that many granules of a batch share, by their numbers;
- other values of types without a binary form, as text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl
from psycopg2 import sql

from epnkit.loading.table.binary_rows import encode_rows, has_binary_form
from epnkit.loading.table.shared_values import (
    copy_shared,
    find_shared,
    number_values,
    select_shared,
)
from epnkit.loading.table.temporary_tables import (
    PREFIX,
    clear,
    copy_content,
    copy_lines,
    list_names,
)

if TYPE_CHECKING:
    from epnkit.loading.table.target import Target

#: The forms of a column in the temporary table: the endings of their names, and their types.
_BYTES, _TEXT, _SHARED = "_epnkit_bytes", "_epnkit_text", "_epnkit_shared"
_TYPES = {_BYTES: "bytea", _TEXT: "text", _SHARED: "integer"}

#: What is made of them. ``spoly_trusted`` is PostgreSQL's ``byteacat``, declared to return spoly:
#: it appends the bytes of the polygon to its first argument, which is empty.
_AS_POLYGON = "coalesce(epnkit.spoly_trusted('', {bytes}), {text}::spoly)"
_AS_TYPE = "{text}::{kind}"


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
        copy_lines(target, into, encoded.granules)
        return
    copied.clear(target, into)
    copy_shared(target, into, [form.values for form in forms.values() if form.values is not None])
    copy_content(target, copied.name, encoded.rows, encoded.content)
    columns = [*copied.same, *forms]
    target.execute(
        "INSERT INTO {into} ({columns}) SELECT {selected} FROM {copied}",
        into=into,
        columns=list_names(columns),
        selected=sql.SQL(", ").join(
            forms[name].value if name in forms else sql.Identifier(name) for name in columns
        ),
        copied=copied.name,
    )


def _choose_form(values: pl.Series, kind: str, *, validated: bool) -> _Form:
    shared = find_shared(values)
    if shared is not None:
        return _write_numbers(values, shared)
    return _write_bytes(values) if validated else _write_text(values, kind)


def _write_numbers(values: pl.Series, shared: pl.Series) -> _Form:
    """Write the numbers of the values that granules share."""
    given = number_values(values, shared).alias(values.name + _SHARED)
    value = select_shared(values.name, len(shared), sql.Identifier(given.name))
    return _Form([given], value, shared)


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
        return cls(sql.Identifier(f"{PREFIX}rows_{digest}"), list(same), same | forms)

    def clear(self, target: Target, like: sql.Composable) -> None:
        """Empty it; make it if it is missing."""
        forms = [
            sql.SQL("NULL::{} AS {}").format(sql.SQL(kind), sql.Identifier(name))
            for name, kind in self.kinds.items()
            if name not in self.same
        ]
        clear(target, self.name, like, [*map(sql.Identifier, self.same), *forms])
