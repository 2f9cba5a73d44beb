"""Answers by ODBC as whole columns: fetched in blocks, without an object for each value."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl
from polars.selectors import binary, string

from epnkit.errors import TransientSourceError
from epnkit.modules import requires_extra
from epnkit.sources.config.credentials import Secret
from epnkit.sources.sql.column_types import SqlColumn, parse_array, parse_written
from epnkit.sources.sql.columns import QuerySchema
from epnkit.sources.sql.driver_errors import QueryEndedError, source_error
from epnkit.sources.sql.odbc import complete_connection_string
from epnkit.sources.sql.session import CONNECT_TIMEOUT, SESSION_SETTINGS, Statement
from epnkit.sources.sql.timeouts import write_limit_statement
from epnkit.sources.sql.watchdog import Watchdog
from epnkit.sources.transport.paging import Page
from epnkit.sources.values.unreadable import Problems, add_problems

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
_DIALECTS = frozenset({"mysql", "postgresql", "sqlite"})

#: Makes all pages of one connection to MariaDB show one state, as far as its tables allow.
_SNAPSHOT = "START TRANSACTION WITH CONSISTENT SNAPSHOT"

#: The types of columns by which reading goes on in blocks: their values can be written as texts.
_ORDERING = frozenset({pl.Int64, pl.Float64, pl.String, pl.Datetime, pl.Date})

#: What blocks of a database don't hold: MariaDB's driver gives a bit as a raw byte, not a digit.
_NOT_REPRESENTABLE: Mapping[str, frozenset[type[pl.DataType]]] = {"mysql": frozenset({pl.Boolean})}

#: How the text of a value that is bound is made.
_WRITERS: Mapping[type, Callable[[Any], str]] = {
    int: str,
    float: repr,
    str: str,
    dt.datetime: lambda value: value.isoformat(sep=" ", timespec="microseconds"),
    dt.date: str,
}

#: What a statement makes of such a text.
_PLACEHOLDERS: Mapping[str, Mapping[type, str]] = {
    "postgresql": {
        int: "CAST(? AS bigint)",
        float: "CAST(? AS double precision)",
        dt.datetime: "CAST(? AS timestamp)",
        dt.date: "CAST(? AS date)",
    },
    "mysql": {int: "CAST(? AS SIGNED)", float: "(? + 0e0)"},
    "sqlite": {int: "CAST(? AS INTEGER)", float: "CAST(? AS REAL)"},
}


class NotInArrowError(Exception):
    """An answer holds what a block has no room for; it is to be read row by row."""


def can_read_by_arrow(query: QuerySchema, order: Sequence[SqlColumn]) -> bool:
    """Return whether a query's records can be fetched in blocks.

    Parameters
    ----------
    query : QuerySchema
        The query: in ASCII, since not every driver takes another encoding; of columns whose types
        the driver gives itself.
    order : sequence of SqlColumn
        Those by which reading goes on; no decimals and no single precision, which lose digits on
        the way, and nothing that cannot be written as a text.
    """
    fitting = _arrow_types().keys() - _NOT_REPRESENTABLE.get(query.dialect, frozenset())
    typed = all(
        column.from_driver and (column.selected_as_text or type(column.dtype) in fitting)
        for column in query.columns
    )
    exact = all(not column.rounded and type(column.dtype) in _ORDERING for column in order)
    names = "".join(column.name for column in query.columns)
    plain = (query.wrapped.query + names).isascii()
    safe = not ends_process_on_lost_connection(query.driver_version)
    return query.dialect in _DIALECTS and typed and exact and plain and safe


def ends_process_on_lost_connection(driver_version: str) -> bool:
    """Return whether a lost connection ends the process, if answers are fetched in blocks.

    psqlodbc 17.00.0004, which Debian 13 has, reports an error when a statement of a lost connection
    is freed (its pull request 12), and arrow-odbc takes that for a fault of its own and aborts.
    13.02, of Debian 12, does not; those between the two were not tried, and count as the later.

    Parameters
    ----------
    driver_version : str
        The name of the driver's library and its version.

    Examples
    --------
    >>> ends_process_on_lost_connection("PSQLODBCW.SO 17.00.0004")
    True
    """
    name, _, version = driver_version.lower().partition(" ")
    if not name.startswith("psqlodbc"):
        return False
    return (13, 2, 0) < tuple(map(int, re.findall(r"\d+", version))) <= (17, 0, 4)


def _arrow_types() -> dict[type[pl.DataType], Callable[[], pa.DataType]]:
    """Return as what a column of each type is fetched."""
    with requires_extra("sql"):
        import pyarrow as pa

    return {
        pl.Int64: pa.int64,
        pl.Float64: pa.float64,
        pl.Boolean: pa.bool_,
        pl.String: pa.string,
        pl.Datetime: lambda: pa.timestamp("us"),
        pl.Date: pa.date32,
        pl.Binary: pa.binary,
        pl.List: pa.string,
    }


class ArrowReader:
    """A connection whose answers come as columns.

    Parameters
    ----------
    secret : Secret
        An ODBC connection string.
    dialect : str
        The database.
    columns : sequence of SqlColumn
        The columns of each answer.
    read_timeout : float
        How many seconds the server may send nothing.
    """

    def __init__(
        self, secret: Secret, dialect: str, columns: Sequence[SqlColumn], read_timeout: float
    ) -> None:
        with requires_extra("sql"):
            from arrow_odbc import connect

        self._secret, self._dialect, self._columns = secret, dialect, columns
        self._watchdog = Watchdog(secret, read_timeout)
        self._reader: Any = None
        text = complete_connection_string(secret.reveal())
        with self._watchdog.track_sockets():
            self._connection: Any = self._call(
                lambda: connect(text, login_timeout_sec=CONNECT_TIMEOUT)
            )
        self._run_setting(write_limit_statement(dialect, read_timeout))
        self._run_setting(SESSION_SETTINGS.get(dialect))
        # Each page would show another state: without pyodbc there is no transaction.
        self._run_setting(_SNAPSHOT if dialect == "mysql" else None)
        #: Whether the driver hands rows out while the server still sends.
        self.single_answer = dialect == "sqlite"

    def _run_setting(self, statement: str | None) -> None:
        """Set something of the connection."""
        if statement is not None:
            self._call(lambda: self._connection.read_arrow_batches(statement, batch_size=1))

    def read_pages(
        self, statement: Statement, size: int, order: Sequence[SqlColumn]
    ) -> Iterator[Page]:
        """Ask, and give the records at most so many at a time.

        Raises
        ------
        NotInArrowError
            If a value is too long, or of a form that blocks don't hold.
        TransientSourceError
            If the connection breaks.
        QueryEndedError
            If the server ended the query.
        """
        names = [column.field for column in order]
        for frame in _join_blocks(self._read_frames(statement, size), size):
            yield Page(frame, frame.select(names).row(-1) if names else ())

    def _read_frames(self, statement: Statement, size: int) -> Iterator[pl.DataFrame]:
        """Fetch block by block; a block of wide records holds only a few hundred."""
        self._reader = self._call(lambda: self._execute(statement, size))
        while (batch := self._call(lambda: next(self._reader, None))) is not None:
            yield self._convert_batch(batch)

    def _execute(self, statement: Statement, size: int) -> Any:
        with requires_extra("sql"):
            from arrow_odbc import TextEncoding

        text, values = _bind_texts(statement, self._dialect)
        return self._connection.read_arrow_batches(
            text,
            batch_size=size,
            parameters=values or None,
            max_bytes_per_batch=_BLOCK,
            max_text_size=_LONGEST,
            max_binary_size=_LONGEST,
            schema=self._schema(),
            fetch_concurrently=False,  # the next page is prefetched anyway
            payload_text_encoding=TextEncoding.UTF8,  # which is quick; wide ones follow the locale
        )

    def _schema(self) -> pa.Schema:
        with requires_extra("sql"):
            import pyarrow as pa

        return pa.schema([(column.field, self._arrow_type(column)) for column in self._columns])

    def _arrow_type(self, column: SqlColumn) -> pa.DataType:
        with requires_extra("sql"):
            import pyarrow as pa

        # An unsigned number of MariaDB that has no place in 64 bits must not be wrapped.
        texts = self._dialect == "mysql" and column.dtype == pl.Int64
        return (
            pa.string()
            if texts or column.selected_as_text
            else _arrow_types()[type(column.dtype)]()
        )

    def _convert_batch(self, batch: pa.RecordBatch) -> pl.DataFrame:
        frame = pl.DataFrame(pl.from_arrow(batch))
        if _longest_value(frame) > _LONGEST - _CHARACTER:
            # MariaDB's driver cuts values off without a word, except in the first row.
            raise NotInArrowError
        problems: Problems = {}
        try:
            series = [_convert(frame[column.field], column, problems) for column in self._columns]
            return add_problems(pl.DataFrame(series), problems)
        except pl.exceptions.PolarsError as error:
            raise NotInArrowError from error

    def _call(self, action: Callable[[], Result]) -> Result:
        """Call the driver; what it cannot do in blocks shall be tried row by row."""
        with requires_extra("sql"):
            from arrow_odbc import Error

        try:
            return self._watchdog.call(action)
        except Error as error:
            known = source_error(error, self._secret)
        # Raised here, it does not keep the driver's own error, which would keep the connection.
        if isinstance(known, TransientSourceError | QueryEndedError):
            raise known
        raise NotInArrowError

    def close(self) -> None:
        """End the connection, which nothing else may hold: it has its locks as long as it lives."""
        del self._reader, self._connection


def _join_blocks(frames: Iterator[pl.DataFrame], size: int) -> Iterator[pl.DataFrame]:
    """Join blocks up to a number of records, since mapping has a cost a page."""
    waiting: list[pl.DataFrame] = []
    for frame in frames:
        if waiting and sum(each.height for each in waiting) + frame.height > size:
            yield pl.concat(waiting, how="diagonal")
            waiting = []
        waiting.append(frame)
    if waiting:
        yield pl.concat(waiting, how="diagonal")


def _convert(values: pl.Series, column: SqlColumn, problems: Problems) -> pl.Series:
    dtype = column.dtype
    if column.selected_as_text:
        return parse_written(values, column, problems)
    if not isinstance(dtype, pl.List):
        return values.cast(dtype)
    arrays = [None if value is None else parse_array(value, dtype) for value in values]
    return pl.Series(values.name, arrays, dtype=dtype)


def _longest_value(frame: pl.DataFrame) -> int:
    """Return the length of the longest text or binary, in bytes."""
    lengths = frame.select(string().str.len_bytes().max(), binary().bin.size().max())
    return max((int(column.item() or 0) for column in lengths), default=0)


def _bind_texts(statement: Statement, dialect: str) -> tuple[str, list[str]]:
    """Write the values as texts, and say in the statement what they are."""
    first, *others = statement.tail.split("?")
    if len(others) != len(statement.values):
        raise NotInArrowError  # a name has a question mark, which drivers treat differently
    forms = [_PLACEHOLDERS[dialect].get(type(value), "?") for value in statement.values]
    tail = first + "".join(form + rest for form, rest in zip(forms, others, strict=True))
    return statement.head + tail, [_write_value(value) for value in statement.values]


def _write_value(value: object) -> str:
    write = _WRITERS.get(type(value))
    if write is None:
        raise NotInArrowError
    return write(value)
