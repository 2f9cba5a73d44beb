"""For those who keep DaCHS's grammars: a makeQuery that is right, and a row iterator."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from epnkit.dachs.private import PrivateDachs
from epnkit.deploy import inputs
from epnkit.errors import DeployError
from epnkit.replicas.sources import ReplicaSources
from tests.conftest import ROOT
from tests.support.partitioned import declare_partition

RD = """
<resource schema="plates" resdir="plates">
  <meta name="creationDate">2026-01-01T00:00:00Z</meta>
  <meta name="title">Plates</meta>
  <meta name="description">A catalogue of a test.</meta>
  <meta name="subject">solar-physics</meta>
  <meta name="creator.name">A test</meta>
  <table id="main" onDisk="True" adql="True" primary="id">
    <column name="id" type="integer" required="True"/>
    <column name="time_min" type="double precision" ucd="time.start" unit="d"/>
  </table>
  <data id="import" updating="{updating}">
    <sources pattern="driver.txt"/>
    <odbcGrammar>
      <sourceFields><code>return {{"data_": data}}</code></sourceFields>
      <makeQuery procDef="epnkit/q#incremental">
        <bind key="query">"SELECT id, date_obs FROM plates"</bind>
        <bind key="remote">"date_obs"</bind>
        <bind key="local">"time_min"</bind>
        <bind key="lag">{lag}</bind>
      </makeQuery>
    </odbcGrammar>
    <make table="main">
      <rowmaker>
        <map key="id">@id</map>
        <map key="time_min">dateTimeToJdn(parseTimestamp(@date_obs, "%Y-%m-%d %H:%M:%S"))</map>
      </rowmaker>
    </make>
  </data>
</resource>
"""


@pytest.fixture
def plates(scratch: PrivateDachs) -> Iterator[Path]:
    """Lay a service of the operator's own, on a catalogue in SQLite; give its folder."""
    inputs.install(scratch, ROOT / "resources" / "hfc1ar")
    folder = scratch.inputs / "plates"
    scratch.account.create_owned(folder)
    (folder / "driver.txt").write_text(f"Driver=SQLite3;Database={folder}/plates.sqlite")
    write_rd(folder)
    with closing(sqlite3.connect(folder / "plates.sqlite")) as catalogue:
        catalogue.execute("DROP TABLE IF EXISTS plates")
        catalogue.execute("CREATE TABLE plates (id INTEGER, date_obs TEXT)")
    scratch.account.create_owned(folder)
    yield folder
    scratch.run("drop", "plates/q")


def write_rd(folder: Path, *, updating: bool = True, lag: float = 0) -> None:
    (folder / "q.rd").write_text(RD.format(updating=updating, lag=lag))


def write(folder: Path, *rows: tuple[int, str]) -> None:
    with closing(sqlite3.connect(folder / "plates.sqlite")) as catalogue:
        catalogue.executemany("INSERT INTO plates VALUES (?, ?)", rows)
        catalogue.commit()


def read_ids(dachs: PrivateDachs) -> list[int]:
    with dachs.cluster.connect().cursor() as cursor:
        cursor.execute("SELECT id FROM plates.main ORDER BY id")
        return [number for (number,) in cursor.fetchall()]


def replace_policy(folder: Path) -> None:
    path = folder / "q.rd"
    path.write_text(path.read_text().replace('primary="id"', 'primary="id" dupePolicy="overwrite"'))


def test_first_second_and_redone_imports(scratch: PrivateDachs, plates: Path) -> None:
    replace_policy(plates)
    scratch.run("imp", "plates/q")
    assert read_ids(scratch) == []
    scratch.run("imp", "plates/q")
    write(plates, (1, "2003-01-01 00:00:00"), (2, "2003-01-02 00:00:00"))
    scratch.run("imp", "plates/q")
    assert read_ids(scratch) == [1, 2]
    write(plates, (3, "2003-01-03 12:00:00"))
    scratch.run("imp", "-R", "plates/q")
    assert read_ids(scratch) == [1, 2, 3]


def test_a_lag_finds_what_arrived_late(scratch: PrivateDachs, plates: Path) -> None:
    write_rd(plates, lag=5)
    replace_policy(plates)
    write(plates, (1, "2003-01-01 00:00:00"), (2, "2003-01-10 00:00:00"))
    scratch.run("imp", "plates/q")
    write(plates, (3, "2003-01-06 00:00:00"), (4, "2003-01-02 00:00:00"))
    scratch.run("imp", "plates/q")
    assert read_ids(scratch) == [1, 2, 3]


def test_a_full_import_does_not_wait_for_itself(scratch: PrivateDachs, plates: Path) -> None:
    write_rd(plates, updating=False)
    write(plates, (1, "2003-01-01 00:00:00"), (2, "2003-01-02 00:00:00"))
    for _ in range(2):
        scratch.run("imp", "plates/q")
        assert read_ids(scratch) == [1, 2]


@pytest.mark.all
def test_hfc1ar_row_by_row_is_the_same_table(scratch: PrivateDachs) -> None:
    with ReplicaSources(scratch, ROOT) as sources:
        sources.fill(ROOT / "resources" / "hfc1ar")
    inputs.install(scratch, ROOT / "resources" / "hfc1ar")
    scratch.run("imp", "hfc1ar/q")
    bulk = read_table(scratch)
    scratch.run("drop", "hfc1ar/q")
    path = scratch.inputs / "hfc1ar" / "q.rd"
    path.write_text(
        path.read_text()
        .replace(
            '<customGrammar module="../grammars/sql"/>',
            '<customGrammar module="../grammars/sql_rows"><sourceFields><code>'
            'return {"data_": data}</code></sourceFields></customGrammar>',
        )
        .replace('<make table="epn_core"/>', '<make table="epn_core"><rowmaker idmaps="*"/></make>')
        .replace('primary="granule_uid"', 'primary="granule_uid" dupePolicy="overwrite"')
    )
    scratch.run("imp", "hfc1ar/q")
    assert read_table(scratch) == bulk
    scratch.run("imp", "hfc1ar/q")
    assert read_table(scratch) == bulk
    with scratch.cluster.connect().cursor() as cursor:
        cursor.execute("UPDATE epnkit.cursors SET kind = 'number', value = '5'")
    with pytest.raises(DeployError, match=r"was a number and now is a text.* --full"):
        scratch.run("imp", "hfc1ar/q")
    assert read_table(scratch) == bulk
    declare_partition(path.parent, "time_min", "1 month")
    with pytest.raises(DeployError, match="cannot be imported row by row"):
        scratch.run("imp", "hfc1ar/q")
    assert read_table(scratch) == bulk
    scratch.run("drop", "hfc1ar/q")


def read_table(dachs: PrivateDachs) -> list[tuple[object, ...]]:
    with dachs.cluster.connect().cursor() as cursor:
        cursor.execute(
            "SELECT granule_uid, time_min, time_max, c1min, c1max, c2min, c2max, noaa_number,"
            " spectral_range_min, pixels, footprint_flags, datalink_url, bib_reference,"
            " npoints(s_region) FROM hfc1ar.epn_core ORDER BY granule_uid"
        )
        return cursor.fetchall()
