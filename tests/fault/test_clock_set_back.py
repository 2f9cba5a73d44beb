"""The loader's clock is set back by weeks between two loads: the table is as it would be."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.conftest import ROOT

from epnkit.dachs.private import PrivateDachs
from epnkit.deploy import inputs
from epnkit.loading.request import Request
from epnkit.replicas.sources import ReplicaSources

RD = "bass2000/q"

#: What is there only after the first load.
LATER = "DATE_OBS >= '2015-01-01'"

CONTENT = "SELECT granule_uid, obs_id, time_min, access_url FROM bass2000.epn_core ORDER BY 1"


def load_with_clock_set_back(dachs: PrivateDachs, days: int) -> None:
    """Load in a process whose clock is so many days late."""
    (library,) = Path("/usr/lib").glob("*/faketime/libfaketime.so.1")
    words = dachs.command("imp", RD)
    # For Python alone: what switches the account before would keep a semaphore of its own.
    python = words.index(sys.executable)
    words[python:python] = ["env", f"LD_PRELOAD={library}", f"FAKETIME=-{days}d"]
    done = subprocess.run(
        words, env=dachs.environment, cwd=dachs.root, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def change(path: str, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def query(dachs: PrivateDachs, text: str) -> list[tuple[object, ...]]:
    with closing(dachs.cluster.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(text)
        return cursor.fetchall()


@pytest.fixture
def catalogue(scratch: PrivateDachs) -> Iterator[str]:
    """Load the older images of BASS2000; give the file of the source."""
    with ReplicaSources(scratch, ROOT) as sources:
        sources.fill(ROOT / "resources" / "bass2000")
    inputs.install(scratch, ROOT / "resources" / "bass2000")
    found = re.search(
        r"Database=([^;\n]*)", (scratch.root / "credentials" / "bass2000").read_text()
    )
    assert found is not None
    path = found[1]
    change(
        path,
        "DROP TABLE IF EXISTS LATER",
        f"CREATE TABLE LATER AS SELECT * FROM IMAGES WHERE {LATER}",
        f"DELETE FROM IMAGES WHERE {LATER}",
    )
    scratch.run("imp", RD)
    yield path
    scratch.run("drop", RD)


def test_a_clock_set_back_by_weeks(scratch: PrivateDachs, catalogue: str) -> None:
    first = len(query(scratch, CONTENT))
    updated = "(SELECT max(UPDATED) FROM IMAGES)"
    changed = "(SELECT max(DATE_OBS) FROM IMAGES)"
    change(
        catalogue,
        f"UPDATE LATER SET UPDATED = {updated}",
        f"UPDATE IMAGES SET UPDATED = {updated}, SEQ_IND = 77 WHERE DATE_OBS = {changed}",
        "INSERT INTO IMAGES SELECT * FROM LATER",
    )

    load_with_clock_set_back(scratch, 40)
    late = query(scratch, CONTENT)
    assert len(late) > first
    ((early, turned),) = query(
        scratch,
        "SELECT count(*) FILTER (WHERE creation_date < (SELECT max(creation_date) - interval"
        " '39 days' FROM bass2000.epn_core)), count(*) FILTER (WHERE modification_date <"
        " creation_date) FROM bass2000.epn_core",
    )
    assert early  # the clock was late indeed
    assert turned == 0  # nothing was modified before it was made
    runs = query(
        scratch, "SELECT state, ended >= started FROM epnkit.runs ORDER BY run DESC LIMIT 2"
    )
    assert runs == [("done", True), ("done", True)]

    scratch.run("imp", RD)
    assert query(scratch, CONTENT) == late
    scratch.run("imp", RD, environment=Request(full=True).to_environment())
    assert query(scratch, CONTENT) == late
