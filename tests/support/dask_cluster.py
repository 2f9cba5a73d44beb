"""A Dask cluster in processes of its own, and what its workers need."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from epnkit.dachs.private import PrivateDachs

#: What a worker's role may do: nothing of DaCHS's own is among it.
_ROLE = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'epnkit_worker') THEN
        CREATE ROLE epnkit_worker LOGIN;
    END IF;
END $$;
GRANT USAGE ON SCHEMA epnkit TO epnkit_worker;
GRANT SELECT, UPDATE ON epnkit.load_parts TO epnkit_worker;
GRANT SELECT, INSERT, DELETE ON epnkit.load_batches TO epnkit_worker;
"""


def grant_worker(dachs: PrivateDachs) -> str:
    """Create the role of workers, with its rights; return how it connects."""
    with closing(dachs.cluster.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(_ROLE)
        given = connection.info.dsn_parameters
    return f"host={given['host']} port={given['port']} dbname={given['dbname']} user=epnkit_worker"


def write_credentials(dachs: PrivateDachs, folder: Path) -> dict[str, str]:
    """Write the credentials of a worker into a folder; return its environment."""
    folder.mkdir()
    (folder / "dachs_database").write_text(grant_worker(dachs))
    for source in (dachs.root / "credentials").iterdir():
        (folder / source.name).write_bytes(source.read_bytes())
    for path in folder.iterdir():
        path.chmod(0o600)
    return {"EPNKIT_CREDENTIALS": str(folder)}


@contextmanager
def run_scheduler() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run a scheduler; give its address, and its process."""
    command = ["scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show"]
    with _run_dask(command, {}) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if found := re.search(r"Scheduler at:\s*(tcp://\S+)", line):
                yield found[1], process
                return
        raise AssertionError("the scheduler ended")


@contextmanager
def run_workers(
    address: str, environment: Mapping[str, str], count: int = 1
) -> Iterator[subprocess.Popen[str]]:
    """Run workers, which are started again when they die; give the process that does so."""
    command = ["worker", address, "--nthreads", "1", "--nworkers", str(count), "--no-dashboard"]
    with _run_dask(command, environment) as process:
        yield process


@contextmanager
def _run_dask(words: list[str], environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "dask", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE if words[0] == "scheduler" else subprocess.DEVNULL,
        text=True,
        env={**os.environ, **environment},
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stderr is not None:
            process.stderr.close()
