"""What databases report, in words that say what to do; the messages are those of real servers."""

from __future__ import annotations

import pytest

from epnkit.errors import TransientSourceError
from epnkit.sources.config.credentials import Secret
from epnkit.sources.sql.driver_errors import source_error

#: What PostgreSQL 15 (by libpq and by ODBC), MariaDB 10.11 and MySQL 8 say when they are full.
FULL = [
    "('53300', '[53300] FATAL:  sorry, too many clients already (101) (SQLDriverConnect)')",
    'connection to server at "db" (10.0.0.1), port 5432 failed: FATAL:  sorry, too many clients',
    "FATAL:  remaining connection slots are reserved for non-replication superuser connections",
    'FATAL:  too many connections for role "reader"',
    "(1040, 'Too many connections')",
    "('08004', '[08004] [ma-3.1.15]Too many connections (1040) (SQLDriverConnect)')",
    "(1226, \"User 'reader' has exceeded the 'max_user_connections' resource (current value: 5)\")",
    # 1203 has the SQLSTATE of a syntax error (MariaDB's list of errors).
    "('42000', \"[42000] [ma-3.1.15]User reader already has more than 'max_user_connections'"
    ' active connections (1203) (SQLDriverConnect)")',
    "(1203, 'User reader already has more than max_user_connections active connections')",
]


@pytest.mark.parametrize("message", FULL)
def test_a_full_server_is_not_advised_to_be_started(message: str) -> None:
    found = source_error(Exception(message), Secret("db", "postgresql://u:p@db/x"))
    assert isinstance(found, TransientSourceError)
    assert "takes no more connections" in str(found)
    assert "See that it runs" not in str(found)


@pytest.mark.parametrize(
    "message",
    [
        "(sqlite3.OperationalError) database is locked",
        "('HY000', '[HY000] [SQLite]database table is locked: obs (6) (SQLExecDirectW)')",
    ],
)
def test_a_file_that_is_being_written_has_no_host_and_port(message: str) -> None:
    found = source_error(Exception(message), Secret("db", "sqlite:////srv/obs.db"))
    assert isinstance(found, TransientSourceError)
    assert "another program is writing" in str(found)
    assert "host and port" not in str(found)


@pytest.mark.parametrize(
    "message", ["('08001', '[08001] could not connect to server: Connection refused')"]
)
def test_a_server_that_is_not_there_is(message: str) -> None:
    found = source_error(Exception(message), Secret("db", "postgresql://u:p@db/x"))
    assert "See that it runs" in str(found)
