"""A password of a source appears nowhere: in no output, log, traceback, table or file of DaCHS."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyodbc
import pytest
from psycopg2 import sql
from scripts.servers.databases import PASSWORD
from scripts.servers.processes import Server

from epnkit.dachs.private import PrivateDachs
from epnkit.deploy import inputs
from tests.conftest import ROOT
from tests.integration.sources.test_dialects import fill
from tests.integration.sources.test_sql import WRONG, odbc
from tests.support.proxy import Fault, Proxy
from tests.support.waiting import wait_until

pytest_plugins = ["tests.support.servers"]

RD = "hfc1ar/q"

#: The service's folder, as it is laid.
FOLDER = "inputs/hfc1ar"

#: What every verb that touches the source is asked.
VERBS = [
    ("load", "hfc1ar"),
    ("-v", "load", "hfc1ar", "--full"),
    ("source", FOLDER),
    ("source", FOLDER, "--format", "json"),
    ("preview", FOLDER, "-n", "3"),
    ("reconcile", "hfc1ar"),
    ("status", "hfc1ar"),
    ("quarantine", "list", "hfc1ar"),
    ("doctor",),
]


@pytest.fixture(
    scope="module", params=["postgresql", pytest.param("mariadb", marks=pytest.mark.all)]
)
def filled(scratch: PrivateDachs, request: pytest.FixtureRequest) -> tuple[str, Server]:
    """Fill HFC1AR's source on a server; one of its contours is none."""
    server: Server = request.getfixturevalue(request.param)
    fill(request.param, server, scratch)
    with pyodbc.connect(odbc(request.param, server.port) + ";CommLog=0", autocommit=True) as link:
        link.execute("UPDATE ACTIVEREGIONS SET CC = 'no chain' WHERE ID_AR = 7")
    link.close()
    return request.param, server


@pytest.fixture
def catalogue(scratch: PrivateDachs, filled: tuple[str, Server]) -> Iterator[tuple[str, Server]]:
    inputs.install(scratch, ROOT / "resources" / "hfc1ar")
    yield filled
    scratch.run("drop", RD)


def import_and_examine(dachs: PrivateDachs, text: str) -> list[subprocess.CompletedProcess[str]]:
    """Import with a credential, plainly and with all that DaCHS can tell; then ask each verb."""
    credential = dachs.root / "credentials" / "hfc1ar"
    dachs.account.create_owned(credential.parent)
    credential.write_text(text + "\n")
    credential.chmod(0o600)
    dachs.account.create_owned(credential.parent)
    plain = dachs.run("imp", RD, check=False)
    debugged = dachs.run("--debug", "--traceback", "imp", RD, check=False)
    return [plain, debugged, *(run_epnkit(dachs, *words) for words in VERBS)]


def run_epnkit(dachs: PrivateDachs, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a verb of epnkit."""
    return subprocess.run(
        [Path(sys.executable).with_name("epnkit"), *words],
        env={**dachs.environment, "EPNKIT_DACHS": str(dachs.root)},
        cwd=dachs.root,
        text=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def collect_texts(
    dachs: PrivateDachs, runs: list[subprocess.CompletedProcess[str]]
) -> dict[str, str]:
    """Collect all that was said and written, by where it is."""
    found = {f"{run.args}": run.stdout + run.stderr for run in runs}
    for path in dachs.root.rglob("*"):
        if path.is_file() and "credentials" not in path.relative_to(dachs.root).parts:
            found[str(path)] = path.read_bytes().decode("latin-1")
    return found | read_state_tables(dachs)


def read_state_tables(dachs: PrivateDachs) -> dict[str, str]:
    """Write out the tables that epnkit keeps."""
    found = {}
    with dachs.cluster.connect().cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'epnkit'")
        for (name,) in cursor.fetchall():
            table = sql.Identifier("epnkit", name)
            cursor.execute(sql.SQL("SELECT t::text FROM {} AS t").format(table))
            found[f"epnkit.{name}"] = "\n".join(row for (row,) in cursor.fetchall())
    return found


def read_last_reason(dachs: PrivateDachs) -> str:
    with dachs.cluster.connect().cursor() as cursor:
        cursor.execute("SELECT reason FROM epnkit.runs WHERE state = 'failed' ORDER BY run DESC")
        return str((cursor.fetchone() or ("",))[0])


def find_password(texts: dict[str, str], password: str) -> list[str]:
    return [place for place, text in texts.items() if password in text]


def test_a_wrong_password_is_shown_nowhere(
    scratch: PrivateDachs, catalogue: tuple[str, Server]
) -> None:
    runs = import_and_examine(scratch, odbc(catalogue[0], catalogue[1].port, WRONG))
    assert all(run.returncode for run in runs[:3])
    assert "refuses the user or the password" in read_last_reason(scratch)
    assert "refuses the user or the password" in runs[0].stdout + runs[0].stderr
    assert find_password(collect_texts(scratch, runs), WRONG) == []


def test_the_right_password_is_shown_nowhere(
    scratch: PrivateDachs, catalogue: tuple[str, Server]
) -> None:
    runs = import_and_examine(scratch, odbc(catalogue[0], catalogue[1].port))
    assert not any(run.returncode for run in runs[:2])
    # 1 is what the preview says of the record that is refused; 2 would be: it could not run.
    assert [run for run in runs if run.returncode not in (0, 1)] == []
    texts = collect_texts(scratch, runs)
    assert "no chain" in texts["epnkit.quarantine"]
    assert find_password(texts, PASSWORD) == []


def test_what_breaks_under_the_right_password_does_not_show_it(
    scratch: PrivateDachs, catalogue: tuple[str, Server]
) -> None:
    source = scratch.inputs / "hfc1ar" / "source.toml"
    source.write_text(source.read_text().replace('kind = "sql"', 'kind = "sql"\nattempts = 2'))
    with Proxy(catalogue[1].port) as proxy:
        # Behind the greeting and the columns: MariaDB's driver ends the process in those.
        proxy.faults.extend([Fault("reset", 20_000)] * 200)
        runs = import_and_examine(scratch, odbc(catalogue[0], proxy.port))
    assert all(run.returncode for run in runs[:3])
    assert "cannot be reached" in read_last_reason(scratch)
    assert find_password(collect_texts(scratch, runs), PASSWORD) == []


def list_descendants(process: int) -> list[Path]:
    """List a process and all that it started, by their directories in /proc."""
    found = [Path(f"/proc/{process}")]
    for path in found:
        for children in path.glob("task/*/children"):
            found += [Path("/proc") / number for number in children.read_text().split()]
    return found


def test_a_running_load_shows_no_password_and_leaves_no_core_file(
    scratch: PrivateDachs, catalogue: tuple[str, Server]
) -> None:
    with Proxy(catalogue[1].port) as proxy:
        proxy.faults.extend([Fault("stall", 20_000)] * 200)
        credential = scratch.root / "credentials" / "hfc1ar"
        credential.write_text(odbc(catalogue[0], proxy.port) + "\n")
        credential.chmod(0o600)
        scratch.account.create_owned(credential.parent)
        load = subprocess.Popen(scratch.command("imp", RD), env=scratch.environment)
        try:
            wait_until(lambda: proxy.connections > 0 and bool(proxy.bytes))
            seen = list_descendants(load.pid)
            texts = {
                str(path / name): (path / name).read_bytes().decode("latin-1")
                for path in seen
                for name in ("cmdline", "environ", "limits")
            }
        finally:
            subprocess.run(["pkill", "-TERM", "-P", str(load.pid)], check=False)
            load.terminate()
            load.wait()
    assert find_password(texts, PASSWORD) == []
    loader = next(path for path in reversed(seen) if "dachs" in texts[f"{path}/cmdline"])
    (core,) = [line for line in texts[f"{loader}/limits"].splitlines() if "core file" in line]
    assert core.split()[4] == "0"
