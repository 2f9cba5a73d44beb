"""Whatever ends an import in the middle: nothing of it remains, and the next one makes it good."""

from __future__ import annotations

import os
import pwd
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest
from tests.conftest import ROOT, bring_up
from tests.support.partitioned import declare_partition, list_parts

from epnkit.dachs.instance import DachsInstance
from epnkit.dachs.private import PrivateDachs
from epnkit.deploy import inputs
from epnkit.deploy.partition import partition_table
from epnkit.errors import DeployError

RD = "hfc1ar/q"

#: Added to service.py: kills the process when a step of the load is done.
KILL = """
import os, signal
from epnkit.loading import load as _load
def _ending(step):
    def ended(*arguments, **settings):
        result = step(*arguments, **settings)
        os.kill(os.getpid(), signal.SIGKILL)
        return result
    return ended
{owner}.{step} = _ending({owner}.{step})
"""

STEPS = {
    "window": ("_load.cursors", "choose_window"),
    "copy": ("_load.kept_records", "keep"),
    "merge": ("_load", "merge"),
    "finish": ("_load.Load", "merge_and_resolve"),
    "cursor": ("_load.cursors", "advance"),
    "ledger": ("_load.ledger.Run", "succeed"),
}

#: Those that every run tries; the others take half a minute each.
_ALWAYS = ("copy", "ledger")


@pytest.fixture(scope="module")
def loaded(scratch: PrivateDachs) -> Iterator[PrivateDachs]:
    bring_up(scratch, "hfc1ar")
    yield scratch
    scratch.run("drop", RD)


@pytest.fixture
def half_gone(loaded: PrivateDachs) -> PrivateDachs:
    """Take half of the granules away, as if they had not come yet; give the DaCHS."""
    inputs.install(loaded, ROOT / "resources" / "hfc1ar")
    execute(loaded, "DELETE FROM hfc1ar.epn_core WHERE time_min > 2452750")
    execute(
        loaded,
        "DELETE FROM epnkit.granules_hfc1ar b WHERE NOT EXISTS"
        " (SELECT FROM hfc1ar.epn_core t WHERE t.granule_uid = b.granule_uid)",
    )
    execute(loaded, "UPDATE epnkit.cursors SET value = '2003-04-01T00:00:00.000'")
    return loaded


def execute(dachs: PrivateDachs, statement: str) -> None:
    with closing(dachs.cluster.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(statement)


def query(dachs: PrivateDachs, query: str) -> object:
    with closing(dachs.cluster.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        row = cursor.fetchone()
        assert row is not None
        return row[0]


def read_fingerprint(dachs: PrivateDachs) -> object:
    """Hash what table and cursor hold."""
    return query(
        dachs,
        "SELECT md5(string_agg(t::text, '' ORDER BY granule_uid)) || (SELECT value FROM"
        " epnkit.cursors WHERE service = 'hfc1ar') FROM hfc1ar.epn_core t",
    )


def is_whole(dachs: PrivateDachs) -> None:
    """Import once more, and see that all is there."""
    inputs.install(dachs, ROOT / "resources" / "hfc1ar")
    dachs.run("imp", RD)
    assert query(dachs, "SELECT count(*) FROM hfc1ar.epn_core") == 1200
    assert query(dachs, "SELECT count(*) FROM epnkit.granules_hfc1ar") == 1200
    assert query(dachs, "SELECT state FROM epnkit.runs ORDER BY run DESC LIMIT 1") == "done"


@pytest.mark.parametrize(
    "step", [pytest.param(s, marks=() if s in _ALWAYS else pytest.mark.all) for s in STEPS]
)
def test_killed_at_any_stage(half_gone: PrivateDachs, step: str) -> None:
    before = read_fingerprint(half_gone)
    owner, name = STEPS[step]
    with (half_gone.inputs / "hfc1ar" / "service.py").open("a") as service:
        service.write(KILL.format(owner=owner, step=name))
    with pytest.raises(DeployError):
        half_gone.run("imp", RD)
    _await_backends(half_gone)
    assert read_fingerprint(half_gone) == before
    is_whole(half_gone)
    states = "SELECT state FROM epnkit.runs ORDER BY run DESC LIMIT 1 OFFSET 1"
    assert query(half_gone, states) == "interrupted"


def test_killed_with_new_parts_attached(half_gone: PrivateDachs) -> None:
    instance = DachsInstance.find(half_gone.root)
    declare_partition(half_gone.inputs / "hfc1ar", "time_min", "1 month")
    partition_table(instance, "hfc1ar")
    parts = list_parts(half_gone, "hfc1ar")
    assert parts == ["200301", "200302", "200303", "200304"]
    before = read_fingerprint(half_gone)
    with (half_gone.inputs / "hfc1ar" / "service.py").open("a") as service:
        service.write(KILL.format(owner="_load.Load", step="merge_and_resolve"))
    with pytest.raises(DeployError):
        half_gone.run("imp", RD)
    _await_backends(half_gone)
    assert read_fingerprint(half_gone) == before
    assert list_parts(half_gone, "hfc1ar") == parts
    # As it was deployed before: loads follow the table, whatever is declared.
    is_whole(half_gone)
    assert len(list_parts(half_gone, "hfc1ar")) == 8
    partition_table(instance, "hfc1ar")
    assert list_parts(half_gone, "hfc1ar") == []


def _await_backends(dachs: PrivateDachs) -> None:
    """Wait until PostgreSQL has noticed that the importer is gone."""
    backends = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'gavoadmin'"
    for _ in range(100):
        if query(dachs, backends) == 0:
            return
        time.sleep(0.1)
    pytest.fail("the importer's connections stay")


def test_the_backend_is_killed_while_it_copies(half_gone: PrivateDachs) -> None:
    before = read_fingerprint(half_gone)
    with (half_gone.inputs / "hfc1ar" / "service.py").open("a") as service:
        service.write(
            "from epnkit.loading.table.target import Target as _Target\n"
            "_copy = _Target.copy_staged\n"
            "def _killed(self, *arguments):\n"
            "    _copy(self, *arguments)\n"
            "    self.execute('SELECT pg_terminate_backend(pg_backend_pid())')\n"
            "_Target.copy_staged = _killed\n"
        )
    with pytest.raises(DeployError) as caught:
        half_gone.run("imp", RD)
    assert "Traceback" not in str(caught.value)
    reason = query(half_gone, "SELECT reason FROM epnkit.runs ORDER BY run DESC LIMIT 1")
    assert "server closed the connection" in str(reason)
    assert read_fingerprint(half_gone) == before
    is_whole(half_gone)


def test_two_imports_at_once(half_gone: PrivateDachs) -> None:
    done: list[int] = []

    def import_it() -> None:
        done.append(half_gone.run("imp", RD, check=False).returncode)

    threads = [threading.Thread(target=import_it) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Either one waited for the other in DaCHS, or it was refused; nothing came twice.
    assert 0 in done
    assert query(half_gone, "SELECT count(*) FROM hfc1ar.epn_core") == 1200
    is_whole(half_gone)


def test_a_reader_holds_its_snapshot_and_nobody_waits(half_gone: PrivateDachs) -> None:
    with closing(half_gone.cluster.connect(autocommit=False)) as reader, reader.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM hfc1ar.epn_core")
        seen = cursor.fetchone()
        half_gone.run("imp", RD)
        cursor.execute("SELECT count(*) FROM hfc1ar.epn_core")
        assert seen != cursor.fetchone() == (1200,)
        reader.rollback()
    is_whole(half_gone)


def test_readers_never_see_half_of_a_load(half_gone: PrivateDachs) -> None:
    before = query(half_gone, "SELECT count(*) FROM hfc1ar.epn_core")
    seen, waits, stop = set(), [], threading.Event()

    def read() -> None:
        with closing(half_gone.cluster.connect()) as connection, connection.cursor() as cursor:
            while not stop.is_set():
                start = time.monotonic()
                cursor.execute("SELECT count(*) FROM hfc1ar.epn_core")
                seen.add((cursor.fetchone() or (0,))[0])
                waits.append(time.monotonic() - start)

    thread = threading.Thread(target=read)
    thread.start()
    half_gone.run("imp", RD)
    stop.set()
    thread.join()
    assert seen == {before, 1200}
    assert len(waits) > 10


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk(half_gone: PrivateDachs) -> None:
    before = read_fingerprint(half_gone)
    # The staging table and sorts go where the disk is full.
    where = half_gone.root / "full"
    half_gone.account.create_owned(where)
    owner = pwd.getpwnam(half_gone.account.name).pw_uid
    options = f"size=200k,mode=0700,uid={owner}"
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(where)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"no tmpfs can be mounted here: {done.stderr}"
    try:
        execute(half_gone, f"CREATE TABLESPACE full_disk LOCATION '{where}'")
        execute(half_gone, "GRANT CREATE ON TABLESPACE full_disk TO PUBLIC")
        execute(half_gone, "ALTER ROLE gavoadmin SET temp_tablespaces = 'full_disk'")
        with pytest.raises(DeployError, match="No space left"):
            half_gone.run("imp", RD)
        assert read_fingerprint(half_gone) == before
    finally:
        execute(half_gone, "ALTER ROLE gavoadmin RESET temp_tablespaces")
        execute(half_gone, "DROP TABLESPACE IF EXISTS full_disk")
        subprocess.run(["umount", str(where)], check=False)
    is_whole(half_gone)


def test_a_new_column_comes_to_the_served_table(loaded: PrivateDachs) -> None:
    inputs.install(loaded, ROOT / "resources" / "hfc1ar")
    folder = loaded.inputs / "hfc1ar"
    rd = folder / "q.rd"
    column = '<column name="polarity" type="text" ucd="meta.code" description="A new one."/>\n'
    mark = '    <column name="noaa_number"'
    rd.write_text(rd.read_text().replace(mark, column + mark))
    service = folder / "service.py"
    text = service.read_text().replace('"granule_gid"', '"polarity": "new", "granule_gid"', 1)
    service.write_text(text.replace("own_columns={", 'own_columns={"polarity": "text", ', 1))
    loaded.run("imp", RD)
    assert query(loaded, "SELECT count(*) FROM hfc1ar.epn_core WHERE polarity = 'new'") != 0
    inputs.install(loaded, ROOT / "resources" / "hfc1ar")
    with pytest.raises(psycopg2.errors.UndefinedColumn):
        execute(loaded, "SELECT colour FROM hfc1ar.epn_core")
