"""What a publisher reads when something is wrong: one line that names it, nothing half done."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from epnkit.dachs.private import PrivateDachs
from epnkit.deploy import inputs
from epnkit.errors import ConfigurationError, DeployError
from epnkit.replicas.sources import ReplicaSources
from tests.conftest import ROOT, throw_away_dachs

RD = "hfc1ar/q"


@pytest.fixture
def laid(scratch: PrivateDachs) -> Iterator[PrivateDachs]:
    with ReplicaSources(scratch, ROOT) as sources:
        sources.fill(ROOT / "resources" / "hfc1ar")
    inputs.install(scratch, ROOT / "resources" / "hfc1ar")
    yield scratch
    scratch.run("drop", RD)


def import_refused(dachs: PrivateDachs) -> str:
    """Import, expect a failure, and give the one line that says why."""
    with pytest.raises(DeployError) as caught:
        dachs.run("imp", RD)
    text = str(caught.value)
    assert "Traceback" not in text
    assert "Unhandled exception" not in text
    return text


def count_tables(dachs: PrivateDachs) -> int:
    with dachs.cluster.connect().cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'hfc1ar'")
        return int((cursor.fetchone() or (0,))[0])


def connect_with(dachs: PrivateDachs, text: str) -> None:
    (dachs.root / "credentials" / "hfc1ar").write_text(text + "\n")


def rewrite(dachs: PrivateDachs, old: str, new: str) -> None:
    path = dachs.inputs / "hfc1ar" / "source.toml"
    path.write_text(path.read_text().replace(old, new))


def test_an_unreachable_database(laid: PrivateDachs) -> None:
    connect_with(
        laid, "Driver=PostgreSQL Unicode;Server=127.0.0.1;Port=1;Database=hfc;UID=me;PWD=canary"
    )
    text = import_refused(laid)
    assert "127.0.0.1" in text
    assert "canary" not in text
    assert count_tables(laid) == 0


def test_a_missing_driver(laid: PrivateDachs) -> None:
    connect_with(laid, "Driver=Oracle in the attic;Database=hfc")
    text = import_refused(laid)
    assert "Oracle in the attic" in text
    assert count_tables(laid) == 0


def test_a_missing_credential(laid: PrivateDachs) -> None:
    (laid.root / "credentials" / "hfc1ar").unlink()
    assert "hfc1ar" in import_refused(laid)
    assert count_tables(laid) == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [("ACTIVEREGIONS a", "ACTIVE_REGIONS a"), ("a.RUN_DATE", "a.RUNDATE AS RUN_DATE")],
)
def test_a_wrong_table_or_column(laid: PrivateDachs, old: str, new: str) -> None:
    rewrite(laid, old, new)
    text = import_refused(laid)
    assert new.split()[0].removeprefix("a.") in text
    assert count_tables(laid) == 0


def test_a_column_that_the_mapping_needs_and_the_query_lacks(laid: PrivateDachs) -> None:
    rewrite(laid, "o.URL, ", "")
    text = import_refused(laid)
    assert "no field url" in text
    assert "source.toml" in text


def test_an_empty_catalogue(laid: PrivateDachs) -> None:
    with closing(sqlite3.connect(laid.root / "sources" / "hfc1ar.sqlite")) as catalogue:
        catalogue.execute("DELETE FROM ACTIVEREGIONS")
        catalogue.commit()
    assert "gives no record" in import_refused(laid)
    assert count_tables(laid) == 0


def test_a_failure_is_in_the_ledger_with_its_reason(laid: PrivateDachs) -> None:
    connect_with(laid, "Driver=Oracle in the attic;Database=hfc")
    import_refused(laid)
    with laid.cluster.connect().cursor() as cursor:
        cursor.execute("SELECT state, reason FROM epnkit.runs ORDER BY run DESC LIMIT 1")
        state, reason = cursor.fetchone() or ("", "")
    assert state == "failed"
    assert "Oracle in the attic" in reason


def test_a_port_in_use(scratch: PrivateDachs) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", scratch.port or 0))
        taken.listen()
        with pytest.raises(DeployError, match=f"port {scratch.port} is in use"):
            scratch.start_server()


def test_a_cluster_that_crashed_starts_again() -> None:
    with throw_away_dachs() as dachs:
        lines = (dachs.cluster.directory / "postmaster.pid").read_text().splitlines()
        os.kill(int(lines[0]), signal.SIGKILL)
        _await_end(int(lines[0]))
        assert (dachs.cluster.directory / "postmaster.pid").exists()
        dachs.start()
        assert dachs.cluster.running


def _await_end(pid: int) -> None:
    for _ in range(100):
        state = Path(f"/proc/{pid}/status")
        if not state.exists() or "State:\tZ" in state.read_text():
            return
        subprocess.run(["sleep", "0.1"], check=True)
    pytest.fail(f"process {pid} does not end")


def test_a_folder_without_service(tmp_path: Path, scratch: PrivateDachs) -> None:
    with pytest.raises(ConfigurationError, match=r"no service\.py"):
        inputs.install(scratch, tmp_path)


def test_a_service_that_calls_itself_otherwise(tmp_path: Path, scratch: PrivateDachs) -> None:
    folder = tmp_path / "another"
    folder.mkdir()
    (folder / "service.py").write_text((ROOT / "resources/hfc1ar/service.py").read_text())
    with pytest.raises(ConfigurationError, match="calls itself hfc1ar"):
        inputs.install(scratch, folder)
