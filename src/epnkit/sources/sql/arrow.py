"""Answers by ODBC as whole columns: fetched in blocks, without an object for each value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl
from polars.selectors import binary, string, temporal

from epnkit.errors import SourceError, TransientSourceError
from epnkit.sources.config.credentials import Secret
from epnkit.sources.sql.column_types import Column
from epnkit.sources.sql.columns import Shape
from epnkit.sources.sql.driver_errors import QueryEndedError, label, source_error
from epnkit.sources.sql.odbc import streaming
from epnkit.sources.sql.pages import Page
from epnkit.sources.sql.session import CONNECT_TIMEOUT, Statement
from epnkit.sources.sql.timeouts import limit
from epnkit.sources.sql.watchdog import Listening

if TYPE_CHECKING:
    import pyarrow as pa

Result = TypeVar("Result")

#: The longest text or binary that a block has room for, in bytes.
_LONGEST = 16_384

#: The most bytes that a character has in UTF-8.
_CHARACTER = 4

#: How much memory a block may have at most, in bytes.
_BLOCK = 16 * 1024 * 1024

#: The databases with whose drivers this was tried.
_KNOWN = frozenset({"mysql", "postgresql", "sqlite"})

#: What makes all pages of one connection to MariaDB be of one moment, as far as tables allow it.
_SNAPSHOT = "START TRANSACTION WITH CONSISTENT SNAPSHOT"

#: The types of columns by which reading goes on in blocks: their values can be written as texts.
_ORDERING = frozenset({pl.Int64, pl.Float64, pl.String, pl.Datetime, pl.Date})

#: What blocks of a database don't hold: MariaDB's driver gives a bit as a byte, which is no figure.
_NOT_HELD: Mapping[str, frozenset[type[pl.DataType]]] = {"mysql": frozenset({pl.Boolean})}

#: How the text of a value that is bound is made.
_WRITTEN: Mapping[type, Callable[[Any], str]] = {
    int: str,
    float: repr,
    str: str,
    dt.datetime: lambda value: value.isoformat(sep=" ", timespec="microseconds"),
    dt.date: str,
}

#: What a statement makes of such a text.
_BOUND: Mapping[str, Mapping[type, str]] = {
    "postgresql": {
        int: "CAST(? AS bigint)",
        float: "CAST(? AS double precision)",
        dt.datetime: "CAST(? AS timestamp)",
        dt.date: "CAST(? AS date)",
    },
    "mysql": {int: "CAST(? AS SIGNED)", float: "(? + 0e0)"},
    "sqlite": {int: "CAST(? AS INTEGER)", float: "CAST(? AS REAL)"},
}


class NotInBlocksError(Exception):
    """An answer holds what a block has no room for; it is to be read row by row."""


def fits(shape: Shape, order: Sequence[Column]) -> bool:
    """Tell whether a query's records can be fetched in blocks.

    Parameters
    ----------
    shape : Shape
        The query: in ASCII, since not every driver takes another encoding; of columns whose types
        the driver gives itself.
    order : sequence of Column
        Those by which reading goes on; no decimals and no single precision, which lose figures on
        the way, and nothing that cannot be written as a text.
    """
    held = _fetched().keys() - _NOT_HELD.get(shape.dialect, frozenset())
    told = all(column.told and type(column.dtype) in held for column in shape.columns)
    exact = all(not column.rounded and type(column.dtype) in _ORDERING for column in order)
    names = "".join(column.name for column in shape.columns)
    plain = (shape.wrapped.query + names).isascii()
    return shape.dialect in _KNOWN and told and exact and plain


def _fetched() -> dict[type[pl.DataType], Callable[[], pa.DataType]]:
    """Say as what a column of each type is fetched."""
    import pyarrow as pa

    return {
        pl.Int64: pa.int64,
        pl.Float64: pa.float64,
        pl.Boolean: pa.bool_,
        pl.String: pa.string,
        pl.Datetime: lambda: pa.timestamp("us"),
        pl.Date: pa.date32,
        pl.Binary: pa.binary,
    }


class Blocks:
    """A connection whose answers come as columns.

    Parameters
    ----------
    secret : Secret
        An ODBC connection string.
    dialect : str
        The database.
    columns : sequence of Column
        The columns of each answer.
    silence : float
        How many seconds the server may say nothing.
    """

    def __init__(
        self, secret: Secret, dialect: str, columns: Sequence[Column], silence: float
    ) -> None:
        from arrow_odbc import connect

        self._secret, self._dialect, self._columns = secret, dialect, columns
        self._listening = Listening(secret, silence)
        self._reader: Any = None
        text = streaming(secret.reveal())
        with self._listening.opening():
            self._link: Any = self._told(lambda: connect(text, login_timeout_sec=CONNECT_TIMEOUT))
        self._run(limit(dialect, silence))
        # Each page would be of another moment: without pyodbc there is no transaction.
        self._run(_SNAPSHOT if dialect == "mysql" else None)
        #: Whether the driver hands rows out while the server still sends.
        self.streams = dialect == "sqlite"

    def _run(self, statement: str | None) -> None:
        """Set something of the connection."""
        if statement is not None:
            self._told(lambda: self._link.read_arrow_batches(statement, batch_size=1))

    def pages(self, statement: Statement, size: int, order: Sequence[Column]) -> Iterator[Page]:
        """Ask, and give the records at most so many at a time.

        Raises
        ------
        NotInBlocksError
            When a value is too long, or of a form that blocks don't hold.
        TransientSourceError
            When the connection breaks.
        QueryEndedError
            When the server ended the query.
        """
        names = [column.field for column in order]
        for frame in _gathered(self._frames(statement, size), size):
            yield Page(frame, frame.select(names).row(-1) if names else ())

    def _frames(self, statement: Statement, size: int) -> Iterator[pl.DataFrame]:
        """Fetch block by block; of wide records one holds but hundreds."""
        self._reader = self._told(lambda: self._ask(statement, size))
        while (batch := self._told(lambda: next(self._reader, None))) is not None:
            yield self._frame(batch)

    def _ask(self, statement: Statement, size: int) -> Any:
        from arrow_odbc import TextEncoding

        text, values = _with_texts(statement, self._dialect)
        return self._link.read_arrow_batches(
            text,
            batch_size=size,
            parameters=values or None,
            max_bytes_per_batch=_BLOCK,
            max_text_size=_LONGEST,
            max_binary_size=_LONGEST,
            schema=self._schema(),
            fetch_concurrently=False,  # the next page is read ahead as it is
            payload_text_encoding=TextEncoding.UTF8,  # which is quick; wide ones follow the locale
        )

    def _schema(self) -> pa.Schema:
        import pyarrow as pa

        return pa.schema([(column.field, self._type(column)) for column in self._columns])

    def _type(self, column: Column) -> pa.DataType:
        import pyarrow as pa

        # An unsigned number of MariaDB that has no place in 64 bits must not be wrapped.
        texts = self._dialect == "mysql" and column.dtype == pl.Int64
        return pa.string() if texts else _fetched()[type(column.dtype)]()

    def _frame(self, batch: pa.RecordBatch) -> pl.DataFrame:
        frame = pl.DataFrame(pl.from_arrow(batch))
        if _longest(frame) > _LONGEST - _CHARACTER:
            # MariaDB's driver cuts values off without a word, except in the first row.
            raise NotInBlocksError
        if early := _before_year_1(frame):
            # Row by row it would come as a time of the year 1.
            raise SourceError(
                f"the database has a time before the year 1 in {', '.join(early)}",
                where=label(self._secret),
                cure="Correct it there, or leave it out in the source file's query",
            )
        try:
            return frame.cast({column.field: column.dtype for column in self._columns})
        except pl.exceptions.PolarsError as error:
            raise NotInBlocksError from error

    def _told(self, action: Callable[[], Result]) -> Result:
        """Call the driver; what it cannot do in blocks shall be tried row by row."""
        from arrow_odbc import Error

        try:
            return self._listening.to(action)
        except Error as error:
            known = source_error(error, self._secret)
        # Raised here, it does not keep the driver's own error, which would keep the connection.
        if isinstance(known, TransientSourceError | QueryEndedError):
            raise known
        raise NotInBlocksError

    def close(self) -> None:
        """End the connection, which nothing else may hold: it has its locks as long as it lives."""
        del self._reader, self._link


def _gathered(frames: Iterator[pl.DataFrame], size: int) -> Iterator[pl.DataFrame]:
    """Lay blocks together, as many as have so many records at most: each page costs its mapping."""
    waiting: list[pl.DataFrame] = []
    for frame in frames:
        if waiting and sum(each.height for each in waiting) + frame.height > size:
            yield pl.concat(waiting)
            waiting = []
        waiting.append(frame)
    if waiting:
        yield pl.concat(waiting)


def _before_year_1(frame: pl.DataFrame) -> list[str]:
    """Name the columns with a time that Python does not have, such as of the year 44 BC."""
    early = frame.select((temporal().dt.year() < dt.MINYEAR).any())
    return [column.name for column in early if column.item()]


def _longest(frame: pl.DataFrame) -> int:
    """Give the length of the longest text or binary, in bytes."""
    lengths = frame.select(string().str.len_bytes().max(), binary().bin.size().max())
    return max((int(column.item() or 0) for column in lengths), default=0)


def _with_texts(statement: Statement, dialect: str) -> tuple[str, list[str]]:
    """Write the values as texts, and say in the statement what they are."""
    first, *others = statement.tail.split("?")
    if len(others) != len(statement.values):
        raise NotInBlocksError  # a name has a question mark, which drivers tell apart
    forms = [_BOUND[dialect].get(type(value), "?") for value in statement.values]
    tail = first + "".join(form + rest for form, rest in zip(forms, others, strict=True))
    return statement.head + tail, [_written(value) for value in statement.values]


def _written(value: object) -> str:
    write = _WRITTEN.get(type(value))
    if write is None:
        raise NotInBlocksError
    return write(value)
