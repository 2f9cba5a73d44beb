"""What a real MariaDB says of a table: its key, the columns that it sets, comments on columns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from scripts.servers.databases import USER
from scripts.servers.processes import Server

from epnkit.cli.new import command
from epnkit.drafts.inspect.sql_tables import read_table_declaration
from epnkit.sources.config.credentials import Secret

pytest_plugins = ["tests.support.servers"]

#: A table whose time of change MariaDB itself sets; capitals in its names, comments on columns.
TABLE = """
CREATE TABLE filaments (
    FilKey CHAR(9) NOT NULL,
    frame_dt DATETIME NOT NULL,
    x1 DOUBLE COMMENT 'heliographic longitude (deg)',
    x2 DOUBLE COMMENT 'heliographic latitude (deg)',
    plam DOUBLE COMMENT 'central wavelength (nm)',
    touched TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    PRIMARY KEY (FilKey)
)
"""

#: A table of the same name in another database, where MariaDB sets another column.
OTHER = (
    "CREATE DATABASE filaments_old",
    "CREATE TABLE filaments_old.filaments (FilKey CHAR(9) NOT NULL, frame_dt DATETIME NOT NULL"
    " DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP)",
    f"GRANT SELECT ON filaments_old.* TO '{USER}'@'%'",
)

ROW = "INSERT INTO filaments VALUES (:key, :day, 10.0 + :x, 5.0, 656.3, DEFAULT)"


@pytest.fixture
def table(mariadb: Server) -> Iterator[str]:
    """Make the table; give the URL of its database."""
    url = mariadb.url.replace("mysql://", "mysql+pymysql://")
    engine = sa.create_engine(url)
    rows = [{"key": f"F{n:05}", "day": f"2012-05-{n + 1:02} 07:00:00", "x": n} for n in range(20)]
    with engine.begin() as link:
        link.execute(sa.text(TABLE))
        link.execute(sa.text(ROW), rows)
    yield url
    with engine.begin() as link:
        link.execute(sa.text("DROP TABLE filaments"))
    engine.dispose()


@pytest.fixture
def other(table: str, server_directory: Path) -> Iterator[str]:
    """Make the other table as the administrator; give the URL of the first one's database."""
    local = f"localhost/?unix_socket={server_directory}/mariadb/socket"
    engine = sa.create_engine(f"mysql+pymysql://root@{local}")
    with engine.begin() as link:
        for statement in OTHER:
            link.execute(sa.text(statement))
    yield table
    with engine.begin() as link:
        link.execute(sa.text("DROP DATABASE filaments_old"))
    engine.dispose()


@pytest.fixture
def drafted(table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Result:
    """Draft a service of the table."""
    monkeypatch.setenv("GAVOSETTINGS", str(tmp_path / "none"))
    monkeypatch.setenv("EPNKIT_CREDENTIALS", str(tmp_path / "credentials"))
    words = ["fil", "--from", table, "--table", "filaments", "--into", str(tmp_path), "--accept"]
    done = CliRunner().invoke(command, words)
    assert done.exit_code == 0, (done.output, done.exception)
    return done


def test_the_key_and_the_time_of_change_are_as_declared(drafted: Result, tmp_path: Path) -> None:
    assert "key: filkey" in drafted.output
    assert "cursor: touched; a load reads what changed since the last one" in drafted.output
    written = (tmp_path / "fil" / "service.py").read_text()
    assert 'cursor=Cursor("touched", lag=timedelta(days=7))' in written


def test_a_table_of_that_name_in_another_database_says_nothing(other: str) -> None:
    secret = Secret("fil", other)
    assert read_table_declaration(secret, "filaments").changed == ("touched",)
    assert read_table_declaration(secret, "filaments_old.filaments").changed == ("frame_dt",)


def test_a_table_of_that_name_says_nothing_by_odbc(other: str) -> None:
    at = sa.make_url(other)
    account = f"Database={at.database};UID={at.username};PWD={at.password}"
    text = f"Driver=MariaDB Unicode;Server={at.host};Port={at.port};{account}"
    found = read_table_declaration(Secret("fil", text), "filaments")
    assert found.changed == ("touched",)
    assert found.key == ("FilKey",)


def test_comments_on_columns_say_what_they_are(drafted: Result, tmp_path: Path) -> None:
    written = (tmp_path / "fil" / "service.py").read_text()
    assert 'hertz_limits, "plam", "plam", unit="nm"' in written
    assert '"c1min": pl.col("x1")' in written
    assert '"c2min": pl.col("x2")' in written
