"""State tables of another version: migrated by the first command, or refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import psycopg2.errors
import pytest
from psycopg2.extensions import connection

from epnkit.dachs.private import PrivateDachs
from epnkit.errors import LoadError
from epnkit.loading.state.schema import (
    STATE_FILES,
    create_state_schema,
    list_pending,
    migrate,
    read_state_version,
)
from epnkit.loading.table.catalog import table_exists
from epnkit.packaged import find_packaged

#: What the next epnkit might add, and a migration that cannot be done.
NEXT = "ALTER TABLE epnkit.runs ADD COLUMN host text;"
BROKEN = "ALTER TABLE epnkit.runs ADD COLUMN host text; SELECT 1 / 0;"


#: The version that this epnkit's migrations make, and the name of the next one.
OWN = sorted(path.name for path in find_packaged("sql/migrations").glob("*.sql"))
NEWEST = len(OWN) + 1
NEXT_NAME = f"{NEWEST + 1:02}-next.sql"


@pytest.fixture
def database(scratch: PrivateDachs) -> Iterator[connection]:
    """Give DaCHS's database without any state."""
    with closing(scratch.cluster.connect()) as opened:
        opened.cursor().execute("DROP TABLE IF EXISTS epnkit.state_version")
        for table in (
            "runs",
            "quarantine",
            "cursors",
            "records",
            "declarations",
            "comparisons",
            "embargoes",
            "packages",
            "odd_answers",
            "load_batches",
            "load_parts",
        ):
            opened.cursor().execute(f"DROP TABLE IF EXISTS epnkit.{table}")
        yield opened


@pytest.fixture
def first(database: connection) -> connection:
    """Give the state that epnkit 0.1 wrote, with a run in it."""
    cursor = database.cursor()
    cursor.execute("".join(find_packaged(name).read_text() for name in STATE_FILES))
    cursor.execute("INSERT INTO epnkit.runs (service, kind, state) VALUES ('x', 'load', 'done')")
    # The tables belong to the role that loads.
    cursor.execute(
        "DO $$ DECLARE t text; BEGIN FOR t IN SELECT tablename FROM pg_tables WHERE schemaname ="
        " 'epnkit' LOOP EXECUTE format('ALTER TABLE epnkit.%I OWNER TO gavoadmin', t); END LOOP;"
        " END $$"
    )
    cursor.execute("SET ROLE gavoadmin")
    return database


def count_runs(opened: connection) -> int:
    with opened.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM epnkit.runs")
        (count,) = cursor.fetchone() or (0,)
        return int(count)


def make_migrations(directory: Path, text: str) -> Path:
    """Write epnkit's own migrations into a directory, and a further one."""
    for path in find_packaged("sql/migrations").glob("*.sql"):
        (directory / path.name).write_text(path.read_text())
    (directory / NEXT_NAME).write_text(text)
    return directory


def run_epnkit(dachs: PrivateDachs, *words: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("epnkit")
    return subprocess.run(
        [program, *words, "--dachs", dachs.root], capture_output=True, text=True, check=False
    )


def test_what_a_killed_load_left_before_goes(first: connection) -> None:
    cursor = first.cursor()
    cursor.execute("CREATE TABLE epnkit.part_thing_0 (n integer)")
    migrate(first)
    assert not table_exists(first, "epnkit", "part_thing_0")


def test_a_new_state_has_the_newest_version(database: connection) -> None:
    assert read_state_version(database) is None
    assert migrate(database) == []
    create_state_schema(database)
    assert read_state_version(database) == NEWEST
    assert list_pending(database) == []


def test_the_first_command_migrates(scratch: PrivateDachs, first: connection) -> None:
    done = run_epnkit(scratch, "upgrade", "--dry-run")
    assert "the state tables had version 1" in done.stdout
    assert "would run" in done.stdout
    assert read_state_version(first) == 1
    assert run_epnkit(scratch, "quarantine", "list", "x").returncode == 0
    assert read_state_version(first) == NEWEST
    assert count_runs(first) == 1
    again = run_epnkit(scratch, "upgrade")
    assert f"the state has version {NEWEST}" in again.stdout, again.stderr


def test_a_migration_of_the_next_epnkit_keeps_what_is_there(
    first: connection, tmp_path: Path
) -> None:
    done = migrate(first, make_migrations(tmp_path, NEXT))
    assert [path.name for path in done] == [*OWN, NEXT_NAME]
    first.cursor().execute("SELECT host FROM epnkit.runs")
    assert read_state_version(first) == NEWEST + 1
    assert count_runs(first) == 1


def test_a_migration_that_fails_changes_nothing(first: connection, tmp_path: Path) -> None:
    folder = make_migrations(tmp_path, BROKEN)
    with pytest.raises(psycopg2.errors.DivisionByZero):
        migrate(first, folder)
    assert read_state_version(first) == NEWEST
    with pytest.raises(psycopg2.errors.UndefinedColumn):
        first.cursor().execute("SELECT host FROM epnkit.runs")
    (folder / NEXT_NAME).write_text(NEXT)
    assert len(migrate(first, folder)) == 1


def test_an_older_epnkit_refuses(scratch: PrivateDachs, first: connection, tmp_path: Path) -> None:
    migrate(first, make_migrations(tmp_path, NEXT))
    with pytest.raises(LoadError, match="of a newer epnkit") as caught:
        create_state_schema(first)
    assert f"version {NEWEST + 1}" in (caught.value.why or "")
    done = run_epnkit(scratch, "quarantine", "list", "x")
    assert done.returncode != 0
    assert "epnkit upgrade" in done.stderr
    assert count_runs(first) == 1
