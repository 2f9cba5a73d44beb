"""Talking to databases by ODBC or SQLAlchemy, one result at a time and never buffered whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol, TypeVar

import polars as pl
import pyodbc
import sqlalchemy as sa

from epnkit.errors import SourceError
from epnkit.sources.credentials import Secret
from epnkit.sources.sql_errors import DRIVER_ERRORS, label, source_error
from epnkit.sources.sql_limits import limit
from epnkit.sources.sql_silence import Listening
from epnkit.sources.sql_types import Row, of_python

Result = TypeVar("Result")

#: How long a connection may take to open, in seconds.
CONNECT_TIMEOUT = 30

#: What tells an ODBC driver to hand rows out as they come, by a word in the driver's name.
_STREAMING = {
    # In a transaction sqliteodbc holds every page it has read.
    "sqlite": "StepAPI=1;NoTXN=1",
    "mysql": "FORWARD_CURSOR=1;NO_CACHE=1",
}

#: Databases whose ODBC drivers hold a whole result before its first row (mariadb 3.1 whatever it is
#: told, psqlodbc without its cursor): pages by key are asked for.
_BUFFERING = {"mysql", "postgresql"}

#: How texts' bytes come to MariaDB's driver, which cuts wide ones off at a NUL.
_SENT = "SELECT @@character_set_results"

#: From how many figures on a driver calls a number of floating point double.
_DOUBLE = 10

_DIALECTS = {"maria": "mysql", "mysql": "mysql", "postgres": "postgresql", "sqlite": "sqlite"}

#: psycopg's type numbers (pg_type.oid) of what isn't text.
_POSTGRESQL: dict[int, type] = {
    16: bool, 17: bytes, 20: int, 21: int, 23: int, 26: int, 700: float, 701: float, 1700: float,
}  # fmt: skip


@dataclass(frozen=True)
class Statement:
    """A question to the database: fixed text, then conditions with bound values.

    Parameters
    ----------
    head : str
        The text that holds the service's query, given to the database as it is.
    tail : str
        What follows it, with ``?`` for each value.
    values : tuple
        The values.
    """

    head: str
    tail: str = ""
    values: tuple[object, ...] = ()


class Answer(Protocol):
    """The rows of one statement, as they come."""

    #: Name and type of each column; None where the driver doesn't know the type.
    columns: list[tuple[str, pl.DataType | None]]

    def take(self, size: int) -> Sequence[Row]:
        """Give the next rows, at most so many; none at the end."""
        ...


class Session(Protocol):
    """A connection to a database."""

    #: postgresql, mysql, sqlite or another name.
    dialect: str
    #: The character around an identifier.
    quote: str
    #: Whether its driver may be read from while the server still sends.
    streams: bool
    #: Whether its driver cuts texts off at a NUL.
    cuts: bool

    def ask(self, statement: Statement) -> Answer:
        """Run a statement."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...


class _Told:
    """Calls a driver for a while, and tells its errors without the password."""

    def __init__(self, secret: Secret, silence: float) -> None:
        self.silence, self.listening = silence, Listening(secret, silence)
        self._secret = secret

    def __call__(self, action: Callable[[], Result]) -> Result:
        try:
            return self.listening.to(action)
        except DRIVER_ERRORS as error:
            raise source_error(error, self._secret) from None


def streaming(text: str) -> str:
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
        return f"{bare};UseDeclareFetch=0{quiet}"
    driver = re.search(r"(?i)\bdriver\s*=\s*([^;]*)", text)
    flags = next((f for w, f in _STREAMING.items() if driver and w in driver[1].lower()), "")
    present = {part.split("=")[0].strip().lower() for part in text.split(";")}
    missing = [flag for flag in flags.split(";") if flag.split("=")[0].lower() not in present]
    return ";".join([text.rstrip("; "), *filter(None, missing)])


@dataclass
class _OdbcAnswer:
    cursor: pyodbc.Cursor
    told: _Told

    def __post_init__(self) -> None:
        self.columns = [
            (name, pl.Float32() if kind is float and 0 < size < _DOUBLE else of_python(kind))
            for name, kind, _, size, *_ in self.cursor.description
        ]

    def take(self, size: int) -> Sequence[Row]:
        rows: Sequence[Row] = self.told(lambda: self.cursor.fetchmany(size))
        return rows


class _OdbcSession:
    def __init__(self, told: _Told, text: str, encoding: str | None, *, paged: bool) -> None:
        self._told = told
        with told.listening.opening():
            self._link = told(
                lambda: pyodbc.connect(streaming(text), timeout=CONNECT_TIMEOUT, readonly=True)
            )
        name = str(self._link.getinfo(pyodbc.SQL_DBMS_NAME)).lower()
        self.dialect = next((d for word, d in _DIALECTS.items() if word in name), name)
        self.quote = str(self._link.getinfo(pyodbc.SQL_IDENTIFIER_QUOTE_CHAR)).strip() or '"'
        self.streams = not (paged and self.dialect in _BUFFERING)
        self.cuts = self.dialect == "sqlite"
        self._decode(encoding)
        if limiting := limit(self.dialect, told.silence):
            told(lambda: self._link.execute(limiting))

    def _decode(self, encoding: str | None) -> None:
        """Say how the driver's narrow characters are to be read; wide ones tell it themselves."""
        narrow = encoding or "utf-8"
        self._link.setdecoding(pyodbc.SQL_CHAR, encoding=narrow)
        if encoding or self._sends_utf8():
            self._link.setdecoding(pyodbc.SQL_WCHAR, encoding=narrow, ctype=pyodbc.SQL_CHAR)

    def _sends_utf8(self) -> bool:
        """Tell whether MariaDB sends texts so that its driver need not make wide ones of them."""
        if self.dialect != "mysql":
            return False
        sent = self._told(lambda: self._link.execute(_SENT).fetchval())
        return str(sent).lower().startswith("utf8")

    def ask(self, statement: Statement) -> Answer:
        cursor = self._link.cursor()
        text = statement.head + statement.tail
        values = [_bound(value, self.dialect) for value in statement.values]
        self._told(lambda: cursor.execute(text, *values))
        return _OdbcAnswer(cursor, self._told)

    def close(self) -> None:
        self._told(self._link.close)


def _bound(value: object, dialect: str) -> object:
    """Write times as texts for MariaDB, whose driver cuts the fractions of seconds off."""
    if dialect == "mysql" and isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="microseconds")
    return value


class _AlchemyAnswer:
    def __init__(self, result: sa.CursorResult[Any], dialect: str, told: _Told) -> None:
        self._result, self._told = result, told
        kinds = [described[1] for described in result.cursor.description] if result.cursor else []
        known = _postgresql if dialect == "postgresql" else of_python
        self.columns = [(n, known(k)) for n, k in zip(result.keys(), kinds, strict=True)]

    def take(self, size: int) -> Sequence[Row]:
        return self._told(lambda: self._result.fetchmany(size))


def _postgresql(number: object) -> pl.DataType | None:
    """Name the type for a PostgreSQL type number; dates are known by their values."""
    known = _POSTGRESQL.get(number) if isinstance(number, int) else None
    times = {1082: pl.Date(), 1083: pl.Time(), 1114: pl.Datetime("us"), 1184: pl.Datetime("us")}
    if known is None and isinstance(number, int):
        return times.get(number, pl.String())
    return of_python(known)


class _AlchemySession:
    streams, cuts = True, False

    def __init__(self, told: _Told, secret: Secret, encoding: str | None) -> None:
        self._told = told
        self._engine = told(partial(engine_of, secret))
        name = self._engine.dialect.name
        self.dialect = "mysql" if name == "mariadb" else name
        if encoding and self.dialect != "sqlite":
            raise SourceError(
                "`encoding` is not for this driver", where=label(secret),
                cure="Take it out of the source file, and say it in the URL: for PostgreSQL"
                " ?client_encoding=latin1, for MariaDB and MySQL ?charset=latin1",
            )  # fmt: skip
        with told.listening.opening():
            self._link = told(self._engine.connect)
        self.quote = "`" if self.dialect == "mysql" else '"'
        if encoding:
            connection: Any = self._link.connection.driver_connection
            connection.text_factory = partial(str, encoding=encoding)
        self._limit()
        self._link = self._link.execution_options(stream_results=True)

    def _limit(self) -> None:
        """See to it that no query goes on at the server when it is not waited for any more."""
        if self.dialect == "mysql":
            # A limit would count how long the reader takes for the answer, which streams.
            number = int(self._told(lambda: self._link.scalar(sa.text("SELECT CONNECTION_ID()"))))
            self._told.listening.cancel = partial(self._kill, number)
        elif limiting := limit(self.dialect, self._told.silence):
            self._told(lambda: self._link.execute(sa.text(limiting)))

    def _kill(self, number: int) -> None:
        """End the query of a connection by another one."""
        with suppress(*DRIVER_ERRORS), self._engine.connect() as link:
            link.execute(sa.text(f"KILL QUERY {number:d}"))

    def ask(self, statement: Statement) -> Answer:
        run = partial(self._link.execute, _text(statement), _named(statement))
        return _AlchemyAnswer(self._told(run), self.dialect, self._told)

    def close(self) -> None:
        self._told(self._link.close)
        self._engine.dispose()


def engine_of(secret: Secret) -> sa.Engine:
    """Make what opens connections by SQLAlchemy.

    Raises
    ------
    SourceError
        When the driver that the URL names, or means, is not installed.
    """
    try:
        return sa.create_engine(secret.reveal(), poolclass=sa.NullPool)
    except ImportError as error:
        raise SourceError(
            "the driver of this URL is not installed",
            where=label(secret),
            why=str(error),
            cure="Install it, or name another one, such as postgresql+psycopg2://",
        ) from None


def _text(statement: Statement) -> sa.TextClause:
    """Name the bound values, and keep colons of the service's query from naming any."""
    numbers = iter(range(len(statement.values)))
    tail = re.sub(r"\?", lambda _: f":value_{next(numbers)}", statement.tail)
    return sa.text(statement.head.replace(":", "\\:") + tail)


def _named(statement: Statement) -> dict[str, object]:
    return {f"value_{number}": value for number, value in enumerate(statement.values)}


@contextmanager
def session(
    secret: Secret, silence: float, encoding: str | None = None, *, paged: bool = False
) -> Iterator[Session]:
    """Open a connection for a while.

    Parameters
    ----------
    secret : Secret
        An ODBC connection string or a SQLAlchemy URL.
    silence : float
        How many seconds the database may say nothing.
    encoding : str, optional
        The encoding of texts, where the driver doesn't say it itself (by ODBC, and of SQLite).
    paged : bool
        Whether results may be asked for page by page, because records have a key.

    Raises
    ------
    SourceError
        When the driver is missing, or the database refuses.
    TransientSourceError
        When the database cannot be reached now.
    """
    made: Session
    told = _Told(secret, silence)
    if secret.kind == "odbc":
        made = _OdbcSession(told, secret.reveal(), encoding, paged=paged)
    else:
        made = _AlchemySession(told, secret, encoding)
    try:
        yield made
    finally:
        with suppress(SourceError):  # a broken connection can't be closed, and needn't be
            made.close()
