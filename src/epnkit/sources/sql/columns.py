"""The columns of a query: their names and types, told by the database or found by looking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from epnkit.errors import SourceError
from epnkit.sources.sql.column_types import Column, of_values
from epnkit.sources.sql.keys import DIGEST, HASHING, digest_of
from epnkit.sources.sql.session import Session, Statement
from epnkit.sources.sql.statements import Wrapped

#: How many records are looked at where neither the database nor the source file tells a type.
SAMPLE = 1000

#: Databases that find a row behind another by an index when several columns are compared at once.
_SEEKING = frozenset({"postgresql", "sqlite"})

#: The storage classes of SQLite (sqlite.org/datatype3.html), which any column may mix.
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

#: The storage class of a value; what the ODBC driver does not read whole is told apart: a number
#: of more than 32 bits, and a text with a NUL.
_CLASS = (
    "CASE typeof({0}) WHEN 'integer' THEN CASE WHEN {0} BETWEEN -2147483648 AND 2147483647"
    " THEN 'integer' ELSE 'long' END"
    " WHEN 'text' THEN CASE WHEN instr({0}, char(0)) THEN 'cut' ELSE 'text' END"
    " ELSE typeof({0}) END"
)

#: How SQLite is made to give every value of a column in one type, where the driver doesn't expect
#: that type itself; it writes numbers with 15 digits unless told otherwise, which loses some.
_CASTS = {
    pl.Int64(): "CAST({0} AS TEXT) AS {0}",
    pl.String(): "CAST({0} AS TEXT) AS {0}",
    pl.Float64(): "CASE WHEN {0} IS NOT NULL THEN printf('%!.17g', {0}) END AS {0}",
}


@dataclass(frozen=True)
class Shape:
    """What a query gives.

    Parameters
    ----------
    wrapped : Wrapped
        The query, to put conditions on.
    columns : tuple of Column
        Its columns.
    what : str
        What to select so that the columns have these types.
    dialect : str
        The database: mysql, postgresql, sqlite or another name.
    digest : str, optional
        The expression of a record's digest, when it is the last of the columns.
    """

    wrapped: Wrapped
    columns: tuple[Column, ...]
    what: str = "*"
    dialect: str = ""
    digest: str | None = None

    def hashed(self) -> Shape:
        """Let the database hash each record as it gives it, where it can."""
        if self.dialect not in HASHING:
            return self
        digest = digest_of(self.wrapped, self.dialect, self.columns)
        columns = (*self.columns, Column(DIGEST, pl.Int64()))
        what = f"{self.what}, {digest} AS {DIGEST}"
        return Shape(self.wrapped, columns, what, self.dialect, digest)

    def column(self, field: str) -> Column:
        """Find a column by the name that records carry.

        Raises
        ------
        SourceError
            When the query has no such column.
        """
        found = next((c for c in self.columns if c.field == field.lower()), None)
        if found is None:
            raise SourceError(
                f"the query has no column {field!r}",
                why="it has " + ", ".join(column.field for column in self.columns),
                cure="Correct the cursor or the key, or name the column in the query",
            )
        return found


@dataclass(frozen=True)
class Wishes:
    """What the source file says of columns, by the names that records carry.

    Parameters
    ----------
    types : mapping
        Types.
    encodings : mapping
        Encodings of binary columns that hold text.
    """

    types: Mapping[str, pl.DataType]
    encodings: Mapping[str, str]

    def column(self, name: str, found: pl.DataType, *, told: bool = True) -> Column:
        """Make a column, with what is wished where something is; all fractions are doubles."""
        encoding = self.encodings.get(name.lower())
        wished = pl.String() if encoding else self.types.get(name.lower())
        rounded = isinstance(found, pl.Decimal | pl.Float32)
        dtype = pl.Float64() if rounded else found
        told = told and wished is None
        return Column(name, dtype if wished is None else wished, encoding, told, rounded)

    def refuse_unknown(self, names: Sequence[str], where: str) -> None:
        """Refuse wishes for columns that there aren't."""
        for wish in {*self.types, *self.encodings} - {name.lower() for name in names}:
            raise SourceError(
                f"the source file speaks of column {wish!r}, which the query does not give",
                where=where,
                cure="Correct [types] and [encodings]",
            )


#: Nothing is wished.
NO_WISHES = Wishes({}, {})


def shape_of(link: Session, query: str, wishes: Wishes, where: str) -> Shape:
    """Ask a database what a query gives.

    Raises
    ------
    SourceError
        When two columns have one name, or the query is wrong.
    """
    wrapped = Wrapped(query, link.quote, link.dialect in _SEEKING, link.dialect == "mysql")
    described = link.ask(wrapped.nothing()).columns
    names = [name for name, _ in described]
    _refuse_doubles(names, where)
    wishes.refuse_unknown(names, where)
    if link.dialect == "sqlite":
        return _stored(link, wrapped, described, wishes, where)
    found = _looked_at(link, wrapped, described)
    columns = tuple(
        wishes.column(name, dtype, told=by_driver is not None)
        for (name, by_driver), dtype in zip(described, found, strict=True)
    )
    return Shape(wrapped, columns, _values(wrapped, columns), link.dialect)


def _values(wrapped: Wrapped, columns: Sequence[Column]) -> str:
    """Say what to select: everything as it is, unless whole numbers need more room."""
    if not wrapped.widens:
        return "*"
    return ", ".join(f"{wrapped.value(column)} AS {wrapped.name(column)}" for column in columns)


def _refuse_doubles(names: Sequence[str], where: str) -> None:
    lower = [name.lower() for name in names]
    doubles = sorted({name for name in lower if lower.count(name) > 1})
    if doubles:
        raise SourceError(
            f"the query gives two columns the name {doubles[0]!r}",
            where=where,
            cure="Name each column of the query once, with AS",
        )


def _looked_at(
    link: Session, wrapped: Wrapped, described: list[tuple[str, pl.DataType | None]]
) -> list[pl.DataType]:
    """Take the driver's types, and look at some records where it tells none."""
    known = [dtype for _, dtype in described if dtype is not None]
    if len(known) == len(described):
        return known
    # PyMySQL would read all the others before it lets go of the answer.
    most = SAMPLE if link.dialect == "mysql" else None
    rows = link.ask(wrapped.select(most=most)).take(SAMPLE)
    lists = list(zip(*rows, strict=True)) or [()] * len(described)
    return [
        dtype if dtype is not None else of_values(values)
        for (_, dtype), values in zip(described, lists, strict=True)
    ]


def _stored(
    link: Session,
    wrapped: Wrapped,
    described: list[tuple[str, pl.DataType | None]],
    wishes: Wishes,
    where: str,
) -> Shape:
    """Find out what SQLite stores in each column, because its declared types bind nobody.

    Texts in columns declared as dates stay texts: the drivers turn what they can't read as one
    into nothing, without a word.
    """
    names = [name for name, _ in described]
    quoted = [wrapped.name(Column(name, pl.String())) for name in names]
    classes = _classes(link, wrapped.select("DISTINCT " + ", ".join(map(_CLASS.format, quoted))))
    classes = _uncut(link, names, classes, where)
    found = [_STORED.get(of_column, pl.String()) for of_column in classes]
    expected = [
        dtype if len(of_column) < 2 and "long" not in of_column else None
        for of_column, (_, dtype) in zip(classes, described, strict=True)
    ]
    what = map(_cast, quoted, found, expected)
    columns = (wishes.column(n, t) for n, t in zip(names, found, strict=True))
    return Shape(wrapped, tuple(columns), ", ".join(what), link.dialect)


def _uncut(
    link: Session, names: Sequence[str], classes: list[frozenset[str]], where: str
) -> list[frozenset[str]]:
    """Refuse texts that the driver would cut off; to others they are texts."""
    cut = [name for name, of_column in zip(names, classes, strict=True) if "cut" in of_column]
    if cut and link.cuts:
        raise SourceError(
            f"a text has a NUL in it, in {', '.join(cut)}",
            where=where,
            why="SQLite's ODBC driver would cut it off there",
            cure="Let the credential be a URL, sqlite:////path/of/the/file, or correct the text",
        )
    whole = {"cut": "text"}
    return [frozenset(whole.get(kind, kind) for kind in of_column) for of_column in classes]


def _classes(link: Session, asked: Statement) -> list[frozenset[str]]:
    """Collect the storage classes that each column has somewhere."""
    answer = link.ask(asked)
    found = [set[str]() for _ in answer.columns]
    while rows := answer.take(SAMPLE):
        for known, new in zip(found, zip(*rows, strict=True), strict=True):
            known.update(new)
    return [frozenset(known - {"null"}) for known in found]


def _cast(quoted: str, dtype: pl.DataType, expected: pl.DataType | None) -> str:
    return quoted if dtype == expected else _CASTS.get(dtype, "{0}").format(quoted)
