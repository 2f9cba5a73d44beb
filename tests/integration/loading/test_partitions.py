"""A partitioned table goes through all that a plain one does, and is the same in the end."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
import pyvo

from epnkit.dachs.private import PrivateDachs
from epnkit.deploy.state import largest_table_size
from epnkit.errors import DeployError
from epnkit.loading.request import Request
from epnkit.replicas.sources import ReplicaSources
from tests.conftest import ROOT
from tests.support.parsed_polygons import parse_polygons
from tests.support.partitioned import declare_partition, install_partitioned, list_parts, query

MONTHLY = ("time_min", "1 month")

MONTHS = [f"2003{month:02d}" for month in range(1, 9)]

#: What is compared: granules, their entries, refused records, and what became of all records.
COMPARED = (
    "SELECT (to_jsonb(t) - ARRAY['creation_date', 'modification_date', 'release_date'])::text"
    " FROM hfc1ar.epn_core t ORDER BY granule_uid",
    "SELECT * FROM epnkit.granules_hfc1ar ORDER BY granule_uid",
    "SELECT record_key, granule_uid, rule, field, reason, resolved FROM epnkit.quarantine"
    " ORDER BY entry",
    "SELECT kind, state, low, high, read, folded, extra, loaded, changed, unchanged, repeated,"
    " quarantined, deleted, source_count FROM epnkit.runs ORDER BY run",
    "SELECT kind, value FROM epnkit.cursors",
    "SELECT DISTINCT unnest(keys) FROM epnkit.records ORDER BY 1",
)


@pytest.fixture(scope="module")
def filled(scratch: PrivateDachs) -> tuple[Path, bytes]:
    """Fill HFC1AR's catalogue; give its file, and its content."""
    with ReplicaSources(scratch, ROOT) as sources:
        sources.fill(ROOT / "resources" / "hfc1ar")
    text = (scratch.root / "credentials" / "hfc1ar").read_text()
    found = re.search(r"Database=([^;]*)", text)
    assert found is not None
    return Path(found[1]), Path(found[1]).read_bytes()


@pytest.fixture
def catalogue(scratch: PrivateDachs, filled: tuple[Path, bytes]) -> Iterator[Path]:
    """Give the whole catalogue, of which nothing is loaded, to be changed."""
    path, whole = filled
    path.write_bytes(whole)
    install_partitioned(scratch, "hfc1ar")
    yield path
    forget(scratch)


def forget(dachs: PrivateDachs) -> None:
    """Drop the table, and all that is known of it."""
    dachs.run("drop", "hfc1ar/q")
    with closing(dachs.cluster.connect()) as link, link.cursor() as cursor:
        for name in ("runs", "quarantine", "cursors", "declarations", "records"):
            cursor.execute(f"TRUNCATE epnkit.{name}")
        cursor.execute("DROP TABLE IF EXISTS epnkit.granules_hfc1ar")


def run_epnkit(dachs: PrivateDachs, *words: str, status: int = 0) -> str:
    command: list[str | Path] = [Path(sys.executable).with_name("epnkit"), *words]
    done = subprocess.run(
        [*command, "--dachs", dachs.root], capture_output=True, text=True, check=False
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def write(catalogue: Path, statement: str) -> None:
    with closing(sqlite3.connect(catalogue)) as link:
        link.execute(statement)
        link.commit()


def copy_row(catalogue: Path, table: str, **given: str) -> None:
    """Copy a row of the catalogue, with some values (SQL) of its own."""
    with closing(sqlite3.connect(catalogue)) as link:
        names = [name for _, name, *_ in link.execute(f"PRAGMA table_info({table})")]
    selected = ", ".join(given.get(name, name) for name in names)
    row = f"SELECT {selected} FROM {table} ORDER BY rowid LIMIT 1 OFFSET 40"
    write(catalogue, f"INSERT INTO {table} {row}")


def copy_region(catalogue: Path, key: int, **given: str) -> None:
    """Copy a region under another key; another pixel makes another granule of it."""
    pixel = f"CC_X_PIX + {key - 990_000}"
    copy_row(catalogue, "ACTIVEREGIONS", **{"ID_AR": str(key), "CC_X_PIX": pixel} | given)


def copy_observation(catalogue: Path, key: int, day: str) -> None:
    """Copy the image of a region, as of another day."""
    when = f"'{day}T00:00:00'"
    given = {"ID_OBSERVATIONS": str(key), "DATE_OBS": when, "DATE_END": when}
    copy_row(catalogue, "OBSERVATIONS", **given)


def take_snapshot(dachs: PrivateDachs) -> list[list[tuple[object, ...]]]:
    return [query(dachs, each) for each in COMPARED]


def live(dachs: PrivateDachs, catalogue: Path) -> Iterator[tuple[str, object]]:
    """Do with a table all that is done with tables; give what it is after each step."""
    jobs = Request(jobs=2).to_environment()
    with parse_polygons(dachs):
        dachs.run("imp", "hfc1ar/q", environment=jobs)
        yield "first load in two processes", take_snapshot(dachs)
    forget(dachs)
    dachs.run("imp", "hfc1ar/q")
    yield "first load", take_snapshot(dachs)
    newest = "(SELECT max(RUN_DATE) FROM ACTIVEREGIONS)"
    copy_observation(catalogue, 990001, "2004-02-03")
    copy_region(catalogue, 990001, RUN_DATE=newest, OBSERVATIONS_ID="990001")
    # The same granule as another region's, and one in another part of the table.
    copy_region(catalogue, 990000, RUN_DATE=newest)
    copy_observation(catalogue, 990002, "no day")
    copy_region(catalogue, 990002, RUN_DATE=newest, OBSERVATIONS_ID="990002")
    write(catalogue, f"UPDATE ACTIVEREGIONS SET RUN_DATE = {newest} WHERE ID_AR % 100 = 7")
    run_epnkit(dachs, "load", "hfc1ar")
    yield "incremental load", take_snapshot(dachs)
    copy_observation(catalogue, 990003, "2001-12-31")
    old = "'1996-01-01T00:00:00'"
    copy_region(catalogue, 990003, RUN_DATE=old, OBSERVATIONS_ID="990003")
    write(catalogue, "DELETE FROM ACTIVEREGIONS WHERE ID_AR % 100 = 9")
    said = run_epnkit(dachs, "reconcile", "hfc1ar")
    yield "reconciliation", (said.splitlines()[0], take_snapshot(dachs))
    repaired = "SET DATE_OBS = '2003-05-06T00:00:00' WHERE ID_OBSERVATIONS = 990002"
    write(catalogue, f"UPDATE OBSERVATIONS {repaired}")
    said = run_epnkit(dachs, "quarantine", "retry", "hfc1ar")
    yield "retry", (said.partition(", in ")[0], take_snapshot(dachs))
    service = dachs.inputs / "hfc1ar" / "service.py"
    text = service.read_text()
    service.write_text(text.replace('"active_region"', '"region"'))
    run_epnkit(dachs, "load", "hfc1ar", "--remap")
    yield "remap", take_snapshot(dachs)
    write(catalogue, "DELETE FROM ACTIVEREGIONS WHERE ID_AR % 100 = 11")
    run_epnkit(dachs, "load", "hfc1ar", "--full", "--jobs", "2")
    yield "full load in two processes", take_snapshot(dachs)
    report = json.loads(run_epnkit(dachs, "status", "hfc1ar", "--format", "json"))
    timed = {"runs", "cursor"}
    yield "status", {name: value for name, value in report.items() if name not in timed}
    dachs.run("limits", "hfc1ar/q")
    yield (
        "limits",
        query(
            dachs,
            "SELECT column_name, min_value, max_value FROM dc.simple_col_stats"
            " WHERE tablename = 'hfc1ar.epn_core' AND column_name NOT LIKE '%_date' ORDER BY 1",
        ),
    )
    dachs.run("drop", "hfc1ar/q")
    yield "drop", query(dachs, "SELECT relname FROM pg_class WHERE relname LIKE 'epn_core%'")


def test_all_that_is_done_with_tables(scratch: PrivateDachs, catalogue: Path) -> None:
    whole = catalogue.read_bytes()
    plain = list(live(scratch, catalogue))
    forget(scratch)
    catalogue.write_bytes(whole)
    install_partitioned(scratch, "hfc1ar", *MONTHLY)
    for (step, expected), (_, found) in zip(plain, live(scratch, catalogue), strict=True):
        assert found == expected, step
        if step == "full load in two processes":
            assert list_parts(scratch, "hfc1ar") == ["200112", *MONTHS, "200402"]


@pytest.fixture
def months(scratch: PrivateDachs, catalogue: Path) -> Path:
    """Load into a table with a part for each month; give the catalogue."""
    install_partitioned(scratch, "hfc1ar", *MONTHLY)
    scratch.run("imp", "hfc1ar/q")
    return catalogue


def list_scanned(dachs: PrivateDachs, condition: str) -> set[str]:
    """Name the parts that a query touches."""
    plan = query(dachs, f"EXPLAIN SELECT * FROM hfc1ar.epn_core WHERE {condition}")
    return set(re.findall(r"on epn_core_part_(\w+)", "\n".join(line for (line,) in plan)))


def test_a_query_by_time_touches_its_parts_only(scratch: PrivateDachs, months: Path) -> None:
    copy_observation(months, 990001, "2004-02-03")
    copy_region(months, 990001, OBSERVATIONS_ID="990001")
    run_epnkit(scratch, "load", "hfc1ar", "--full")
    assert list_parts(scratch, "hfc1ar") == [*MONTHS, "200402"]
    # 2452685 is 14 February 2003, 2452705 is 6 March.
    assert list_scanned(scratch, "time_min BETWEEN 2452685 AND 2452690") == {"200302"}
    assert list_scanned(scratch, "time_min > 2452685 AND time_max < 2452705") == {
        "200302",
        "200303",
    }
    assert list_scanned(scratch, "time_min > 2453000") == {"200402"}
    assert list_scanned(scratch, "time_min > 2454000 AND time_max < 2454100") == set()
    assert list_scanned(scratch, "granule_gid = 'active_region'") == {*MONTHS, "200402"}


@pytest.mark.parametrize("role", ["untrusted", "gavo"])
def test_parts_are_read_by_way_of_the_table_only(
    scratch: PrivateDachs, months: Path, role: str
) -> None:
    with closing(scratch.cluster.connect()) as link, link.cursor() as cursor:
        cursor.execute(f"SET ROLE {role}")
        cursor.execute("SELECT count(*) FROM hfc1ar.epn_core")
        assert cursor.fetchone() == (1200,)
        for part in ("epn_core_part_200303", "epn_core_ranges"):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(f"SELECT count(*) FROM hfc1ar.{part}")


def test_dachs_serves_it_as_one_table(scratch: PrivateDachs, months: Path) -> None:
    for words in (["limits"], ["val", "-c"], ["imp", "-m"], ["imp", "-I"], ["imp", "-R"]):
        scratch.run(*words, "hfc1ar/q")
    assert list_parts(scratch, "hfc1ar") == MONTHS
    with scratch.run_server() as url:
        service = pyvo.dal.TAPService(f"{url}/tap")
        names = [name for name in service.tables.keys() if name.startswith("hfc1ar")]  # noqa: SIM118
        assert names == ["hfc1ar.epn_core"]
        table = service.tables["hfc1ar.epn_core"]
        indexed = {c.name for c in table.columns if c.description}
        assert {"granule_uid", "time_min", "noaa_number"} <= indexed
        found = service.run_sync("SELECT COUNT(*) AS n FROM hfc1ar.epn_core").to_table()
        assert found["n"][0] == 1200
    described = "SELECT count(*) FROM tap_schema.tables WHERE table_name LIKE 'hfc1ar.epn_core%'"
    assert query(scratch, described) == [(1,)]
    with closing(scratch.cluster.connect()) as link:
        assert largest_table_size(link) > 1_000_000  # of all parts, with their indices
    inherited = (
        "SELECT count(*) > 10 FROM pg_stats WHERE schemaname = 'hfc1ar'"
        " AND tablename = 'epn_core' AND inherited"
    )
    assert query(scratch, inherited) == [(True,)]


def test_an_import_that_would_drop_the_table_is_refused(
    scratch: PrivateDachs, months: Path
) -> None:
    rd = scratch.inputs / "hfc1ar" / "q.rd"
    text = rd.read_text()
    rd.write_text(text.replace(' updating="True"', ""))
    try:
        with pytest.raises(DeployError, match='Add updating="True"'):
            scratch.run("imp", "hfc1ar/q")
    finally:
        rd.write_text(text)
    assert list_parts(scratch, "hfc1ar") == MONTHS
    assert query(scratch, "SELECT count(*) FROM hfc1ar.epn_core") == [(1200,)]


def test_a_table_unlike_its_declaration_is_named_and_cured(
    scratch: PrivateDachs, months: Path
) -> None:
    before = take_snapshot(scratch)
    for arguments, parts in (((), []), (("time_min", "6 months"), ["200301", "200307"])):
        declare_partition(scratch.inputs / "hfc1ar", *arguments)
        for words in (("load", "hfc1ar"), ("doctor", "--check", "state")):
            said = run_epnkit(scratch, *words, status=int(words[0] == "doctor"))
            assert "epnkit partition hfc1ar" in " ".join(said.split())
        assert "service.py declares" in run_epnkit(scratch, "partition", "hfc1ar", "--dry-run")
        assert "now it is as declared" in run_epnkit(scratch, "partition", "hfc1ar")
        run_epnkit(scratch, "doctor", "--check", "state")
        assert list_parts(scratch, "hfc1ar") == parts
        assert take_snapshot(scratch)[:3] == before[:3]
    assert "partition" not in run_epnkit(scratch, "load", "hfc1ar")
    assert "the table is as declared" in run_epnkit(scratch, "partition", "hfc1ar")
