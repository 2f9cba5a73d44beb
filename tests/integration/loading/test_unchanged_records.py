"""An update reads what its lag covers again, and maps only what has changed of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg2
import pytest
from scripts.servers.processes import Server

from epnkit.dachs.private import PrivateDachs
from epnkit.deploy import inputs
from epnkit.loading.request import Request
from epnkit.loading.table.loaded_records import LoadedRecords
from epnkit.replicas.sdo_records import PER_SLOT, SdoRecords
from tests.conftest import ROOT
from tests.support.commands import run_epnkit
from tests.support.dask_cluster import grant_worker

pytest_plugins = ["tests.support.servers"]

NAME = "medoc_sdo"
COUNT = 2 * PER_SLOT

#: A record of AIA in the middle, which has a granule of its own.
_ONE = "(SELECT recnum FROM sdo_records WHERE series_name = 'aia.lev1' ORDER BY recnum LIMIT 1)"


@dataclass
class Archive:
    """The service in DaCHS, and the database that it reads."""

    dachs: PrivateDachs
    source: Any

    def change(self, statement: str) -> None:
        with self.source.cursor() as cursor:
            cursor.execute(statement)

    def query(self, text: str) -> Any:
        with closing(self.dachs.cluster.connect()) as link, link.cursor() as cursor:
            cursor.execute(text)
            return cursor.fetchone()

    def write(self, statement: str) -> None:
        with closing(self.dachs.cluster.connect()) as link, link.cursor() as cursor:
            cursor.execute(statement)
            link.commit()

    def load(self, **options: Any) -> tuple[int, int, int, int]:
        """Load; give what was read, changed, unchanged, and how many records were mapped."""
        environment = Request(**options).to_environment()
        self.dachs.run("imp", f"{NAME}/q", environment=environment)
        run, *counts = self.query(
            "SELECT run, read, changed, unchanged FROM epnkit.runs ORDER BY run DESC LIMIT 1"
        )
        (mapped,) = self.query(
            f"SELECT coalesce(sum(count), 0)::int FROM epnkit.records WHERE run = {run}"
        )
        read, changed, unchanged = counts
        return read, changed, unchanged, mapped


@pytest.fixture(params=["the source hashes"])
def archive(
    scratch: PrivateDachs, postgresql: Server, request: pytest.FixtureRequest
) -> Iterator[Archive]:
    """Load some slots of SDO's records from PostgreSQL, which hashes them, or leaves it to us."""
    with closing(psycopg2.connect(postgresql.url)) as source:
        SdoRecords(COUNT).fill(source)
        source.autocommit = True
        inputs.install(scratch, ROOT / "resources" / NAME)
        folder = scratch.inputs / NAME
        hashing = "" if request.param == "the source hashes" else "digest = false\n"
        (folder / "source.toml").write_text(hashing + (folder / "sql.toml").read_text())
        rd = folder / "q.rd"
        rd.write_text(rd.read_text().replace("../grammars/union", "../grammars/sql"))
        credential = scratch.root / "credentials" / NAME
        credential.write_text(postgresql.url.replace("postgresql://", "postgresql+psycopg2://"))
        credential.chmod(0o600)
        scratch.account.create_owned(scratch.inputs, credential.parent)
        archive = Archive(scratch, source)
        assert archive.load() == (COUNT, 0, 0, COUNT)
        yield archive
        scratch.run("drop", f"{NAME}/q")


@pytest.mark.parametrize(
    ("archive", "jobs"),
    [("the source hashes", 1), ("the source hashes", 2), ("epnkit hashes", 2)],
    indirect=["archive"],
)
def test_only_what_changed_is_mapped_again(archive: Archive, jobs: int) -> None:
    archive.change(f"UPDATE sdo_records SET exptime = exptime + 1 WHERE recnum = {_ONE}")
    assert archive.load(jobs=jobs) == (COUNT, 1, COUNT - 1, 1)
    assert archive.load(jobs=jobs) == (COUNT, 0, COUNT, 0)
    # The kept records are still those of all granules.
    archive.load(remap=True)
    assert archive.query("SELECT count(*) FROM medoc_sdo.epn_core") == (COUNT,)


def test_what_hardly_changed_is_not_vacuumed(archive: Archive) -> None:
    def count_vacuums() -> int:
        (count,) = archive.query(
            "SELECT pg_stat_get_vacuum_count(oid) FROM pg_class"
            f" WHERE oid = '{NAME}.epn_core'::regclass"
        )
        return int(count)

    def change(count: int) -> None:
        some = "SELECT recnum FROM sdo_records WHERE series_name = 'aia.lev1' ORDER BY recnum LIMIT"
        archive.change(
            f"UPDATE sdo_records SET exptime = exptime + 1 WHERE recnum IN ({some} {count})"
        )
        assert archive.load()[1] == count

    assert count_vacuums() == 1
    change(1)
    assert count_vacuums() == 1
    change(COUNT // 100)  # with the one before, more than a hundredth
    assert count_vacuums() == 2
    change(0)
    assert count_vacuums() == 2


def test_all_is_mapped_if_granules_could_become_others(archive: Archive) -> None:
    path = archive.dachs.inputs / NAME / "service.py"
    text = path.read_text()
    assert '"target_class": "star"' in text
    path.write_text(text.replace('"target_class": "star"', '"target_class": "calibration"'))
    assert archive.load() == (COUNT, COUNT, 0, COUNT)
    # What that load made stays so, until all is made again.
    path.write_text(text)
    assert archive.load() == (COUNT, COUNT, 0, COUNT)
    assert archive.load() == (COUNT, 0, COUNT, COUNT)
    assert archive.load(full=True) == (COUNT, 0, COUNT, COUNT)
    assert archive.load() == (COUNT, 0, COUNT, 0)
    archive.write(
        "UPDATE epnkit.declarations"
        " SET declared = jsonb_set(declared::jsonb, '{datalink}', '\"http://moved.example\"')"
    )
    assert archive.load() == (COUNT, 0, COUNT, COUNT)


def test_a_worker_elsewhere_that_may_not_read_what_is_loaded_maps_all(archive: Archive) -> None:
    with (
        closing(psycopg2.connect(grant_worker(archive.dachs))) as worker,
        closing(archive.dachs.cluster.connect()) as administrator,
    ):
        assert LoadedRecords(worker, NAME).table is None
        assert LoadedRecords(administrator, "missing").table is None
        assert LoadedRecords(administrator, NAME).table is not None


def test_a_table_that_the_load_itself_replaced_is_not_waited_for(archive: Archive) -> None:
    with (
        closing(archive.dachs.cluster.connect(autocommit=False)) as load,
        closing(archive.dachs.cluster.connect()) as other,
        load.cursor() as cursor,
    ):
        cursor.execute(f"DROP TABLE epnkit.granules_{NAME}")
        cursor.execute(f"CREATE TABLE epnkit.granules_{NAME} (granule_uid text)")
        within, outside = (LoadedRecords(each, NAME).table for each in (load, other))
        assert within is not None
        assert within != outside


@pytest.mark.parametrize("archive", ["the source hashes", "epnkit hashes"], indirect=True)
def test_a_record_that_was_refused_and_is_as_before_leaves_quarantine(archive: Archive) -> None:
    waiting = "SELECT count(*) FROM epnkit.quarantine WHERE resolved IS NULL"
    archive.change(f"UPDATE sdo_records SET wavelnth = -wavelnth WHERE recnum = {_ONE}")
    archive.load()
    assert archive.query(waiting) == (1,)
    archive.change(f"UPDATE sdo_records SET wavelnth = -wavelnth WHERE recnum = {_ONE}")
    assert archive.load() == (COUNT, 0, COUNT, 1)
    assert archive.query(waiting) == (0,)
    assert archive.load() == (COUNT, 0, COUNT, 0)
    archive.load(remap=True)
    assert archive.query("SELECT count(*) FROM medoc_sdo.epn_core") == (COUNT,)


@pytest.mark.parametrize("archive", ["epnkit hashes"], indirect=True)
def test_a_source_that_begins_to_hash_is_compared(archive: Archive) -> None:
    path = archive.dachs.inputs / NAME / "source.toml"
    path.write_text(path.read_text().removeprefix("digest = false\n"))
    for found in (COUNT, 0):
        told = f"{found:,} records are missing or changed, 0 are gone"
        assert told in run_epnkit("reconcile", NAME, "--dachs", str(archive.dachs.root)).output
    assert archive.query("SELECT count(*) FROM medoc_sdo.epn_core") == (COUNT,)


def test_a_table_that_was_emptied_is_filled_again(archive: Archive) -> None:
    archive.write("DELETE FROM medoc_sdo.epn_core")
    assert archive.load()[3] == COUNT
    assert archive.query("SELECT count(*) FROM medoc_sdo.epn_core") == (COUNT,)
