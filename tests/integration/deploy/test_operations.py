"""What operators watch: metrics, imports that died, orphaned tables, logs."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from psycopg2.extensions import connection

from epnkit.dachs.logs import rotate
from epnkit.dachs.private import PrivateDachs
from epnkit.doctor.installation import find_full_logs
from epnkit.doctor.metrics import METRICS
from epnkit.doctor.state import find_dead_imports, find_orphaned_tables
from epnkit.loading.state.status import read_status


@pytest.fixture
def database(hfc1ar: str, dachs: PrivateDachs) -> Iterator[connection]:
    with closing(dachs.cluster.connect()) as opened:
        opened.autocommit = True
        yield opened


def run_metrics(dachs: PrivateDachs, *words: str | Path) -> str:
    program = Path(sys.executable).with_name("epnkit")
    done = subprocess.run(
        [program, "metrics", *words, "--dachs", dachs.root],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def read_metrics(text: str) -> dict[str, float]:
    """Read the metrics of hfc1ar as Prometheus does."""
    return {
        family.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.labels == {"service": "hfc1ar"}
    }


def test_the_metrics_file_says_what_status_says(
    database: connection, dachs: PrivateDachs, tmp_path: Path
) -> None:
    path = tmp_path / "epnkit.prom"
    run_metrics(dachs, "-o", path)
    assert [each.name for each in tmp_path.iterdir()] == ["epnkit.prom"]
    found, status = read_metrics(path.read_text()), read_status(database, "hfc1ar")
    assert found.keys() == METRICS.keys()
    assert found["epnkit_granules"] == status.rows
    assert found["epnkit_quarantined"] == status.quarantined
    assert found["epnkit_ledger_agrees"] == 1
    assert found["epnkit_last_run_succeeded"] == 1
    assert (
        0 < found["epnkit_last_run_seconds"] <= found["epnkit_last_success_seconds"] <= time.time()
    )
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT to_timestamp((max(time_max) - 2440587.5) * 86400) FROM hfc1ar.epn_core"
        )
        (newest,) = cursor.fetchone() or (None,)
    assert found["epnkit_newest_granule_seconds"] == pytest.approx(newest.timestamp(), abs=1e-3)
    assert read_metrics(run_metrics(dachs, "hfc1ar")) == found


def test_an_import_that_died_is_found_and_one_that_lives_is_not(database: connection) -> None:
    with database.cursor() as cursor:
        cursor.execute(
            "INSERT INTO epnkit.runs (service, kind, state) VALUES ('hfc1ar', 'load', 'running')"
            " RETURNING run"
        )
        (run,) = cursor.fetchone() or (0,)
        try:
            (found,) = find_dead_imports(database)
            assert found.what == f"run {run} of hfc1ar ended without a report"
            dsn = database.info.dsn_parameters
            with closing(
                type(database)(
                    " ".join(
                        f"{k}={v}"
                        for k, v in dsn.items()
                        if k in ("host", "port", "dbname", "user")
                    )
                )
            ) as other:
                other.cursor().execute(
                    "SELECT pg_advisory_lock(hashtext('epnkit'), hashtext('hfc1ar'))"
                )
                assert list(find_dead_imports(database)) == []
        finally:
            cursor.execute("DELETE FROM epnkit.runs WHERE run = %s", (run,))


def test_granules_without_a_service_are_found(
    database: connection, dachs: PrivateDachs, tmp_path: Path
) -> None:
    assert "hfc1ar" not in {
        found.what.split()[3] for found in find_orphaned_tables(database, dachs.inputs)
    }
    found = [each for each in find_orphaned_tables(database, tmp_path) if "hfc1ar" in each.what]
    assert len(found) == 1
    assert "epnkit undeploy hfc1ar" in found[0].cure


def test_a_large_log_makes_room(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    rotate(log, 3)
    log.write_text("abc")
    rotate(log, 3)
    assert log.read_text() == "abc"
    log.write_text("abcd")
    rotate(log, 3)
    assert [path.name for path in tmp_path.iterdir()] == ["server.log.1"]
    assert (tmp_path / "server.log.1").read_text() == "abcd"


def test_a_full_disk_of_logs_is_found_once(tmp_path: Path) -> None:
    # A small file system of its own needs root.
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=100k", "small", tmp_path],
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip("this account may not mount a small file system")
    try:
        assert list(find_full_logs((tmp_path,), ())) == []
        (tmp_path / "log").write_bytes(bytes(100 * 1024 - 4096))
        (found,) = find_full_logs((tmp_path, tmp_path / "missing"), ())
        assert "logrotate" in found.cure
        assert list(find_full_logs((tmp_path,), (tmp_path,))) == []
    finally:
        subprocess.run(["umount", tmp_path], check=True)
