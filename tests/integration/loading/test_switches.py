"""DaCHS's own switches keep their meaning with the bulk grammar."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from epnkit.dachs.private import COMMAND, PrivateDachs
from tests.conftest import bring_up

RD = "hfc1ar/q"


@pytest.fixture
def loaded(scratch: PrivateDachs) -> Iterator[PrivateDachs]:
    bring_up(scratch, "hfc1ar")
    yield scratch
    scratch.run("drop", RD)


@pytest.fixture
def laid(scratch: PrivateDachs) -> Iterator[PrivateDachs]:
    bring_up(scratch, "hfc1ar")
    scratch.run("drop", RD)
    yield scratch
    scratch.run("drop", RD)


def query_value(dachs: PrivateDachs, query: str) -> object:
    with dachs.cluster.connect().cursor() as cursor:
        cursor.execute(query)
        row = cursor.fetchone()
        assert row is not None
        return row[0]


def import_service(dachs: PrivateDachs, *switches: str) -> subprocess.CompletedProcess[str]:
    """Run dachs imp as an operator does, with its usual words."""
    words = [word for word in dachs.command("imp", *switches, RD) if word != "--ui=stingy"]
    assert str(COMMAND) in words
    return subprocess.run(
        words, env=dachs.environment, cwd=dachs.root, capture_output=True, text=True, check=False
    )


def count_rows(dachs: PrivateDachs) -> object:
    return query_value(dachs, "SELECT count(*) FROM hfc1ar.epn_core")


def count_indices(dachs: PrivateDachs) -> object:
    return query_value(dachs, "SELECT count(*) FROM pg_indexes WHERE schemaname = 'hfc1ar'")


def test_an_import_reports_the_rows_that_it_brought(laid: PrivateDachs) -> None:
    done = import_service(laid)
    assert "Rows affected: 1200" in done.stdout + done.stderr
    assert "1260 read, 60 folded, 1200 loaded" in done.stderr
    again = import_service(laid)
    assert "Rows affected: 0" in again.stdout + again.stderr


def test_stop_after_reads_so_many_records(laid: PrivateDachs) -> None:
    assert import_service(laid, "-M", "100").returncode == 0
    assert query_value(laid, "SELECT read FROM epnkit.runs ORDER BY run DESC LIMIT 1") == 100
    assert 0 < int(str(count_rows(laid))) <= 100
    # The next import goes on from there, and misses nothing.
    assert import_service(laid).returncode == 0
    assert count_rows(laid) == 1200


def test_redo_index_leaves_every_index(loaded: PrivateDachs) -> None:
    before = count_indices(loaded)
    assert import_service(loaded, "-R").returncode == 0
    assert count_indices(loaded) == before
    assert count_rows(loaded) == 1200


def test_meta_only_reads_no_record(loaded: PrivateDachs) -> None:
    runs = query_value(loaded, "SELECT max(run) FROM epnkit.runs")
    assert import_service(loaded, "-m").returncode == 0
    assert query_value(loaded, "SELECT max(run) FROM epnkit.runs") == runs
    assert count_rows(loaded) == 1200


def test_meta_and_index_leaves_rows_and_indices(loaded: PrivateDachs) -> None:
    before = count_indices(loaded)
    assert import_service(loaded, "-I").returncode == 0
    assert (count_rows(loaded), count_indices(loaded)) == (1200, before)


def test_continue_bad_goes_on_but_says_so_and_writes_nothing(loaded: PrivateDachs) -> None:
    credential = loaded.root / "credentials" / "hfc1ar"
    kept = credential.read_text()
    credential.write_text("Driver=SQLite3;Database=/nonexistent/hfc.sqlite\n")
    done = import_service(loaded, "-c")
    credential.write_text(kept)
    assert done.returncode == 101
    assert count_rows(loaded) == 1200
    assert (
        query_value(loaded, "SELECT state FROM epnkit.runs ORDER BY run DESC LIMIT 1") == "failed"
    )
