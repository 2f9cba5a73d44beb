"""The columns of a query: their names and types, given by the database or inferred from values."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from epnkit.errors import SourceError
from epnkit.sources.base import SOURCE_DIGEST
from epnkit.sources.sql.column_types import SqlColumn, infer_type
from epnkit.sources.sql.keys import HASHING, digest_expression
from epnkit.sources.sql.select_list import postgresql_type, read_postgresql_types, select_expression
from epnkit.sources.sql.session import SqlSession, Statement
from epnkit.sources.sql.statements import WrappedQuery

#: How many records a type is inferred from if neither database nor source file gives one.
SAMPLE = 1000

#: Databases that use an index for comparing rows, ``(a, b) >= (?, ?)``.
_ROW_COMPARISON_USES_INDEX = frozenset({"postgresql", "sqlite"})

#: Types of MariaDB and MySQL that drivers give differently, or cannot hold all values of.
_CONVERTED_BY_MARIADB = (pl.Date, pl.Datetime, pl.Time, pl.Float32)

#: What SQLite stores, which any column may mix: its storage classes (sqlite.org/datatype3.html),
#: and in addition `long`, integers of more than 32 bits, and `cut`, texts with a NUL.
_STORED: dict[frozenset[str], pl.DataType] = {
    frozenset(): pl.String(),
    frozenset({"integer"}): pl.Int64(),
    frozenset({"real"}): pl.Float64(),
    frozenset({"long"}): pl.Int64(),
    frozenset({"integer", "long"}): pl.Int64(),
    frozenset({"integer", "real"}): pl.Float64(),
    frozenset({"long", "real"}): pl.Float64(),
    frozenset({"integer", "long", "real"}): pl.Float64(),
    frozenset({"text"}): pl.String(),
    frozenset({"blob"}): pl.Binary(),
}

#: The storage class of a value, with classes of their own for what the ODBC driver truncates:
#: numbers of more than 32 bits, and texts with a NUL.
_CLASS = (
    "CASE typeof({0}) WHEN 'integer' THEN CASE WHEN {0} BETWEEN -2147483648 AND 2147483647"
    " THEN 'integer' ELSE 'long' END"
    " WHEN 'text' THEN CASE WHEN instr({0}, char(0)) THEN 'cut' ELSE 'text' END"
    " ELSE typeof({0}) END"
)

#: How a column of SQLite is selected so that all values have one type, if that is not the type that
#: the driver expects. The format keeps all digits of a number; a cast would write only 15.
_CASTS = {
    pl.Int64(): "CAST({0} AS TEXT)",
    pl.String(): "CAST({0} AS TEXT)",
    pl.Float64(): "CASE WHEN {0} IS NOT NULL THEN printf('%!.17g', {0}) END",
}


#: How SQLite writes the bytes of any value as hexadecimal digits.
_AS_HEX = "CASE WHEN {0} IS NOT NULL THEN hex(CAST({0} AS BLOB)) END"


@dataclass(frozen=True)
class QuerySchema:
    """The result of a query: its columns, and how they are selected.

    Parameters
    ----------
    wrapped : WrappedQuery
        The query.
    columns : tuple of SqlColumn
        Its columns.
    dialect : str
        The database: mysql, postgresql, sqlite or another name.
    driver_version : str
        The ODBC driver, and its version.
    """

    wrapped: WrappedQuery
    columns: tuple[SqlColumn, ...]
    dialect: str = ""
    driver_version: str = ""

    @property
    def select_list(self) -> str:
        """The select list by which the columns have their types."""
        if not any(column.expression for column in self.columns):
            return "*"
        return ", ".join(map(self.wrapped.select_item, self.columns))

    @property
    def digest(self) -> str | None:
        """The SQL expression of a record's digest; None if there is no such column."""
        return next((c.expression for c in self.columns if c.name == SOURCE_DIGEST), None)

    def with_digest(self) -> QuerySchema:
        """Add a column with the digest of each record, if the database can compute one."""
        if self.dialect not in HASHING:
            return self
        digest = digest_expression(self.wrapped, self.dialect, self.columns)
        column = SqlColumn(SOURCE_DIGEST, pl.Int64(), expression=digest)
        return replace(self, columns=(*self.columns, column))

    def column(self, field: str, where: str) -> SqlColumn:
        """Find a column.

        Parameters
        ----------
        field : str
            The name that records carry.
        where : str
            The source, for messages.

        Raises
        ------
        SourceError
            If the query has no such column.
        """
        found = next((c for c in self.columns if c.field == field.lower()), None)
        if found is None:
            raise SourceError(
                f"the query has no column {field!r}",
                where=where,
                why="it has " + ", ".join(column.field for column in self.columns),
                cure="Correct the cursor or the key, or name the column in the query",
            )
        return found


@dataclass(frozen=True)
class ColumnOverrides:
    """What the source file declares of columns, by their names in records.

    Parameters
    ----------
    types : mapping
        Types.
    encodings : mapping
        Encodings of binary columns that hold text.
    """

    types: Mapping[str, pl.DataType]
    encodings: Mapping[str, str]

    def column(
        self,
        name: str,
        found: pl.DataType,
        database_type: str = "",
        *,
        from_driver: bool = True,
        in_order_by: bool = False,
    ) -> SqlColumn:
        """Return a column, with the type that the source file declares, if any."""
        encoding = self.encodings.get(name.lower())
        declared = pl.String() if encoding else self.types.get(name.lower())
        lossy = isinstance(found, pl.Decimal | pl.Float32)
        dtype = pl.Float64() if lossy else found
        from_driver = from_driver and declared is None
        chosen = dtype if declared is None else declared
        selected_as_text = bool(database_type) and found.is_temporal() and chosen.is_temporal()
        return SqlColumn(
            name, chosen, encoding, from_driver, lossy, database_type, in_order_by, selected_as_text
        )

    def refuse_unknown(self, names: Sequence[str], where: str) -> None:
        """Refuse overrides for columns that do not exist."""
        for name in {*self.types, *self.encodings} - {each.lower() for each in names}:
            raise SourceError(
                f"the source file names column {name!r}, which the query does not give",
                where=where,
                cure="Correct [types] and [encodings]",
            )


#: Nothing is declared.
NO_OVERRIDES = ColumnOverrides({}, {})


def read_query_schema(
    session: SqlSession,
    query: str,
    overrides: ColumnOverrides,
    where: str,
    order: Collection[str] = (),
) -> QuerySchema:
    """Ask a database for the columns of a query.

    Parameters
    ----------
    session : SqlSession
        The connection.
    query : str
        One SELECT.
    overrides : ColumnOverrides
        What the source file declares of its columns.
    where : str
        The source, for messages.
    order : collection of str
        The fields by which reading continues.

    Returns
    -------
    QuerySchema
        Its columns, and how they are selected.

    Raises
    ------
    SourceError
        If two columns have one name, or the query is wrong.
    """
    dialect = session.dialect
    wrapped = WrappedQuery(query, session.quote, dialect in _ROW_COMPARISON_USES_INDEX)
    described = session.execute(wrapped.select_nothing()).columns
    names = [name for name, _ in described]
    _refuse_duplicates(names, where)
    overrides.refuse_unknown(names, where)
    if dialect == "sqlite":
        found = _read_sqlite_columns(session, wrapped, described, overrides, where)
        return QuerySchema(wrapped, tuple(found), dialect, session.driver_version)
    in_order_by = {name.lower() for name in order}
    columns = (
        overrides.column(
            name,
            dtype,
            database_type,
            from_driver=from_driver,
            in_order_by=name.lower() in in_order_by,
        )
        for name, dtype, database_type, from_driver in _read_types(session, wrapped, described)
    )
    expressed = (
        replace(column, expression=select_expression(wrapped, dialect, column))
        for column in columns
    )
    return QuerySchema(wrapped, tuple(expressed), dialect, session.driver_version)


def _read_types(
    session: SqlSession, wrapped: WrappedQuery, described: list[tuple[str, pl.DataType | None]]
) -> Iterator[tuple[str, pl.DataType, str, bool]]:
    """Yield name, type, type in the database, and whether the driver gives the type."""
    if session.dialect == "postgresql":
        names = [name for name, _ in described]
        for name, database_type in zip(
            names, read_postgresql_types(session, wrapped, names), strict=True
        ):
            yield name, postgresql_type(database_type), database_type, True
        return
    found = _infer_missing_types(session, wrapped, described)
    for (name, by_driver), dtype in zip(described, found, strict=True):
        is_native = session.dialect == "mysql" and isinstance(by_driver, _CONVERTED_BY_MARIADB)
        yield name, dtype, str(dtype) if is_native else "", by_driver is not None


def _refuse_duplicates(names: Sequence[str], where: str) -> None:
    lower = [name.lower() for name in names]
    doubles = sorted({name for name in lower if lower.count(name) > 1})
    if doubles:
        raise SourceError(
            f"the query gives two columns the name {doubles[0]!r}",
            where=where,
            cure="Name each column of the query once, with AS",
        )


def _infer_missing_types(
    session: SqlSession, wrapped: WrappedQuery, described: list[tuple[str, pl.DataType | None]]
) -> list[pl.DataType]:
    """Take the driver's types, and infer those that it does not give."""
    known = [dtype for _, dtype in described if dtype is not None]
    if len(known) == len(described):
        return known
    # PyMySQL would read all other rows before it closes the result.
    limit = SAMPLE if session.dialect == "mysql" else None
    rows = session.execute(wrapped.select(limit=limit)).fetch(SAMPLE)
    lists = list(zip(*rows, strict=True)) or [()] * len(described)
    return [
        dtype if dtype is not None else infer_type(values)
        for (_, dtype), values in zip(described, lists, strict=True)
    ]


def _read_sqlite_columns(
    session: SqlSession,
    wrapped: WrappedQuery,
    described: list[tuple[str, pl.DataType | None]],
    overrides: ColumnOverrides,
    where: str,
) -> Iterator[SqlColumn]:
    """Find out what SQLite stores in each column: it does not enforce declared types.

    Texts in columns declared as dates stay texts: drivers silently make null of what they cannot
    parse.
    """
    names = [name for name, _ in described]
    quoted = [wrapped.quote_name(SqlColumn(name, pl.String())) for name in names]
    classes = _read_storage_classes(
        session, wrapped.select("DISTINCT " + ", ".join(map(_CLASS.format, quoted)))
    )
    classes = _refuse_truncation(session, names, classes, where)
    found = [_STORED.get(of_column, pl.String()) for of_column in classes]
    expected = [
        dtype if len(of_column) < 2 and "long" not in of_column else None
        for of_column, (_, dtype) in zip(classes, described, strict=True)
    ]
    if session.truncates_values:
        expected = [None if dtype == pl.Float64 else dtype for dtype in expected]
    # The ODBC driver would return bytes that it does not expect as X'FF'.
    is_hex = [
        "blob" in of_column and (len(of_column) > 1 or dtype != pl.Binary)
        for of_column, dtype in zip(classes, expected, strict=True)
    ]
    expressions = [
        _AS_HEX.format(name) if digits else _cast(name, dtype, by_driver)
        for name, dtype, by_driver, digits in zip(quoted, found, expected, is_hex, strict=True)
    ]
    for name, dtype, digits, expression in zip(names, found, is_hex, expressions, strict=True):
        column = overrides.column(name, dtype, from_driver=not digits)
        yield replace(column, is_hex=digits, expression=expression)


def _refuse_truncation(
    session: SqlSession, names: Sequence[str], classes: list[frozenset[str]], where: str
) -> list[frozenset[str]]:
    """Refuse texts that the driver would truncate; for other drivers they are texts."""
    cut = [name for name, of_column in zip(names, classes, strict=True) if "cut" in of_column]
    if cut and session.truncates_values:
        raise SourceError(
            f"a text has a NUL in it, in {', '.join(cut)}",
            where=where,
            why="SQLite's ODBC driver would truncate it there",
            cure="Let the credential be a URL, sqlite:////path/of/the/file, or correct the text",
        )
    untruncated = {"cut": "text"}
    return [frozenset(untruncated.get(kind, kind) for kind in of_column) for of_column in classes]


def _read_storage_classes(session: SqlSession, statement: Statement) -> list[frozenset[str]]:
    """Collect the storage classes of the values of each column."""
    answer = session.execute(statement)
    found = [set[str]() for _ in answer.columns]
    while rows := answer.fetch(SAMPLE):
        for known, new in zip(found, zip(*rows, strict=True), strict=True):
            known.update(new)
    return [frozenset(known - {"null"}) for known in found]


def _cast(quoted: str, dtype: pl.DataType, expected: pl.DataType | None) -> str:
    """Write the expression that gives a column of SQLite one type; empty if it has it already."""
    return "" if dtype == expected else _CASTS.get(dtype, "").format(quoted)
