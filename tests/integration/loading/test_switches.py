"""DaCHS's own switches keep their meaning with the bulk grammar."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from epnkit.dachs.private import COMMAND, Dachs
from tests.conftest import bring_up

RD = "hfc1ar/q"


@pytest.fixture
def loaded(scratch: Dachs) -> Iterator[Dachs]:
    bring_up(scratch, "hfc1ar")
    yield scratch
    scratch.run("drop", RD)


@pytest.fixture
def laid(scratch: Dachs) -> Iterator[Dachs]:
    bring_up(scratch, "hfc1ar")
    scratch.run("drop", RD)
    yield scratch
    scratch.run("drop", RD)


def value(dachs: Dachs, query: str) -> object:
    with dachs.cluster.connect().cursor() as cursor:
        cursor.execute(query)
        row = cursor.fetchone()
        assert row is not None
        return row[0]


def imported(dachs: Dachs, *switches: str) -> subprocess.CompletedProcess[str]:
    """Run dachs imp as an operator does, with its usual words."""
    words = [word for word in dachs.command("imp", *switches, RD) if word != "--ui=stingy"]
    assert str(COMMAND) in words
    return subprocess.run(
        words, env=dachs.environment, cwd=dachs.root, capture_output=True, text=True, check=False
    )


def rows(dachs: Dachs) -> object:
    return value(dachs, "SELECT count(*) FROM hfc1ar.epn_core")


def index_count(dachs: Dachs) -> object:
    return value(dachs, "SELECT count(*) FROM pg_indexes WHERE schemaname = 'hfc1ar'")


def test_an_import_reports_the_rows_that_it_brought(laid: Dachs) -> None:
    done = imported(laid)
    assert "Rows affected: 1200" in done.stdout + done.stderr
    assert "1260 read, 60 folded, 1200 loaded" in done.stderr
    again = imported(laid)
    assert "Rows affected: 0" in again.stdout + again.stderr


def test_stop_after_reads_so_many_records(laid: Dachs) -> None:
    assert imported(laid, "-M", "100").returncode == 0
    assert value(laid, "SELECT read FROM epnkit.runs ORDER BY run DESC LIMIT 1") == 100
    assert 0 < int(str(rows(laid))) <= 100
    # The next import goes on from there, and misses nothing.
    assert imported(laid).returncode == 0
    assert rows(laid) == 1200


def test_redo_index_leaves_every_index(loaded: Dachs) -> None:
    before = index_count(loaded)
    assert imported(loaded, "-R").returncode == 0
    assert index_count(loaded) == before
    assert rows(loaded) == 1200


def test_meta_only_reads_no_record(loaded: Dachs) -> None:
    runs = value(loaded, "SELECT max(run) FROM epnkit.runs")
    assert imported(loaded, "-m").returncode == 0
    assert value(loaded, "SELECT max(run) FROM epnkit.runs") == runs
    assert rows(loaded) == 1200


def test_meta_and_index_leaves_rows_and_indices(loaded: Dachs) -> None:
    before = index_count(loaded)
    assert imported(loaded, "-I").returncode == 0
    assert (rows(loaded), index_count(loaded)) == (1200, before)


def test_continue_bad_goes_on_but_says_so_and_writes_nothing(loaded: Dachs) -> None:
    credential = loaded.root / "credentials" / "hfc1ar"
    kept = credential.read_text()
    credential.write_text("Driver=SQLite3;Database=/nonexistent/hfc.sqlite\n")
    done = imported(loaded, "-c")
    credential.write_text(kept)
    assert done.returncode == 101
    assert rows(loaded) == 1200
    assert value(loaded, "SELECT state FROM epnkit.runs ORDER BY run DESC LIMIT 1") == "failed"
