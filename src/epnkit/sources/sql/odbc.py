"""Connections to databases by ODBC; with a key, no result is buffered whole."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from epnkit.modules import requires_extra
from epnkit.sources.sql.column_types import Row, type_of_python
from epnkit.sources.sql.session import (
    CONNECT_TIMEOUT,
    SESSION_SETTINGS,
    DriverCalls,
    SqlAnswer,
    Statement,
)
from epnkit.sources.sql.timeouts import write_limit_statement

with requires_extra("sql"):
    import pyodbc

# unixODBC 2.3.12, of Debian 13, keeps closed connections for the next who asks, also for those that
# are not pyodbc's: with the transaction that was open, and so with tables as they were.
pyodbc.pooling = False


#: What makes an ODBC driver hand rows out as they come, by a word in the driver's name.
_STREAMING = {
    # In a transaction sqliteodbc holds every page it has read.
    "sqlite": "StepAPI=1;NoTXN=1",
    "mysql": "FORWARD_CURSOR=1;NO_CACHE=1",
}

#: Databases whose ODBC drivers hold a whole result before its first row (mariadb 3.1 with any
#: settings, psqlodbc without UseDeclareFetch): they are read in pages by key, if there is one.
_BUFFERING = {"mysql", "postgresql"}

#: How texts' bytes come to MariaDB's driver, which cuts wide ones off at a NUL.
_CHARSET_QUERY = "SELECT @@character_set_results"

#: From how many digits on a driver calls a number of floating point double.
_DOUBLE = 10

_DIALECTS = {"maria": "mysql", "mysql": "mysql", "postgres": "postgresql", "sqlite": "sqlite"}


def complete_connection_string(text: str) -> str:
    """Complete an ODBC connection string by what keeps its driver from buffering whole results.

    Parameters
    ----------
    text : str
        The connection string; a key that it already has stays as it is, but for psqlodbc's
        cursor (UseDeclareFetch): 13.02 ends the process when a connection breaks under it. Pages
        by key keep memory flat there, so a key is needed for that.
    """
    if re.search(r"(?i)\bdriver\s*=[^;]*(postgres|psql)", text):
        bare = re.sub(r"(?i);?\s*\bUseDeclareFetch\s*=\s*\w*", "", text)
        # Debian's odbcinst.ini lets every connection leave a log in /tmp.
        quiet = "" if "commlog" in text.lower() else ";CommLog=0"
        flags = "" if "boolsaschar" in text.lower() else ";BoolsAsChar=0"
        return f"{bare};UseDeclareFetch=0{quiet}{flags}"
    driver = re.search(r"(?i)\bdriver\s*=\s*([^;]*)", text)
    flags = next((f for w, f in _STREAMING.items() if driver and w in driver[1].lower()), "")
    present = {part.split("=")[0].strip().lower() for part in text.split(";")}
    missing = [flag for flag in flags.split(";") if flag.split("=")[0].lower() not in present]
    return ";".join([text.rstrip("; "), *filter(None, missing)])


def connect_by_odbc(text: str) -> pyodbc.Connection:
    """Open a connection that only reads.

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
    driver: DriverCalls

    def __post_init__(self) -> None:
        self.columns = [
            (name, pl.Float32() if kind is float and 0 < size < _DOUBLE else type_of_python(kind))
            for name, kind, _, size, *_ in self.cursor.description
        ]

    def fetch(self, size: int) -> Sequence[Row]:
        rows: Sequence[Row] = self.driver(lambda: self.cursor.fetchmany(size))
        return rows


class OdbcSession:
    """A connection by ODBC.

    Parameters
    ----------
    driver : DriverCalls
        Calls the driver.
    text : str
        The connection string.
    encoding : str, optional
        Of texts, if the driver doesn't give it itself.
    paged : bool
        Whether results may be asked for page by page.
    """

    def __init__(
        self, driver: DriverCalls, text: str, encoding: str | None, *, paged: bool
    ) -> None:
        self._driver = driver
        with driver.watchdog.track_sockets():
            self._connection = driver(lambda: connect_by_odbc(text))
        name = str(self._connection.getinfo(pyodbc.SQL_DBMS_NAME)).lower()
        self.dialect = next((d for word, d in _DIALECTS.items() if word in name), name)
        known = (pyodbc.SQL_DRIVER_NAME, pyodbc.SQL_DRIVER_VER)
        self.driver_version = " ".join(str(self._connection.getinfo(each)) for each in known)
        self.quote = str(self._connection.getinfo(pyodbc.SQL_IDENTIFIER_QUOTE_CHAR)).strip() or '"'
        self.single_answer = not (paged and self.dialect in _BUFFERING)
        self.truncates_values = self.dialect == "sqlite"
        self._set_decoding(encoding)
        if limiting := write_limit_statement(self.dialect, driver.read_timeout):
            driver(lambda: self._connection.execute(limiting))
        if setting := SESSION_SETTINGS.get(self.dialect):
            driver(lambda: self._connection.execute(setting))

    def _set_decoding(self, encoding: str | None) -> None:
        """Set how the driver's narrow characters are read; wide ones have their own encoding.

        SQLite checks no text: a value that is not valid text is lost, and the query goes on.
        """
        narrow = encoding or "utf-8"
        if self.dialect == "sqlite":
            narrow = _LENIENT + narrow
        self._connection.setdecoding(pyodbc.SQL_CHAR, encoding=narrow)
        if encoding or self._sends_utf8():
            self._connection.setdecoding(pyodbc.SQL_WCHAR, encoding=narrow, ctype=pyodbc.SQL_CHAR)

    def _sends_utf8(self) -> bool:
        """Return whether MariaDB sends texts that its driver need not make wide ones of."""
        if self.dialect != "mysql":
            return False
        sent = self._driver(lambda: self._connection.execute(_CHARSET_QUERY).fetchval())
        return str(sent).lower().startswith("utf8")

    def execute(self, statement: Statement) -> SqlAnswer:
        """Run a statement."""
        cursor = self._connection.cursor()
        text = statement.head + statement.tail
        values = [_bind_value(value, self.dialect) for value in statement.values]
        self._driver(lambda: cursor.execute(text, *values))
        return _OdbcAnswer(cursor, self._driver)

    def close(self) -> None:
        """End the connection."""
        self._driver(self._connection.close)


#: Begins the name of an encoding that keeps invalid bytes, as `surrogateescape` does.
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
    """Write times as texts for MariaDB, whose driver cuts the fractions of seconds off."""
    if dialect == "mysql" and isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="microseconds")
    return value
