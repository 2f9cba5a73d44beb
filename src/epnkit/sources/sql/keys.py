"""Keys and digests of records in SQL: expressions that a database computes itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from epnkit.sources.sql.column_types import SqlColumn
from epnkit.sources.sql.statements import NO_CONDITION, Condition, WrappedQuery

#: The length to which numbers in keys are padded with zeros, so that they sort as numbers.
_DIGITS = 18

#: An integer that fits into 64 bits.
_WHOLE = re.compile(rf"-?(0|[1-9][0-9]{{0,{_DIGITS - 1}}})")

_CONCAT = {"mysql": "CONCAT({})", "postgresql": "({})", "sqlite": "({})"}

_NUMBER = {
    "mysql": f"{{0}} NOT REGEXP '[^0-9]' AND CHAR_LENGTH({{0}}) BETWEEN 1 AND {_DIGITS}",
    "postgresql": f"{{0}} ~ '^[0-9]+$' AND length({{0}}) <= {_DIGITS}",
    "sqlite": f"{{0}} NOT GLOB '*[^0-9]*' AND length({{0}}) BETWEEN 1 AND {_DIGITS}",
}

_PADDED = {
    "mysql": f"LPAD({{0}}, {_DIGITS}, '0')",
    "postgresql": f"lpad({{0}}, {_DIGITS}, '0')",
    "sqlite": f"substr('{'0' * _DIGITS}' || {{0}}, -{_DIGITS})",
}

#: The condition that a value is written in hexadecimal digits in a key (see
#: :mod:`epnkit.sources.values.keys`): also for a bar, in all but the last field. PostgreSQL has no
#: NUL.
_SPECIAL = {
    "mysql": "HEX(LEFT({0}, 2)) IN ('5C78', '5C4E') OR LOCATE(CHAR(0), CAST({0} AS BINARY)) > 0",
    "postgresql": "left({0}, 2) IN (chr(92) || 'x', chr(92) || 'N')",
    "sqlite": "substr({0}, 1, 2) IN ('\\x', '\\N') OR instr({0}, char(0)) > 0",
}
_HAS_BAR = {
    "mysql": " OR LOCATE('|', CAST({0} AS BINARY)) > 0",
    "postgresql": " OR strpos({0}, '|') > 0",
    "sqlite": " OR instr({0}, '|') > 0",
}
_HEX_DIGITS_OF = {
    "mysql": "CONCAT(CHAR(92 USING utf8mb4), 'x', HEX(CONVERT({0} USING utf8mb4)))",
    "postgresql": "(chr(92) || 'x' || upper(encode(convert_to({0}, 'UTF8'), 'hex')))",
    "sqlite": "('\\x' || hex({0}))",
}
_NULL_AS = {
    "mysql": "CONCAT(CHAR(92 USING utf8mb4), 'N')",
    "postgresql": "(chr(92) || 'N')",
    "sqlite": "'\\N'",
}

#: PostgreSQL's type of texts padded with blanks, which a cast to text removes.
_PADDED_TEXT = "character"

_BY_BYTES = {"mysql": "CAST({} AS BINARY)", "postgresql": '({}) COLLATE "C"', "sqlite": "{}"}

_HASHED = {
    "mysql": "CAST(CRC32(CONCAT_WS(CHAR(31), {})) AS SIGNED)",
    "postgresql": '(CAST(hashtext(concat_ws(chr(31), {}) COLLATE "C") AS bigint) & 4294967295)',
}

_AS_DIGEST_TEXT = {
    "mysql": "COALESCE(CAST({} AS CHAR), CHAR(1))",
    "postgresql": "COALESCE(CAST({} AS text), chr(1))",
}

#: Databases that can write a key as text and sort it by its bytes.
COMPARABLE = frozenset(_BY_BYTES)

#: Databases that hash a record themselves.
HASHING = frozenset(_HASHED)


@dataclass(frozen=True)
class KeyExpressions:
    """The key of a query's records, as SQL of one database.

    Parameters
    ----------
    wrapped : WrappedQuery
        The query.
    dialect : str
        mysql, postgresql or sqlite.
    columns : tuple of SqlColumn
        The columns of the key.
    """

    wrapped: WrappedQuery
    dialect: str
    columns: tuple[SqlColumn, ...]

    @property
    def integer_column(self) -> str | None:
        """The quoted name of the key's only column, if it holds integers; else None."""
        only = self.columns[0] if len(self.columns) == 1 else None
        return self.wrapped.quote_name(only) if only and only.dtype == pl.Int64 else None

    @property
    def text(self) -> str:
        """The expression of the key as one text, as :mod:`epnkit.sources.values.keys` writes it."""
        last = self.columns[-1]
        parts = [self._part(column, is_last=column is last) for column in self.columns]
        joint = ", '|', " if self.dialect == "mysql" else " || '|' || "
        return _CONCAT[self.dialect].format(joint.join(parts))

    def _part(self, column: SqlColumn, *, is_last: bool) -> str:
        """Write the expression of one field of the key."""
        dialect, name = self.dialect, self.wrapped.quote_name(column)
        if dialect == "postgresql" and column.database_type == _PADDED_TEXT:
            text = f"concat({name})"
        else:
            text = f"CAST({name} AS {'CHAR' if dialect == 'mysql' else 'TEXT'})"
        null = f"WHEN {name} IS NULL THEN {_NULL_AS[dialect]}"
        if column.dtype == pl.Int64:
            return f"CASE {null} ELSE {text} END"
        special = (_SPECIAL[dialect] + ("" if is_last else _HAS_BAR[dialect])).format(text)
        digits = _HEX_DIGITS_OF[dialect].format(text)
        return f"CASE {null} WHEN {special} THEN {digits} ELSE {text} END"

    @property
    def sort_text(self) -> str:
        """The expression of the key as a text that sorts as keys do: by number, else by bytes."""
        text = self.text
        number, padded = (form[self.dialect].format(text) for form in (_NUMBER, _PADDED))
        return _BY_BYTES[self.dialect].format(f"CASE WHEN {number} THEN {padded} ELSE {text} END")

    def between(self, low: str | None, high: str | None) -> Condition:
        """Require that a key is from low to below high."""
        found = NO_CONDITION
        for end, sign in ((low, ">="), (high, "<")):
            if end is not None:
                found &= self._compare(sign, end)
        if self.integer_column and low is not None and high is None:
            found |= Condition(f"{self.integer_column} IS NULL")  # which comes after all numbers
        return found

    def _compare(self, sign: str, end: str) -> Condition:
        if self.integer_column and is_number(end):
            return Condition(f"{self.integer_column} {sign} ?", (int(end),))
        return Condition(f"{self.sort_text} {sign} ?", (self._bytes(sort_key(end)),))

    def is_one_of(self, keys: Sequence[str]) -> Condition:
        """Require that a key is one of several."""
        marks = ", ".join("?" * len(keys))
        if self.integer_column and all(map(_WHOLE.fullmatch, keys)):
            return Condition(f"{self.integer_column} IN ({marks})", tuple(int(key) for key in keys))
        exact = f"CAST({self.text} AS BINARY)" if self.dialect == "mysql" else self.text
        return Condition(f"{exact} IN ({marks})", tuple(self._bytes(key) for key in keys))

    def _bytes(self, text: str) -> object:
        """Bind a text as bytes for MariaDB, which compares only these byte by byte."""
        return text.encode() if self.dialect == "mysql" else text


def digest_expression(wrapped: WrappedQuery, dialect: str, columns: Sequence[SqlColumn]) -> str:
    """Write the expression of a record's digest: 32 bits over all its columns.

    MariaDB's CRC32 costs two thirds of its MD5. Of PostgreSQL it is ``hashtext``, which may give
    other values in another major release: then a comparison reads all records again, once.
    """
    written = (_AS_DIGEST_TEXT[dialect].format(_plain(wrapped, dialect, c)) for c in columns)
    return _HASHED[dialect].format(", ".join(written))


def _plain(wrapped: WrappedQuery, dialect: str, column: SqlColumn) -> str:
    """Write a column's value as text, bytes in hexadecimal digits."""
    name = wrapped.quote_name(column)
    return f"HEX({name})" if column.dtype == pl.Binary and dialect == "mysql" else name


def is_number(key: str) -> bool:
    """Return whether a key is sorted as a number."""
    return len(key) <= _DIGITS and re.fullmatch("[0-9]+", key) is not None


def sort_key(key: str) -> str:
    """Write a key as it is sorted: numbers padded with zeros."""
    return key.zfill(_DIGITS) if is_number(key) else key
