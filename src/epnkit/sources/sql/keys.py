"""Keys and digests of records in SQL: expressions that a database computes itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from epnkit.sources.sql.column_types import SqlColumn
from epnkit.sources.sql.statements import Condition, WrappedQuery

#: The column that carries a record's digest in a batch.
DIGEST = "epnkit_source_digest"

#: What a key's numbers are filled up to, so that they sort as numbers do.
_FIGURES = 18

_CONCAT = {"mysql": "CONCAT({})", "postgresql": "({})", "sqlite": "({})"}

_NUMBER = {
    "mysql": "{0} REGEXP '^[0-9]{{1,18}}$'",
    "postgresql": "{0} ~ '^[0-9]{{1,18}}$'",
    "sqlite": "{0} NOT GLOB '*[^0-9]*' AND length({0}) BETWEEN 1 AND 18",
}

_PADDED = {
    "mysql": "LPAD({0}, 18, '0')",
    "postgresql": "lpad({0}, 18, '0')",
    "sqlite": "substr('000000000000000000' || {0}, -18)",
}

_BY_BYTES = {"mysql": "CAST({} AS BINARY)", "postgresql": '({}) COLLATE "C"', "sqlite": "{}"}

_HASHED = {
    "mysql": "CAST(CRC32(CONCAT_WS(CHAR(31), {})) AS SIGNED)",
    "postgresql": '(CAST(hashtext(concat_ws(chr(31), {}) COLLATE "C") AS bigint) & 4294967295)',
}

_WRITTEN = {
    "mysql": "COALESCE(CAST({} AS CHAR), CHAR(1))",
    "postgresql": "COALESCE(CAST({} AS text), chr(1))",
}

#: Databases that can write a key as text and sort it by its bytes.
COMPARABLE = frozenset(_BY_BYTES)

#: Databases that hash a record themselves.
HASHING = frozenset(_HASHED)


@dataclass(frozen=True)
class KeyExpressions:
    """The key of a query's records, in one database's words.

    Parameters
    ----------
    wrapped : Wrapped
        The query.
    dialect : str
        mysql, postgresql or sqlite.
    columns : tuple of Column
        The columns of the key.
    """

    wrapped: WrappedQuery
    dialect: str
    columns: tuple[SqlColumn, ...]

    @property
    def number(self) -> str | None:
        """The name of the key's only column, when it holds whole numbers."""
        only = self.columns[0] if len(self.columns) == 1 else None
        return self.wrapped.quote_name(only) if only and only.dtype == pl.Int64 else None

    @property
    def text(self) -> str:
        """The key as one text: its columns, joined by a bar, nothing for null."""
        kind = "CHAR" if self.dialect == "mysql" else "TEXT"
        parts = [
            f"COALESCE(CAST({self.wrapped.quote_name(c)} AS {kind}), '')" for c in self.columns
        ]
        joint = ", '|', " if self.dialect == "mysql" else " || '|' || "
        return _CONCAT[self.dialect].format(joint.join(parts))

    @property
    def sort_text(self) -> str:
        """The key as a text that sorts as the ledger sorts keys: numbers as such, else by bytes."""
        text = self.text
        number, padded = (form[self.dialect].format(text) for form in (_NUMBER, _PADDED))
        return _BY_BYTES[self.dialect].format(f"CASE WHEN {number} THEN {padded} ELSE {text} END")

    def between(self, low: str | None, high: str | None) -> Condition:
        """Require that a key is from low to below high."""
        found = Condition("")
        for end, sign in ((low, ">="), (high, "<")):
            if end is not None:
                found &= self._compare(sign, end)
        return found

    def _compare(self, sign: str, end: str) -> Condition:
        if self.number and re.fullmatch(r"-?\d{1,18}", end):
            return Condition(f"{self.number} {sign} ?", (int(end),))
        return Condition(f"{self.sort_text} {sign} ?", (self._bytes(sort_key(end)),))

    def is_one_of(self, keys: Sequence[str]) -> Condition:
        """Require that a key is one of several."""
        marks = ", ".join("?" * len(keys))
        if self.number:
            return Condition(f"{self.number} IN ({marks})", tuple(int(key) for key in keys))
        exact = f"CAST({self.text} AS BINARY)" if self.dialect == "mysql" else self.text
        return Condition(f"{exact} IN ({marks})", tuple(self._bytes(key) for key in keys))

    def _bytes(self, text: str) -> object:
        """Bind a text as bytes where only those are compared byte by byte."""
        return text.encode() if self.dialect == "mysql" else text


def digest_expression(wrapped: WrappedQuery, dialect: str, columns: Sequence[SqlColumn]) -> str:
    """Write the expression of a record's digest: 32 bits over all its columns.

    MariaDB's CRC32 costs two thirds of its MD5; PostgreSQL has no checksum but MD5 that stays the
    same from release to release.
    """
    written = (_WRITTEN[dialect].format(_plain(wrapped, dialect, c)) for c in columns)
    return _HASHED[dialect].format(", ".join(written))


def _plain(wrapped: WrappedQuery, dialect: str, column: SqlColumn) -> str:
    """Name a column, bytes as figures: not every byte is a character."""
    name = wrapped.quote_name(column)
    return f"HEX({name})" if column.dtype == pl.Binary and dialect == "mysql" else name


def sort_key(key: str) -> str:
    """Write a key as it is sorted: numbers filled up with zeros."""
    return key.zfill(_FIGURES) if re.fullmatch(r"[0-9]{1,18}", key) else key
