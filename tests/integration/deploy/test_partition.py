"""``epnkit partition``: a table that is served becomes a partitioned one, and a plain one again."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from epnkit.dachs.instance import DachsInstance
from epnkit.dachs.private import PrivateDachs
from epnkit.deploy.partition import find_difference, partition_table
from epnkit.errors import ConfigurationError, LoadError
from tests.conftest import bring_up
from tests.support.partitioned import declare_partition, list_parts, query

MONTHLY = ("time_min", "1 month")

TABLE = "SELECT t::text FROM hfc1ar.epn_core t ORDER BY granule_uid"

#: All that is known of a table besides its rows, but for what follows from a partition.
KNOWN = (
    "SELECT relname, right_.*, reloptions FROM pg_class, aclexplode(relacl) right_"
    " WHERE pg_class.oid IN ('hfc1ar.epn_core'::regclass, 'hfc1ar.limits'::regclass)"
    " ORDER BY 1, 3, 4",
    "SELECT indexname FROM pg_indexes WHERE schemaname = 'hfc1ar' AND tablename = 'epn_core'"
    " ORDER BY 1",
    "SELECT column_name, data_type, is_nullable, column_default FROM information_schema.columns"
    " WHERE table_schema = 'hfc1ar' AND table_name = 'epn_core' ORDER BY ordinal_position",
    "SELECT tgname FROM pg_trigger WHERE tgrelid = 'hfc1ar.epn_core'::regclass",
    "SELECT obj_description('hfc1ar.epn_core'::regclass)",
    "SELECT attname, attstattarget FROM pg_attribute WHERE attstattarget > 0"
    " AND attrelid = 'hfc1ar.epn_core'::regclass",
    "SELECT pg_get_viewdef('hfc1ar.limits'::regclass)",
    "SELECT * FROM hfc1ar.limits ORDER BY 1, 2, 3, 4",
    "SELECT * FROM dc.tablemeta WHERE tablename = 'hfc1ar.epn_core'",
    "SELECT * FROM epnkit.granules_hfc1ar ORDER BY granule_uid",
    "SELECT * FROM epnkit.cursors",
    "SELECT * FROM epnkit.runs",
    "SELECT * FROM epnkit.quarantine",
)

#: A trigger, a comment and statistics as DaCHS or an operator may have made them.
MADE_BY_OTHERS = """
    CREATE FUNCTION hfc1ar.stamp() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN NEW.instrument_name = NEW.instrument_name || ''%''; RETURN NEW; END';
    CREATE TRIGGER stamped BEFORE INSERT ON hfc1ar.epn_core FOR EACH ROW
        WHEN (NEW.granule_uid LIKE '100%') EXECUTE FUNCTION hfc1ar.stamp();
    COMMENT ON TABLE hfc1ar.epn_core IS '100 % of the granules';
    ALTER TABLE hfc1ar.epn_core ALTER time_min SET STATISTICS 500;
    GRANT SELECT ON hfc1ar.epn_core TO gavo WITH GRANT OPTION;
"""


def execute(dachs: PrivateDachs, statement: str) -> None:
    with closing(dachs.cluster.connect()) as link, link.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def folder(scratch: PrivateDachs) -> Iterator[Path]:
    """Load HFC1AR into a plain table; give the folder of the service."""
    bring_up(scratch, "hfc1ar")
    yield scratch.inputs / "hfc1ar"
    execute(scratch, "DROP FUNCTION IF EXISTS hfc1ar.stamp() CASCADE")
    scratch.run("drop", "hfc1ar/q")


@pytest.fixture
def instance(scratch: PrivateDachs) -> DachsInstance:
    return DachsInstance.find(scratch.root)


def build_words(dachs: PrivateDachs, *words: str) -> list[str]:
    program = Path(sys.executable).with_name("epnkit")
    return [str(program), *words, "--dachs", str(dachs.root)]


def read_while(dachs: PrivateDachs, action: Callable[[], object]) -> set[object]:
    """Read the table and a view of it while something is done; give what TAP's role saw."""
    seen: set[object] = set()
    reads = 0
    thread = threading.Thread(target=action)
    thread.start()
    with closing(dachs.cluster.connect()) as link, link.cursor() as cursor:
        while thread.is_alive() or reads < 3:
            cursor.execute("SET ROLE untrusted")
            cursor.execute(
                "SELECT md5(string_agg(t::text, ' ' ORDER BY granule_uid)) FROM hfc1ar.epn_core t"
            )
            seen.add(cursor.fetchall()[0])
            cursor.execute("SET ROLE gavo")
            cursor.execute("SELECT count(*) FROM hfc1ar.limits")
            seen.add(cursor.fetchall()[0])
            reads += 1
    thread.join()
    return seen


def read_reports(dachs: PrivateDachs) -> list[str]:
    """Give what ``status`` and ``report`` say of the service."""
    page = dachs.root / "report.html"
    said = []
    for words in (["status", "hfc1ar"], ["report", "hfc1ar", "-o", str(page)]):
        command = build_words(dachs, *words)
        said.append(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    # The page says when it was written.
    return [*said, re.sub(r"[-0-9]{10} [:0-9]{5} UTC", "", page.read_text())]


def test_readers_see_the_old_table_or_the_new_one(
    scratch: PrivateDachs, instance: DachsInstance, folder: Path
) -> None:
    reports = read_reports(scratch)
    execute(scratch, MADE_BY_OTHERS)
    before = query(scratch, TABLE)
    known = [query(scratch, each) for each in KNOWN]
    for arguments, parts in (
        (MONTHLY, [f"2003{month:02d}" for month in range(1, 9)]),
        (("time_min", "90 days"), None),
        ((), []),
    ):
        declare_partition(folder, *arguments)
        done: list[object] = []

        def partition(done: list[object] = done) -> None:
            done.append(partition_table(instance, "hfc1ar"))

        assert len(read_while(scratch, partition)) == 2
        assert "service.py declares" in str(done)
        assert find_difference(instance, "hfc1ar") is None
        assert query(scratch, TABLE) == before
        assert [query(scratch, each) for each in KNOWN] == known
        assert parts is None or list_parts(scratch, "hfc1ar") == parts
        assert read_reports(scratch) == reports
    primary = "SELECT contype FROM pg_constraint WHERE conrelid = 'hfc1ar.epn_core'::regclass"
    assert ("p",) in query(scratch, primary)
    left = "SELECT relname FROM pg_class WHERE relname ~ '^epn_core_(new|old|part|ranges)'"
    assert query(scratch, left) == []


@pytest.fixture
def held(scratch: PrivateDachs, folder: Path) -> Iterator[None]:
    """Let a reader hold the table, so that it cannot be replaced."""
    declare_partition(folder, *MONTHLY)
    with closing(scratch.cluster.connect(autocommit=False)) as reader, reader.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM hfc1ar.epn_core")
        yield


@pytest.mark.usefixtures("held")
def test_a_table_that_readers_hold_stays(scratch: PrivateDachs, instance: DachsInstance) -> None:
    before = query(scratch, TABLE)
    with pytest.raises(LoadError, match="queries or sessions have held it for 0 s"):
        partition_table(instance, "hfc1ar", give_up_after=0)
    assert query(scratch, TABLE) == before
    assert list_parts(scratch, "hfc1ar") == []


@pytest.mark.usefixtures("held")
def test_a_conversion_that_is_killed_leaves_the_table(scratch: PrivateDachs) -> None:
    before = query(scratch, TABLE)
    process = subprocess.Popen(build_words(scratch, "partition", "hfc1ar"))
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%LOCK TABLE%IN ACCESS%'"
    own = "AND pid <> pg_backend_pid()"
    while query(scratch, f"{waiting} {own}") == [(0,)]:
        assert process.poll() is None
        time.sleep(0.05)
    # All is built, and the new table waits for the reader; what is written now would be lost.
    with pytest.raises(psycopg2.errors.LockNotAvailable):
        execute(scratch, "SET lock_timeout = '100ms'; DELETE FROM hfc1ar.epn_core")
    refused = subprocess.run(
        build_words(scratch, "load", "hfc1ar"), capture_output=True, text=True, check=False
    )
    assert refused.returncode != 0
    assert "another import of it is running" in " ".join((refused.stdout + refused.stderr).split())
    process.kill()
    process.wait()
    while query(scratch, "SELECT count(*) FROM pg_class WHERE relname = 'epn_core_new'") != [(0,)]:
        time.sleep(0.05)
    assert query(scratch, TABLE) == before
    assert list_parts(scratch, "hfc1ar") == []
    scratch.run("imp", "hfc1ar/q")
    assert query(scratch, "SELECT count(*) FROM hfc1ar.epn_core") == [(1200,)]


def test_what_cannot_be_changed_with_the_table_is_named(
    scratch: PrivateDachs, instance: DachsInstance, folder: Path
) -> None:
    before = query(scratch, TABLE)
    declare_partition(folder, *MONTHLY)
    for made, name in (
        ("CREATE MATERIALIZED VIEW public.kept AS SELECT * FROM hfc1ar.epn_core", "public.kept"),
        (
            "CREATE TABLE public.linked (uid text REFERENCES hfc1ar.epn_core (granule_uid))",
            "public.linked",
        ),
    ):
        execute(scratch, made)
        try:
            with pytest.raises(LoadError, match="depends on the table") as raised:
                partition_table(instance, "hfc1ar")
            assert name.removeprefix("public.") in str(raised.value)
        finally:
            kind = "MATERIALIZED VIEW" if "VIEW" in made else "TABLE"
            execute(scratch, f"DROP {kind} {name}")
    declare_partition(folder, "instrument_name", "1 year")
    with pytest.raises(ConfigurationError, match="instrument_name, which is text"):
        partition_table(instance, "hfc1ar")
    assert query(scratch, TABLE) == before


def test_a_service_without_a_table_is_loaded_first(
    scratch: PrivateDachs, instance: DachsInstance, folder: Path
) -> None:
    declare_partition(folder, *MONTHLY)
    scratch.run("drop", "hfc1ar/q")
    with pytest.raises(LoadError, match="epnkit load hfc1ar"):
        partition_table(instance, "hfc1ar")
    with pytest.raises(psycopg2.errors.UndefinedTable):
        query(scratch, TABLE)


def test_undeploying_leaves_no_part(scratch: PrivateDachs, folder: Path) -> None:
    scratch.run("drop", "hfc1ar/q")
    copy = scratch.root / "resources" / "hfc1ar"
    copy.parent.mkdir()
    subprocess.run(["cp", "-r", str(folder), str(copy)], check=True)
    for name in ("hfc1ar", "epnkit", "grammars"):
        subprocess.run(["rm", "-r", str(scratch.inputs / name)], check=True)
    declare_partition(copy, *MONTHLY)
    for words in (("deploy", str(copy)), ("undeploy", "hfc1ar")):
        done = subprocess.run(
            build_words(scratch, *words), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        parts = query(scratch, "SELECT count(*) FROM pg_class WHERE relname LIKE 'epn_core_part%'")
        assert (parts != [(0,)]) is (words[0] == "deploy")
    assert query(scratch, "SELECT count(*) FROM pg_namespace WHERE nspname = 'hfc1ar'") == [(0,)]
    bring_up(scratch, "hfc1ar")
