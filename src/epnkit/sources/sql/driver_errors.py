"""Errors of database drivers as errors of epnkit, with what is wrong and how to cure it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from epnkit.errors import SourceError, TransientSourceError
from epnkit.modules import requires_extra
from epnkit.sources.config.credentials import Secret

with requires_extra("sql"):
    import pyodbc


def driver_errors() -> tuple[type[Exception], ...]:
    """Return the exceptions that drivers raise; importing SQLAlchemy for them is slow.

    Returns
    -------
    tuple of type
        For an ``except`` clause, whose expression is evaluated only after an error.
    """
    with requires_extra("sql"):
        from sqlalchemy.exc import SQLAlchemyError

    return (pyodbc.Error, SQLAlchemyError, MemoryError, ValueError, ArithmeticError)


class QueryEndedError(SourceError):
    """The server ended a query, because it took too long or somebody cancelled it."""


@dataclass(frozen=True)
class _Failure:
    """A kind of failure, recognised by its SQLSTATE and words."""

    pattern: re.Pattern[str]
    what: str
    cure: str
    kind: type[SourceError] = SourceError


def _failure(pattern: str, what: str, cure: str, kind: type[SourceError] = SourceError) -> _Failure:
    return _Failure(re.compile(pattern, re.IGNORECASE), what, cure, kind)


#: The first match counts: special cases come before general ones.
_FAILURES = (
    _failure(
        r"can't open lib|IM002|data source name not found|can't load plugin|no module named",
        "the database driver is missing",
        "Install it and name it as `odbcinst -q -d` does (odbc-mariadb, odbc-postgresql, "
        "libsqliteodbc, tdsodbc on Debian)",
    ),
    _failure(
        r"access denied|authentication failed|login failed|no password supplied|\b(28000|28P01)\b",
        "the database refuses the user or the password",
        "Correct the credential, or grant the user the right to read",
    ),
    _failure(
        r"unknown database|database \"[^\"]*\" does not exist|3D000|unable to open database|"
        r"could not (open|connect) database|CANTOPEN",
        "there is no such database",
        "Correct the database's name in the credential",
    ),
    _failure(
        r"no such column|unknown column|42S22|42703|column .* does not exist|invalid column",
        "the query names a column that does not exist",
        "Correct the query in the source file",
    ),
    _failure(
        r"no such table|42S02|42P01|relation .* does not exist|doesn't exist|invalid object",
        "the query names a table that does not exist",
        "Correct the query in the source file",
    ),
    _failure(
        r"duplicate column|42S21|42701|specified more than once|ambiguous",
        "the query gives two columns one name",
        "Name each column of the query once, with AS",
    ),
    _failure(
        r"command denied|permission denied|\b42501\b",
        "the user may not read what the query names",
        "Grant the user the right to read it, or correct the query",
    ),
    _failure(
        # PostgreSQL's class 53, and MariaDB's errors of connections (1040, 1203, 1226), of which
        # two have the SQLSTATE of a syntax error.
        r"\b53300\b|too many (connections|clients)|connection slots are reserved|"
        r"\((1040|1203|1226)[,)]|max_user_connections|max_connections",
        "the database takes no more connections",
        "It runs: wait until others close theirs, use fewer --jobs, or raise its limit"
        " (max_connections, or that of the account)",
        TransientSourceError,
    ),
    _failure(
        r"\b42000\b|\b42601\b|syntax error|error in your SQL syntax",
        "the database does not understand the query",
        "Correct the query in the source file; it must be one SELECT",
    ),
    _failure(
        r"year .* out of range|must be in \d+\.\.|out of range for|ConversionSyntax",
        "the database has a value that its driver cannot read",
        'Declare the column in the source file, [types] name = "text", or leave it out',
    ),
    _failure(
        r"codec can't decode|could not decode to utf-8",
        "a text is not in the encoding it was read in",
        'Declare the encoding in the source file: encoding = "latin-1"',
    ),
    _failure(
        r"\((1053|1927),|server shutdown in progress|connection was killed|"
        r"SerializationFailure|conflict with recovery",
        "the database ended the connection or the query",
        "Try again later",
        TransientSourceError,
    ),
    _failure(
        r"\b(57014|70100)\b|QueryCanceled|statement timeout|query execution was interrupted|"
        r"\((1317|1969|3024),|maximum statement execution time exceeded",
        "the database ended the query",
        "If it took too long, give it an index on cursor and key, or raise `timeout` in the source"
        " file; the database may have its own limit, too",
        QueryEndedError,
    ),
    _failure(
        # SQLite's SQLITE_BUSY and SQLITE_LOCKED.
        r"database (table )?is locked",
        "another program is writing to the database file",
        "Wait until it has ended, or end it; then try again",
        TransientSourceError,
    ),
    _failure(
        r"\b(08\w{3}|HYT0\d|57P0\d|40001|40P01)\b|gone away|lost connection|server closed|"
        r"terminating connection|could not (receive|send)|can't connect|connection (refused|reset|"
        r"timed out|lost|dead)|communication link|could not connect|unable to connect|"
        r"broken pipe|timeout|unexpected eof|no connection to the server|"
        r"handshake|could not fetch|connection not open|SSL SYSCALL|"
        r"error while reading greeting|malformed packet|packets out of order|server has gone|"
        r"internal savepoint failed",
        "the database cannot be reached",
        "See that it runs and that host and port in the credential are right",
        TransientSourceError,
    ),
)

_UNKNOWN = _failure("", "the database reports an error", "Ask the database's administrator")


def source_error(error: Exception, secret: Secret) -> SourceError:
    """Return the error to raise for what a driver raised.

    Parameters
    ----------
    error : Exception
        What was raised; its message may hold the password.
    secret : Secret
        The credential in use.

    Returns
    -------
    SourceError
        Transient if trying again may help; raise it ``from None``, because its cause may show the
        password.
    """
    parts = [error] if isinstance(error, UnicodeDecodeError) else error.args or [error]
    message = secret.scrub(" ".join(" ".join(map(str, parts)).split()))
    known = next((k for k in _FAILURES if k.pattern.search(message)), _UNKNOWN)
    return known.kind(
        known.what, where=describe_connection(secret), why=_shorten(message), cure=known.cure
    )


def _shorten(message: str) -> str:
    """Remove SQLAlchemy's background links and the statement, which may be long."""
    return re.split(r"\s*\[SQL:|\s*\(Background on", message)[0][:400]


def describe_connection(secret: Secret) -> str:
    """Return the name of a connection for messages, without its password."""
    return f"{secret.name} ({secret.masked})"
