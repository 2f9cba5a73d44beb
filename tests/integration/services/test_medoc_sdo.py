"""SDO at MEDOC through replicas of SiTools2, REGARDS and the database, and DaCHS."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import psycopg2
import pytest
from scripts.servers.processes import Server

from epnkit.dachs.private import PrivateDachs
from epnkit.modules import run_file
from epnkit.replicas.regards import write_credential
from epnkit.replicas.sdo_records import PER_SLOT, SdoRecords
from epnkit.service import read_service
from epnkit.sources import open_source
from tests.conftest import ROOT
from tests.support.commands import show_package
from tests.support.environments import make_environment
from tests.support.regards import serve_catalog
from tests.support.services import Acceptance, Served

if TYPE_CHECKING:
    from tests.support.servers import Keep

pytest_plugins = ["tests.support.servers"]

SERVICE = "medoc_sdo"

FOLDER = ROOT / "resources" / SERVICE

JUDGE = ROOT / "tests" / "support" / "judges" / "with_pysitools2.py"


class TestAcceptance(Acceptance):
    """As of every service."""


def test_every_record_is_a_granule_or_refused(served: Served) -> None:
    # AIA: 1 of a real header, 120 cycles of nine, and three of its traps; HMI: 1, 40 slots of four,
    # and one of near real time.
    assert served.count_granules() == 1 + 120 * 9 + 3 + 1 + 40 * 4 + 1
    assert served.count_refused() == ["aia.lev1|200000004", "aia.lev9|200000005"]


def test_images_and_products_of_one_time_lead_to_each_other(served: Served) -> None:
    channels = served.counterparts("aia.lev1_100000001")
    assert channels == [f"aia.lev1_{number}" for number in range(100000002, 100000010)]
    assert served.counterparts("hmi.m_720s_500000") == [
        "hmi.ic_720s_500001",
        "hmi.ic_nolimbdark_720s_500002",
    ]


def test_what_is_not_at_medoc_has_no_file(served: Served) -> None:
    (row,) = served.query(
        "SELECT access_url, thumbnail_url FROM {table} WHERE granule_uid='aia.lev1_200000001'"
    )
    assert [bool(value) for value in row] == [False, False]
    assert "#this" not in {link["semantics"] for link in served.links("aia.lev1_200000001")}


def test_the_replica_is_what_medocs_client_reads(served: Served, dachs: PrivateDachs) -> None:
    python = make_environment("pysitools2", "pysitools2==1.0.2")
    server = (dachs.root / "credentials" / SERVICE).read_text().strip()
    words: list[str | Path] = [python, JUDGE, server, "sdo"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout.splitlines()[-1])
    assert read["key"] == "recnum"
    # Of nine channels one, and of its images those whose mask has the cadence.
    found = served.query(
        "SELECT granule_uid, file_name FROM {table} WHERE granule_gid = 'AIA 171 Angstrom'"
        " AND MOD(recnum, 5) = 0 AND recnum < 200000000 ORDER BY granule_uid"
    )
    assert read["images"] == [
        [int(uid.rpartition("_")[2]), name.removesuffix("image_lev1.fits")]
        for uid, name in found.iterrows()
    ]
    assert len(read["images"]) == 24
    assert read["patches"] == [["hmi.sharp_cea_720s", 4051]] * 40


def apply_mapping(source: str) -> pl.DataFrame:
    """Read a source file of the service, and give the granules in their order."""
    service = read_service(FOLDER)
    opened = open_source(FOLDER / source, service.order)
    applied = [service.mapping.apply(batch) for batch in opened.batches()]
    assert sum(each.granules.height for each in applied) > 0
    made = pl.concat(each.granules for each in applied).sort("granule_uid")
    # One has no readable date, which REGARDS does not take, and the loader refuses.
    return made.filter(pl.col("time_min").is_not_null())


def test_the_same_mapping_makes_the_same_granules_of_regards(
    served: Served, dachs: PrivateDachs, keep: Keep
) -> None:
    catalog: Any = run_file(FOLDER / "replica" / "make.py", "replica_sdo_products").catalog()
    with serve_catalog(catalog) as port:
        keep(SERVICE, write_credential(port))
        of_regards = apply_mapping("regards.toml")
    # There the files of the replica have no address of this DaCHS.
    replaced = pl.col(r"^(access|thumbnail)_url$").str.extract("medoc_sdo/(.*)")
    keep(SERVICE, (dachs.root / "credentials" / SERVICE).read_text())
    of_sitools = apply_mapping("source.toml")
    assert of_sitools.height > 1000
    assert of_regards.with_columns(replaced).equals(of_sitools.with_columns(replaced))


@pytest.mark.parametrize("every", [1, 30])
def test_any_number_of_records_in_a_database_is_mapped_too(
    postgresql: Server, keep: Keep, every: int
) -> None:
    count = 10 * PER_SLOT
    connection = psycopg2.connect(postgresql.url)
    try:
        assert SdoRecords(count, every=every).fill(connection) == count
    finally:
        connection.close()
    keep(SERVICE, postgresql.url.replace("postgresql://", "postgresql+psycopg2://"))
    service = read_service(FOLDER)
    source = open_source(FOLDER / "sql.toml", service.order)
    assert source.count() == count
    applied = [service.mapping.apply(batch) for batch in source.batches()]
    assert all(each.refusals.height == 0 for each in applied)
    made = pl.concat(each.granules for each in applied)
    assert made["granule_uid"].n_unique() == count
    # Half of the images of a channel are eight a cycle, and three products have one slot.
    assert made.filter(pl.col("granule_gid") == "AIA 171 Angstrom").height == 600
    of_hmi = made.filter(pl.col("t_rec").is_not_null())
    assert sorted(of_hmi["t_rec"].unique())[:2] == [
        "2011.01.01_00:00:00_TAI",
        ["2011.01.01_00:12:00_TAI", "2011.01.01_06:00:00_TAI"][every == 30],
    ]
    days = made["time_max"].max() - made["time_min"].min()  # type: ignore[operator]
    assert days == pytest.approx((9 * every + 1) * 720 / 86400, abs=0.01)


def test_its_images_are_packages_for_regards(served: Served, dachs: PrivateDachs) -> None:
    described = show_package(dachs, SERVICE)
    assert described["dataset_name"] == "aia.lev1"
    assert described["observation"] == "AIA_20140501T000000"
    assert described["date_obs"] == "2014-05-01T00:00:00.343Z"
