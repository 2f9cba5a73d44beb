"""Results by ODBC as columns, fetched in Arrow record batches: no Python object for each value."""

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
from epnkit.sources.sql.column_types import SqlColumn, parse_array, parse_temporal_text
from epnkit.sources.sql.columns import QuerySchema
from epnkit.sources.sql.driver_errors import QueryEndedError, source_error
from epnkit.sources.sql.odbc import complete_connection_string
from epnkit.sources.sql.session import CONNECT_TIMEOUT, Statement
from epnkit.sources.sql.timeouts import write_session_statements
from epnkit.sources.sql.watchdog import Watchdog
from epnkit.sources.transport.paging import Page
from epnkit.sources.values.unreadable import Problems, add_problems

if TYPE_CHECKING:
    import pyarrow as pa

Result = TypeVar("Result")

#: The longest text or binary that fits into a record batch, in bytes: the first is tried first.
#: The more room a value has, the longer a record takes (SQLite's driver fills it with zeros).
VALUE_LIMITS = (512, 2048, 16_384)

#: The length of the longest character in UTF-8, in bytes.
_MAX_CHARACTER_BYTES = 4

#: The memory for one record batch, in bytes.
_MAX_BATCH_BYTES = 16 * 1024 * 1024

#: The databases whose drivers this is tested with.
_DIALECTS = frozenset({"mysql", "postgresql", "sqlite"})

#: Makes all pages of one connection to MariaDB show the same state, if its tables are
#: transactional.
_SNAPSHOT = "START TRANSACTION WITH CONSISTENT SNAPSHOT"

#: The types of columns by which reading can continue: their values are bound as texts.
_ORDERING = frozenset({pl.Int64, pl.Float64, pl.String, pl.Datetime, pl.Date})

#: Types that cannot be fetched: MariaDB's driver gives a bit as a raw byte, not a digit.
_NOT_REPRESENTABLE: Mapping[str, frozenset[type[pl.DataType]]] = {"mysql": frozenset({pl.Boolean})}

#: How a bound value is written as a text.
_WRITERS: Mapping[type, Callable[[Any], str]] = {
    int: str,
    float: repr,
    str: str,
    dt.datetime: lambda value: value.isoformat(sep=" ", timespec="microseconds"),
    dt.date: str,
}

#: How a statement converts such a text.
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
    """A result does not fit into record batches, at least not below this limit of values."""


def can_read_by_arrow(query: QuerySchema, order: Sequence[SqlColumn]) -> bool:
    """Return whether a query's records can be fetched in record batches.

    Parameters
    ----------
    query : QuerySchema
        The query: only in ASCII, since not every driver takes another encoding, and only if the
        driver itself gives the types of its columns.
    order : sequence of SqlColumn
        The columns by which reading continues: no decimals and no single precision, which lose
        digits, and only types that can be bound as texts.
    """
    fitting = _arrow_types().keys() - _NOT_REPRESENTABLE.get(query.dialect, frozenset())
    typed = all(
        column.from_driver and (column.selected_as_text or type(column.dtype) in fitting)
        for column in query.columns
    )
    lossless_order = all(not column.lossy and type(column.dtype) in _ORDERING for column in order)
    names = "".join(column.name for column in query.columns)
    plain = (query.wrapped.query + names).isascii()
    safe = not ends_process_on_lost_connection(query.driver_version)
    return query.dialect in _DIALECTS and typed and lossless_order and plain and safe


def ends_process_on_lost_connection(driver_version: str) -> bool:
    """Return whether a lost connection ends the process, if records are fetched in record batches.

    psqlodbc 17.00.0004, which Debian 13 has, reports an error when a statement of a lost connection
    is freed (its pull request 12), which arrow-odbc takes for its own fault, and aborts.
    13.02, of Debian 12, does not; those in between were not tested, and are treated as the later.

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
    """Return the Arrow type as which a column of each type is fetched."""
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
    """A connection whose results come as columns.

    Parameters
    ----------
    secret : Secret
        An ODBC connection string.
    dialect : str
        The database.
    columns : sequence of SqlColumn
        The columns of each result.
    read_timeout : float
        How many seconds the server may send nothing.
    value_limit : int
        The longest text or binary that fits, in bytes. Where reading could not go on after a value
        that is longer, since the records have no order, it is the largest limit.
    """

    def __init__(
        self,
        secret: Secret,
        dialect: str,
        columns: Sequence[SqlColumn],
        read_timeout: float,
        value_limit: int,
    ) -> None:
        with requires_extra("sql"):
            from arrow_odbc import connect

        self._secret, self._dialect, self._columns = secret, dialect, columns
        self._value_limit = value_limit
        self._watchdog = Watchdog(secret, read_timeout)
        self._reader: Any = None
        text = complete_connection_string(secret.reveal())
        with self._watchdog.track_sockets():
            self._connection: Any = self._call(
                lambda: connect(text, login_timeout_sec=CONNECT_TIMEOUT)
            )
        for setting in write_session_statements(dialect, read_timeout):
            self._run_setting(setting)
        if dialect == "mysql":  # each page would show another state: there is no transaction
            self._run_setting(_SNAPSHOT)
        #: Whether the driver streams rows instead of buffering the whole result.
        self.streams_results = dialect == "sqlite"

    def _run_setting(self, statement: str) -> None:
        """Run a statement that sets something of the connection."""
        self._call(lambda: self._connection.read_arrow_batches(statement, batch_size=1))

    def read_pages(
        self, statement: Statement, size: int, order: Sequence[SqlColumn]
    ) -> Iterator[Page]:
        """Run a statement, and yield its records in pages of at most `size`.

        Raises
        ------
        NotInArrowError
            If a value is too long, or its type cannot be fetched.
        TransientSourceError
            If the connection breaks.
        QueryEndedError
            If the server ended the query.
        """
        names = [column.field for column in order]
        limit = self._value_limit if order else VALUE_LIMITS[-1]
        for batches in _collect_batches(self._fetch_batches(statement, size, limit), size):
            frame = self._convert_batches(batches, limit)
            yield Page(frame, frame.select(names).row(-1) if names else ())

    def _fetch_batches(
        self, statement: Statement, size: int, limit: int
    ) -> Iterator[pa.RecordBatch]:
        """Fetch record batch by record batch; of wide records, one holds only a few hundred."""
        self._reader = self._call(lambda: self._execute(statement, size, limit))
        while (batch := self._call(lambda: next(self._reader, None))) is not None:
            yield batch

    def _execute(self, statement: Statement, size: int, limit: int) -> Any:
        with requires_extra("sql"):
            from arrow_odbc import TextEncoding

        text, values = _bind_texts(statement, self._dialect)
        return self._connection.read_arrow_batches(
            text,
            batch_size=size,
            parameters=values or None,
            max_bytes_per_batch=_MAX_BATCH_BYTES,
            max_text_size=limit,
            max_binary_size=limit,
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

        # An unsigned number of MariaDB that exceeds 64 bits must not wrap around.
        texts = self._dialect == "mysql" and column.dtype == pl.Int64
        return (
            pa.string()
            if texts or column.selected_as_text
            else _arrow_types()[type(column.dtype)]()
        )

    def _convert_batches(self, batches: list[pa.RecordBatch], limit: int) -> pl.DataFrame:
        frame = pl.DataFrame(pl.from_arrow(batches))
        if _longest_value(frame) > limit - _MAX_CHARACTER_BYTES:
            # MariaDB's driver truncates values silently, except in the first row.
            raise NotInArrowError
        problems: Problems = {}
        try:
            series = [_convert(frame[column.field], column, problems) for column in self._columns]
            return add_problems(pl.DataFrame(series), problems)
        except pl.exceptions.PolarsError as error:
            raise NotInArrowError from error

    def _call(self, action: Callable[[], Result]) -> Result:
        """Call the driver; other errors than those of the connection may be those of a value."""
        with requires_extra("sql"):
            from arrow_odbc import Error

        try:
            return self._watchdog.call(action)
        except Error as error:
            known = source_error(error, self._secret)
        # Raised outside of `except`, it has no reference to the driver's error and its connection.
        if isinstance(known, TransientSourceError | QueryEndedError):
            raise known
        raise NotInArrowError

    def close(self) -> None:
        """Close the connection by deleting it, which releases its locks; it has no other way."""
        del self._reader, self._connection


def _collect_batches(
    batches: Iterator[pa.RecordBatch], size: int
) -> Iterator[list[pa.RecordBatch]]:
    """Collect record batches up to a number of records, since each page has a cost in mapping."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        if waiting and sum(each.num_rows for each in waiting) + batch.num_rows > size:
            yield waiting
            waiting = []
        waiting.append(batch)
    if waiting:
        yield waiting


def _convert(values: pl.Series, column: SqlColumn, problems: Problems) -> pl.Series:
    dtype = column.dtype
    if column.selected_as_text:
        return parse_temporal_text(values, column, problems)
    if not isinstance(dtype, pl.List):
        return values.cast(dtype)
    arrays = [None if value is None else parse_array(value, dtype) for value in values]
    return pl.Series(values.name, arrays, dtype=dtype)


def _longest_value(frame: pl.DataFrame) -> int:
    """Return the length of the longest text or binary, in bytes."""
    lengths = frame.select(string().str.len_bytes().max(), binary().bin.size().max())
    return max((int(column.item() or 0) for column in lengths), default=0)


def _bind_texts(statement: Statement, dialect: str) -> tuple[str, list[str]]:
    """Write the values as texts, and convert them in the statement."""
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
