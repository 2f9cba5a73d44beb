"""Connections to databases by ODBC; with a key, no driver has to buffer a whole result."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import polars as pl

from epnkit.errors import SourceError
from epnkit.modules import requires_extra
from epnkit.sources.sql.column_types import Row, type_of_python
from epnkit.sources.sql.session import CONNECT_TIMEOUT, DriverCaller, SqlAnswer, Statement
from epnkit.sources.sql.timeouts import write_session_statements

with requires_extra("sql"):
    import pyodbc

# unixODBC 2.3.12, of Debian 13, pools closed connections, also for other libraries than pyodbc. The
# next user gets one with its open transaction, and so an old state of the tables.
pyodbc.pooling = False


#: Settings that make an ODBC driver stream rows, by a word in the driver's name.
_STREAMING = {
    # In a transaction sqliteodbc keeps every page it has read in memory.
    "sqlite": "StepAPI=1;NoTXN=1",
    "mysql": "FORWARD_CURSOR=1;NO_CACHE=1",
}

#: Databases whose ODBC drivers buffer a whole result (mariadb 3.1 with any settings, psqlodbc
#: without UseDeclareFetch): they are read in pages by key, if there is one.
_BUFFERING = {"mysql", "postgresql"}

#: Asks for the encoding in which MariaDB sends texts; its driver truncates wide ones at a NUL.
_CHARSET_QUERY = "SELECT @@character_set_results"

#: The number of digits from which a floating-point type is double precision.
_DOUBLE = 10

_DIALECTS = {"maria": "mysql", "mysql": "mysql", "postgres": "postgresql", "sqlite": "sqlite"}


def complete_connection_string(text: str) -> str:
    """Complete an ODBC connection string by settings that keep its driver from buffering results.

    Parameters
    ----------
    text : str
        The connection string. Its own settings stay, except psqlodbc's UseDeclareFetch: with it,
        13.02 aborts the process if the connection breaks. Without it, memory is bounded only if
        records are read in pages by key.
    """
    if re.search(r"(?i)\bdriver\s*=[^;]*(postgres|psql)", text):
        bare = re.sub(r"(?i);?\s*\bUseDeclareFetch\s*=\s*\w*", "", text)
        # By Debian's odbcinst.ini every connection writes a log to /tmp.
        quiet = "" if "commlog" in text.lower() else ";CommLog=0"
        flags = "" if "boolsaschar" in text.lower() else ";BoolsAsChar=0"
        return f"{bare};UseDeclareFetch=0{quiet}{flags}"
    driver = re.search(r"(?i)\bdriver\s*=\s*([^;]*)", text)
    flags = next((f for w, f in _STREAMING.items() if driver and w in driver[1].lower()), "")
    present = {part.split("=")[0].strip().lower() for part in text.split(";")}
    missing = [flag for flag in flags.split(";") if flag.split("=")[0].lower() not in present]
    return ";".join([text.rstrip("; "), *filter(None, missing)])


def connect_by_odbc(text: str) -> pyodbc.Connection:
    """Open a read-only connection.

    Parameters
    ----------
    text : str
        The connection string.
    """
    complete = complete_connection_string(text)
    return pyodbc.connect(complete, timeout=CONNECT_TIMEOUT, readonly=True)


@dataclass
class _OdbcAnswer:
    cursor: pyodbc.Cursor
    call_driver: DriverCaller

    def __post_init__(self) -> None:
        self.columns = [
            (name, pl.Float32() if kind is float and 0 < size < _DOUBLE else type_of_python(kind))
            for name, kind, _, size, *_ in self.cursor.description
        ]

    def fetch(self, size: int) -> Sequence[Row]:
        with _close_on_failure(self.cursor):
            rows: Sequence[Row] = self.call_driver(lambda: self.cursor.fetchmany(size))
        return rows


class OdbcSession:
    """A connection by ODBC.

    Parameters
    ----------
    call_driver : DriverCaller
        Calls the driver.
    text : str
        The connection string.
    encoding : str, optional
        The encoding of texts, if the driver does not handle it.
    paged : bool
        Whether results may be read page by page.
    """

    def __init__(
        self, call_driver: DriverCaller, text: str, encoding: str | None, *, paged: bool
    ) -> None:
        self._call_driver = call_driver
        with call_driver.watchdog.track_sockets():
            self._connection = call_driver(lambda: connect_by_odbc(text))
        name = str(self._connection.getinfo(pyodbc.SQL_DBMS_NAME)).lower()
        self.dialect = next((d for word, d in _DIALECTS.items() if word in name), name)
        known = (pyodbc.SQL_DRIVER_NAME, pyodbc.SQL_DRIVER_VER)
        self.driver_version = " ".join(str(self._connection.getinfo(each)) for each in known)
        self.quote = str(self._connection.getinfo(pyodbc.SQL_IDENTIFIER_QUOTE_CHAR)).strip() or '"'
        self.streams_results = not (paged and self.dialect in _BUFFERING)
        self.truncates_values = self.dialect == "sqlite"
        self._set_decoding(encoding)
        for statement in write_session_statements(self.dialect, call_driver.read_timeout):
            call_driver(partial(self._connection.execute, statement))

    def _set_decoding(self, encoding: str | None) -> None:
        """Set how the driver's narrow characters are decoded; wide ones have a fixed encoding.

        SQLite checks no text: an invalid one becomes unreadable, instead of ending the query.
        """
        narrow = encoding or "utf-8"
        if self.dialect == "sqlite":
            narrow = _LENIENT + narrow
        self._connection.setdecoding(pyodbc.SQL_CHAR, encoding=narrow)
        if encoding or self._sends_utf8():
            self._connection.setdecoding(pyodbc.SQL_WCHAR, encoding=narrow, ctype=pyodbc.SQL_CHAR)

    def _sends_utf8(self) -> bool:
        """Return whether MariaDB sends UTF-8, which its driver need not convert to wide texts."""
        if self.dialect != "mysql":
            return False
        sent = self._call_driver(lambda: self._connection.execute(_CHARSET_QUERY).fetchval())
        return str(sent).lower().startswith("utf8")

    def execute(self, statement: Statement) -> SqlAnswer:
        """Run a statement."""
        cursor = self._connection.cursor()
        text = statement.head + statement.tail
        values = [_bind_value(value, self.dialect) for value in statement.values]
        with _close_on_failure(cursor):
            self._call_driver(lambda: cursor.execute(text, *values))
        return _OdbcAnswer(cursor, self._call_driver)

    def close(self) -> None:
        """Close the connection."""
        self._call_driver(self._connection.close)


@contextmanager
def _close_on_failure(cursor: pyodbc.Cursor) -> Iterator[None]:
    """Close a cursor whose call fails.

    psqlodbc 17 reports an error when a statement of a lost connection is freed. If that happens as
    Python frees the cursor, pyodbc raises it from whatever is called next.
    """
    try:
        yield
    except SourceError:
        with suppress(pyodbc.Error):
            cursor.close()
        raise


#: The prefix of encodings that keep invalid bytes, as the error handler `surrogateescape` does.
_LENIENT = "epnkit_lenient_"


def _find_lenient_codec(name: str) -> codecs.CodecInfo | None:
    if not name.startswith(_LENIENT):
        return None
    known = codecs.lookup(name.removeprefix(_LENIENT))

    def decode(content: Any, _errors: str = "") -> tuple[str, int]:
        return known.decode(content, "surrogateescape")

    return codecs.CodecInfo(known.encode, decode, name=name)


codecs.register(_find_lenient_codec)


def _bind_value(value: object, dialect: str) -> object:
    """Write times as texts for MariaDB, whose driver truncates fractions of seconds."""
    if dialect == "mysql" and isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="microseconds")
    return value
