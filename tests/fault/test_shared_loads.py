"""A load that workers share: whatever ends one of them, the table is that of a load in one process.

The workers are processes of this machine, or of a Dask cluster that runs here.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from tests.conftest import bring_up
from tests.support.dask_cluster import run_scheduler, run_workers, write_credentials
from tests.support.shared_loads import find_workers, kill_twice
from tests.support.waiting import wait_until

from epnkit.dachs.private import PrivateDachs
from epnkit.errors import DeployError, LoadError
from epnkit.loading.request import Request
from epnkit.loading.state.status import read_parts, read_status

RD = "hfc1ar/q"

#: All that a load leaves, but for its times.
COMPARED = (
    "SELECT to_jsonb(t) - '{creation_date,modification_date,release_date}'::text[]"
    " FROM hfc1ar.epn_core t ORDER BY granule_uid",
    "SELECT to_jsonb(b) FROM epnkit.granules_hfc1ar b ORDER BY granule_uid",
    "SELECT record_key, granule_uid, rule, field, reason, record FROM epnkit.quarantine"
    " WHERE service = 'hfc1ar' AND resolved IS NULL ORDER BY 1, 4",
    "SELECT kind, state, read, folded, extra, loaded, changed, unchanged, repeated, quarantined,"
    " deleted, null_cursors, source_count FROM epnkit.runs WHERE service = 'hfc1ar'"
    " ORDER BY run DESC LIMIT 1",
    "SELECT kind, value FROM epnkit.cursors WHERE service = 'hfc1ar'",
    "SELECT key FROM epnkit.records, unnest(keys) WITH ORDINALITY AS each (key, nth)"
    " WHERE service = 'hfc1ar' ORDER BY number, nth",
)

#: Added to service.py: a worker takes half a second for each batch.
SLOWLY = """
import sys
from epnkit.loading.prepare.preparation import Preparation
# Dask's worker reads the service more than once.
if "gavo" not in sys.modules and Preparation.prepare.__name__ == "prepare":
    import time
    def prepare_slowly(self, records, prepare=Preparation.prepare):
        time.sleep(0.5)
        return prepare(self, records)
    Preparation.prepare = prepare_slowly
"""

TWICE = "SELECT count(*) FROM epnkit.load_parts WHERE attempts > 1"


def query(dachs: PrivateDachs, text: str) -> list[tuple[Any, ...]]:
    with closing(dachs.cluster.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(text)
        return [*cursor.fetchall()]


def take_snapshot(dachs: PrivateDachs) -> list[list[tuple[Any, ...]]]:
    return [query(dachs, each) for each in COMPARED]


def assert_same(dachs: PrivateDachs, one: list[list[tuple[Any, ...]]]) -> None:
    """Compare what a load left with what one process does, row by row."""
    for found, wanted in zip(take_snapshot(dachs), one, strict=True):
        assert len(found) == len(wanted)
        for row, other in zip(found, wanted, strict=True):
            assert row == other


def load(dachs: PrivateDachs, **environment: str) -> Callable[[Request], Any]:
    return lambda request: dachs.run("imp", RD, environment=request.to_environment() | environment)


@pytest.fixture(scope="module")
def one(scratch: PrivateDachs) -> Iterator[list[list[tuple[Any, ...]]]]:
    """Load in one process; give what that left."""
    bring_up(scratch, "hfc1ar")
    scratch.run("drop", RD)
    scratch.run("imp", RD)
    yield take_snapshot(scratch)
    scratch.run("drop", RD)


@pytest.fixture
def unloaded(scratch: PrivateDachs, one: object) -> Iterator[PrivateDachs]:
    """Drop the table, and let workers be slow; give the DaCHS."""
    scratch.run("drop", RD)
    service = scratch.inputs / "hfc1ar" / "service.py"
    text = service.read_text()
    service.write_text(text + SLOWLY)
    yield scratch
    service.write_text(text)


@pytest.fixture
def environment(scratch: PrivateDachs, one: object, tmp_path: Path) -> dict[str, str]:
    return write_credentials(scratch, tmp_path / "credentials")


@contextmanager
def load_meanwhile(
    dachs: PrivateDachs, request: Request, **environment: str
) -> Iterator[Future[Any]]:
    """Load while the context does something else."""
    with ThreadPoolExecutor(1) as thread:
        yield thread.submit(load(dachs, **environment), request)


def require_shown(dachs: PrivateDachs) -> None:
    """Require that the status of the service shows the parts of its load, and who has them."""
    with closing(dachs.cluster.connect()) as connection:
        parts = read_parts(connection, "hfc1ar")
        assert len(parts) > 2
        assert {part["state"] for part in parts} <= {"waiting", "running", "done", "loaded"}
        workers = [part["worker"] for part in parts if part["state"] == "running"]
        assert all(re.fullmatch(r"[^:]+:\d+", worker) for worker in workers)
        assert max(part["attempts"] for part in parts) > 1
        with pytest.raises(
            LoadError, match=r"being loaded: run \d+ is a parallel load, in \d+ parts: "
        ):
            read_status(connection, "hfc1ar")


def test_dask_workers_are_killed(
    unloaded: PrivateDachs, one: list[Any], environment: dict[str, str]
) -> None:
    with (
        run_scheduler() as (address, _),
        run_workers(address, environment, 2),
        load_meanwhile(unloaded, Request(dask=address)) as loading,
    ):
        kill_twice(unloaded)
        wait_until(lambda: query(unloaded, TWICE)[0][0] >= 1)
        require_shown(unloaded)
        loading.result()
    assert_same(unloaded, one)
    assert query(unloaded, "SELECT count(*) FROM epnkit.load_parts") == [(0,)]


@pytest.mark.all
def test_local_processes_are_killed(unloaded: PrivateDachs, one: list[Any]) -> None:
    with load_meanwhile(unloaded, Request(jobs=2)) as loading:
        kill_twice(unloaded)
        loading.result()
    assert_same(unloaded, one)


@pytest.mark.all
def test_a_part_is_done_twice(unloaded: PrivateDachs, one: list[Any]) -> None:
    with load_meanwhile(unloaded, Request(jobs=2), EPNKIT_LEASE="1") as loading:
        wait_until(lambda: len(find_workers(unloaded)) == 2)
        stopped = find_workers(unloaded)[0]
        os.kill(stopped, signal.SIGSTOP)
        # It did not die; it comes back when another worker has its part, or has done it.
        wait_until(lambda: query(unloaded, TWICE) != [(0,)])
        os.kill(stopped, signal.SIGCONT)
        loading.result()
    assert_same(unloaded, one)


@pytest.mark.all
def test_the_scheduler_is_killed(
    unloaded: PrivateDachs, one: list[Any], environment: dict[str, str]
) -> None:
    with (
        run_scheduler() as (address, scheduler),
        run_workers(address, environment, 2),
        load_meanwhile(unloaded, Request(dask=address)) as loading,
    ):
        wait_until(lambda: bool(find_workers(unloaded)))
        scheduler.kill()
        with pytest.raises(DeployError, match="the Dask scheduler is gone"):
            loading.result()
    with pytest.raises(psycopg2.errors.UndefinedTable):
        query(unloaded, "SELECT FROM hfc1ar.epn_core")
    load(unloaded)(Request(jobs=2))
    assert_same(unloaded, one)


@pytest.mark.all
def test_the_database_restarts(
    unloaded: PrivateDachs, one: list[Any], environment: dict[str, str]
) -> None:
    with run_scheduler() as (address, _), run_workers(address, environment, 2):
        with load_meanwhile(unloaded, Request(dask=address)) as loading:
            wait_until(lambda: bool(find_workers(unloaded)))
            unloaded.cluster.stop()
            unloaded.cluster.start()
            with pytest.raises(DeployError, match=r"went away|terminat|closed"):
                loading.result()
        with pytest.raises(psycopg2.errors.UndefinedTable):
            query(unloaded, "SELECT FROM hfc1ar.epn_core")
        load(unloaded)(Request(dask=address))  # by the same workers
    assert_same(unloaded, one)


#: What is wrong with a worker, and what the loader says of it.
UNFIT = {
    "no_credential": (["source"], "hfc1ar.*was not found"),
    "no_database": (["dachs_database"], "dachs_database.*was not found"),
    "no_folder": ([], "folder is not on this machine"),
}


@pytest.mark.all
@pytest.mark.parametrize("case", UNFIT)
def test_a_worker_that_lacks_something_is_named(
    unloaded: PrivateDachs, environment: dict[str, str], tmp_path: Path, case: str
) -> None:
    missing, said = UNFIT[case]
    for path in Path(environment["EPNKIT_CREDENTIALS"]).iterdir():
        if ("dachs_database" if path.name == "dachs_database" else "source") in missing:
            path.unlink()
    if case == "no_folder":
        environment |= {"EPNKIT_SERVICES": str(tmp_path)}
    # Else it would find what lies in the home of who runs the tests.
    environment |= {"HOME": str(tmp_path)}
    with (
        run_scheduler() as (address, _),
        run_workers(address, environment),
        pytest.raises(DeployError, match=said) as raised,
    ):
        load(unloaded)(Request(dask=address))
    assert re.search(r"tcp://127\.0\.0\.1:\d+", str(raised.value))


def test_no_scheduler_is_there(unloaded: PrivateDachs) -> None:
    with pytest.raises(DeployError, match=r"tcp://127\.0\.0\.1:9: no Dask scheduler answers"):
        load(unloaded)(Request(dask="tcp://127.0.0.1:9"))


@pytest.mark.all
def test_a_worker_has_no_epnkit(unloaded: PrivateDachs, tmp_path: Path) -> None:
    """A worker in an interpreter that hides the toolkit's distribution."""
    hidden = tmp_path / "sitecustomize.py"
    hidden.write_text(
        "import importlib.metadata as m\n"
        "def version(name, known=m.version):\n"
        "    if name == 'epnkit':\n"
        "        raise m.PackageNotFoundError(name)\n"
        "    return known(name)\n"
        "m.version = version\n"
    )
    with (
        run_scheduler() as (address, _),
        run_workers(address, {"PYTHONPATH": str(tmp_path)}),
        pytest.raises(DeployError, match="a worker has no epnkit"),
    ):
        load(unloaded)(Request(dask=address))


def test_dask_is_not_needed_for_other_loads(scratch: PrivateDachs) -> None:
    code = "import epnkit.loading.grammar.common, sys; assert 'distributed' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, env=scratch.environment)
