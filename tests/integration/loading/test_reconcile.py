"""``epnkit reconcile`` finds what came late, changed or went, and repairs it."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from epnkit.dachs.private import PrivateDachs
from tests.conftest import bring_up

OLD = "1996-01-01T00:00:00"


@pytest.fixture
def catalogue(scratch: PrivateDachs) -> Iterator[Path]:
    """Load HFC1AR; give the file of its catalogue."""
    bring_up(scratch, "hfc1ar")
    text = (scratch.root / "credentials" / "hfc1ar").read_text()
    found = re.search(r"Database=([^;]*)", text)
    assert found is not None
    yield Path(found[1])
    scratch.run("drop", "hfc1ar/q")


def change(catalogue: Path) -> None:
    """Take a region away, and bring one that claims to be of long ago."""
    with closing(sqlite3.connect(catalogue)) as link:
        (columns,) = link.execute(
            "SELECT group_concat(name) FROM pragma_table_info('ACTIVEREGIONS')"
            " WHERE name <> 'ID_AR'"
        ).fetchone()
        late = columns.replace("RUN_DATE", f"'{OLD}'")
        table = "ACTIVEREGIONS"
        (copied,) = link.execute(
            "SELECT ID_AR FROM ACTIVEREGIONS ORDER BY ID_AR LIMIT 1 OFFSET 400"
        ).fetchone()
        link.execute(
            f"INSERT INTO {table} (ID_AR, {columns}) SELECT 990001, {late} FROM {table}"
            " WHERE ID_AR = ?",
            (copied,),
        )
        link.execute("DELETE FROM ACTIVEREGIONS WHERE ID_AR = ?", (copied,))
        link.commit()


def reconcile(dachs: PrivateDachs, *switches: str) -> str:
    command = Path(sys.executable).parent / "epnkit"
    words: list[str | Path] = [command, "reconcile", "hfc1ar", "--dachs", dachs.root, *switches]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_late_and_deleted_records_are_found_and_repaired(
    scratch: PrivateDachs, catalogue: Path
) -> None:
    change(catalogue)
    told = "hfc1ar: 1 records are missing or changed, 1 are gone at the source"
    assert told in reconcile(scratch, "--dry-run")
    assert told in reconcile(scratch)
    assert "0 records are missing or changed, 0 are gone" in reconcile(scratch)


def test_a_refused_record_that_is_gone_is_refused_no_more(
    scratch: PrivateDachs, catalogue: Path
) -> None:
    waiting = (
        "SELECT record_key FROM epnkit.quarantine WHERE service = 'hfc1ar'"
        " AND resolved IS NULL ORDER BY 1"
    )
    keys = ["990002", "990003"]
    with (
        closing(sqlite3.connect(catalogue)) as link,
        closing(scratch.cluster.connect()) as database,
        database.cursor() as cursor,
    ):
        (columns,) = link.execute(
            "SELECT group_concat(name) FROM pragma_table_info('ACTIVEREGIONS')"
            " WHERE name NOT IN ('ID_AR', 'CC_X_PIX')"
        ).fetchone()
        for key in keys:
            link.execute(
                f"INSERT INTO ACTIVEREGIONS (ID_AR, CC_X_PIX, {columns})"
                f" SELECT ?, 'left', {columns} FROM ACTIVEREGIONS LIMIT 1",
                (key,),
            )
        link.commit()
        assert "2 records are missing or changed, 0 are gone" in reconcile(scratch)
        cursor.execute(waiting)
        assert cursor.fetchall() == [(key,) for key in sorted(keys)]
        link.execute("DELETE FROM ACTIVEREGIONS WHERE ID_AR = ?", keys[:1])
        link.commit()
        assert "0 records are missing or changed, 1 are gone" in reconcile(scratch)
        cursor.execute(waiting)
        assert cursor.fetchall() == [(keys[1],)]
