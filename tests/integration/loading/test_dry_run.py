"""A dry run counts as the load that follows it, and writes nothing."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from psycopg2 import sql

from epnkit import api
from epnkit.dachs.private import PrivateDachs
from epnkit.errors import LoadError
from epnkit.loading.dry_run import DryRunResult
from tests.support.commands import run_epnkit

SERVICE = '''"""Granules of a table, folded, partitioned, some of them under an embargo."""

import polars as pl

from epnkit.mapping import Fold, Mapping, compute, hash_list, identifier, julian_date
from epnkit.service import Cursor, Embargo, Partition, Service

mapping = Mapping(
    columns={
        "granule_uid": compute(identifier, pl.lit("thing"), "id"),
        "granule_gid": "things",
        "obs_id": compute(identifier, pl.lit("thing"), "id"),
        "dataproduct_type": "ci",
        "processing_level": 5,
        "target_name": "Sun",
        "target_class": "star",
        "time_min": compute(julian_date, "start"),
        "time_max": compute(julian_date, "start"),
        "instrument_name": compute(hash_list, "instrument"),
        "internal_reference": compute(hash_list, "part"),
    },
    fold=Fold(by=("id",), collect=("part",)),
)

service = Service(
    name="things",
    frame="none",
    mapping=mapping,
    key=("id",),
    cursor=Cursor("changed"),
    partition=Partition("time_min", "1 year"),
    embargo=Embargo(until=pl.col("until"), shown=False),
    refuse_share=0.5,
)
'''

RD = """<resource schema="things" resdir="things">
  <meta name="creationDate">2024-01-01T00:00:00Z</meta>
  <meta name="title">Things</meta>
  <meta name="description">Things of a test.</meta>
  <meta name="subject">the-sun</meta>
  <meta name="creator">Nobody</meta>
  <meta name="utype">ivo://ivoa.net/std/epntap#table-2.0</meta>
  <table id="epn_core" onDisk="True" adql="True" primary="granule_uid">
    <mixin spatial_frame_type="none"
      optional_columns="internal_reference">//epntap2#table-2_0</mixin>
    <FEED source="epnkit/q#served"/>
  </table>
  <FEED source="epnkit/q#datalink" name="things"/>
  <data id="import" updating="True">
    <sources pattern="source.toml"/>
    <customGrammar module="../grammars/sql"/>
    <make table="epn_core"/>
  </data>
</resource>
"""

SOURCE = """kind = "sql"
connection = "things"
query = "SELECT * FROM things"
"""

#: id, part, start, instrument, until, changed.
ROWS = [
    *((n, "a", f"200{n}-05-01T00:00:00", "CAM", None, "2024-01-01T00:00:00") for n in range(1, 6)),
    (1, "b", "2001-05-01T00:00:00", "CAM", None, "2024-01-01T00:00:00"),
    (7, "a", "2003-01-01T00:00:00", "CAM", "2999-01-01", "2024-01-01T00:00:00"),
    (8, "a", "no time", "CAM", None, "2024-01-01T00:00:00"),
]

CHANGES = [
    "UPDATE things SET instrument = 'LENS', changed = '2024-02-01T00:00:00' WHERE id = 2",
    "UPDATE things SET start = '2019-01-01T00:00:00', changed = '2024-02-01T00:00:00' WHERE id = 3",
    "INSERT INTO things VALUES (9, 'a', '2009-01-01', 'CAM', NULL, '2024-02-01T00:00:00')",
    "INSERT INTO things VALUES (10, 'a', 'bad', 'CAM', NULL, '2024-02-01T00:00:00')",
    # What was open is put under an embargo, and a record goes.
    "UPDATE things SET until = '2999-01-01', changed = '2024-02-01T00:00:00' WHERE id = 4",
    "DELETE FROM things WHERE id = 5",
]


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as link, link:
        for statement in statements:
            link.execute(statement)


@pytest.fixture(scope="module")
def catalogue(scratch: PrivateDachs) -> Path:
    """Install a service of a SQLite table in a DaCHS of its own, and give the table's file."""
    folder = scratch.root / "things"
    scratch.account.create_owned(folder, scratch.root / "data")
    path = scratch.root / "data" / "things.sqlite"
    with closing(sqlite3.connect(path)) as link, link:
        link.execute(
            "CREATE TABLE things (id INTEGER, part TEXT, start TEXT, instrument TEXT, until TEXT,"
            " changed TEXT)"
        )
        link.executemany("INSERT INTO things VALUES (?, ?, ?, ?, ?, ?)", sorted(ROWS))
    credential = scratch.root / "credentials" / "things"
    scratch.account.create_owned(credential.parent)
    scratch.account.write(credential, f"sqlite:///{path}\n")
    scratch.account.restrict(0o600, credential)
    for name, text in (("service.py", SERVICE), ("q.rd", RD), ("source.toml", SOURCE)):
        (folder / name).write_text(text)
    done = run_epnkit("deploy", str(folder), "--no-publish", "--dachs", str(scratch.root))
    assert done.exit_code == 0, done.output
    return path


def read_everything(dachs: PrivateDachs) -> dict[str, str]:
    """Return a hash of each table of the database, and of all sequences."""
    tables = (
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT LIKE 'pg!_%%' ESCAPE '!'"
        " AND schemaname <> 'information_schema' ORDER BY 1, 2"
    )
    found: dict[str, str] = {}
    with closing(dachs.cluster.connect()) as link, link.cursor() as cursor:
        cursor.execute(tables)
        for schema, name in cursor.fetchall():
            table = sql.Identifier(schema, name)
            cursor.execute(sql.SQL("SELECT t::text FROM {} t ORDER BY 1").format(table))
            found[f"{schema}.{name}"] = _hash(cursor.fetchall())
        cursor.execute(
            "SELECT schemaname, sequencename, last_value FROM pg_sequences ORDER BY 1, 2"
        )
        found["sequences"] = _hash(cursor.fetchall())
    return found


def _hash(rows: list[Any]) -> str:
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def rehearse(dachs: PrivateDachs, **wanted: Any) -> DryRunResult:
    """Make a dry run; nothing in the database changes by it."""
    before = read_everything(dachs)
    found = api.load("things", dry_run=True, dachs=dachs.root, **wanted)
    assert read_everything(dachs) == before
    return found


def load_counts(dachs: PrivateDachs, **wanted: Any) -> dict[str, int]:
    run = api.load("things", dachs=dachs.root, **wanted).runs[0]
    return {name: run[name] for name in asdict(DryRunResult("things").counts)}


def test_a_dry_run_counts_as_the_load_that_follows(scratch: PrivateDachs, catalogue: Path) -> None:
    unchanged = rehearse(scratch, full=True)
    assert (unchanged.counts.unchanged, unchanged.counts.quarantined) == (5, 1)
    change(catalogue, *CHANGES)
    for wanted in ({}, {"low": "2024-02-01"}, {"full": True}):
        found = rehearse(scratch, **wanted)
        assert found.loaded == ["thing_9"]
        assert sorted(found.changed) == ["instrument_name", "time_max", "time_min"]
        assert found.changed["instrument_name"].examples == [("thing_2", "CAM", "LENS")]
        assert found.changed["time_min"].examples == [("thing_3", "2452760.5", "2458484.5")]
        assert found.has_violations
    assert sorted(found.deleted) == ["thing_4", "thing_5"]
    assert {each.count for each in found.refused.values()} == {2}
    assert found.embargoed == 2
    # The ledger counts what an embargo hides first as loaded or changed, and then as deleted.
    hidden = {"loaded": 1, "changed": 1, "deleted": 1}
    assert load_counts(scratch, full=True) == add(found, hidden)


def add(found: DryRunResult, more: dict[str, int]) -> dict[str, int]:
    return {name: count + more.get(name, 0) for name, count in asdict(found.counts).items()}


def test_an_incremental_one_is_as_exact(scratch: PrivateDachs, catalogue: Path) -> None:
    change(
        catalogue,
        "UPDATE things SET instrument = 'EYE', changed = '2024-03-01T00:00:00' WHERE id = 9",
        "INSERT INTO things VALUES (11, 'a', '2012-01-01', 'CAM', NULL, '2024-03-01T00:00:00')",
    )
    found = rehearse(scratch)
    assert (found.counts.loaded, found.counts.changed) == (1, 1)
    assert load_counts(scratch) == add(found, {"loaded": 1, "deleted": 1})


def test_kept_records_are_rehearsed(
    scratch: PrivateDachs, catalogue: Path, put_back: Callable[[Path], None]
) -> None:
    path = scratch.inputs / "things" / "service.py"
    put_back(path)
    path.write_text(path.read_text().replace('"granule_gid": "things"', '"granule_gid": "all"'))
    found = rehearse(scratch, remap=True)
    assert found.counts.changed > 0
    assert set(found.changed) == {"granule_gid"}
    assert found.changed["granule_gid"].examples[0][1:] == ("things", "all")


def test_a_column_that_the_next_load_adds(
    scratch: PrivateDachs, catalogue: Path, put_back: Callable[[Path], None]
) -> None:
    service, rd = (scratch.inputs / "things" / name for name in ("service.py", "q.rd"))
    put_back(service)
    put_back(rd)
    given = '"granule_gid": "things"'
    service.write_text(service.read_text().replace(given, given + ', "species": "H"'))
    with pytest.raises(LoadError, match=r"the table has no column species"):
        rehearse(scratch, full=True)
    rd.write_text(rd.read_text().replace('="internal_reference"', '="internal_reference species"'))
    found = rehearse(scratch, full=True)
    assert found.counts.changed > 0
    assert set(found.changed) == {"species"}
    assert found.changed["species"].count == found.counts.changed
    assert found.changed["species"].examples[0][1:] == (None, "H")


@pytest.fixture
def put_back() -> Any:
    """Put back what was in a file."""
    kept: list[tuple[Path, str]] = []
    yield lambda path: kept.append((path, path.read_text()))
    for path, text in kept:
        path.write_text(text)


def test_what_is_printed_and_the_status(scratch: PrivateDachs, catalogue: Path) -> None:
    words = ("load", "things", "--dry-run", "--dachs", str(scratch.root))
    change(catalogue, "UPDATE things SET changed = '2024-01-01T00:00:00' WHERE start = 'bad'")
    assert run_epnkit(*words).exit_code == 0
    change(
        catalogue,
        "INSERT INTO things VALUES (12, 'a', '31 June', 'CAM', NULL, '2024-03-01T00:00:00')",
        "UPDATE things SET instrument = 'NOSE', changed = '2024-03-01T00:00:00' WHERE id = 2",
    )
    done = run_epnkit(*words)
    assert done.exit_code == 1
    lines = done.output.splitlines()
    assert "things: 4 records read; nothing was written" in lines
    assert "would change            1" in lines
    assert any("thing_2: LENS -> NOSE" in line for line in lines)
    assert "would refuse            1" in lines
    assert any("'31 June'" in line for line in lines)
