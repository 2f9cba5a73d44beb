"""BASS2000 through a real DaCHS: its rows, its links and its files; SQLite and MariaDB alike."""

from __future__ import annotations

import pytest
import pyvo
from astropy.table import Table
from scripts.servers.databases import DATABASE, PASSWORD, USER
from scripts.servers.processes import Server

from epnkit.deploy import inputs, replica
from epnkit.deploy.dachs import Dachs
from tests.conftest import ROOT, bring_up
from tests.opened import links, opened

pytest_plugins = ["tests.servers"]

#: What does not change from one import to the next, as text.
_CONTENT = (
    "SELECT granule_uid, time_min, spectral_range_min, granule_gid, obs_id FROM bass2000.epn_core"
)


@pytest.fixture(scope="module")
def url(dachs: Dachs, serving: str) -> str:
    rd = bring_up(dachs, "bass2000")
    dachs.run("val", rd)
    return f"{serving}/tap"


def ask(url: str, query: str) -> Table:
    return pyvo.dal.TAPService(url).run_sync(query, maxrec=10_000).to_table()


def test_its_own_regression_tests_pass(url: str, dachs: Dachs) -> None:
    assert "0 of 5 bad" in dachs.run("test", "bass2000/q").stdout


def test_every_image_is_a_granule_or_refused(url: str, dachs: Dachs) -> None:
    assert ask(url, "SELECT COUNT(*) AS n FROM bass2000.epn_core")["n"][0] == 1356
    with dachs.cluster.connect().cursor() as cursor:
        cursor.execute("SELECT record_key FROM epnkit.quarantine WHERE service = 'bass2000'")
        assert len(cursor.fetchall()) == 3


@pytest.mark.parametrize(
    ("uid", "expected"),
    [
        ("mh_20050501_074655", ["#this", "#preview"]),
        (
            "spectro_obspm_ha_20170615_090000_subtract_processed",
            ["#this", "#progenitor", "#preview"],
        ),
        ("spectro_obspm_fullprofile_Cak_3D_20170615_090900", ["#this", "#preview"]),
    ],
)
def test_links_lead_to_files(url: str, uid: str, expected: list[str]) -> None:
    query = f"SELECT datalink_url FROM bass2000.epn_core WHERE granule_uid = '{uid}'"
    assert opened(ask(url, query)[0][0]) == expected


def test_images_of_a_session_are_counterparts(url: str) -> None:
    base = url.removesuffix("/tap")
    found = links(f"{base}/bass2000/q/dl/dlmeta?ID=mk_20030601_080600")
    others = sorted(
        each["access_url"].split("=")[1] for each in found if each["semantics"] == "#counterpart"
    )
    assert others == ["mK_20030601_081200", "mh_20030601_080000", "mp_20030601_081800"]


def test_mariadb_gives_the_same_granules(url: str, dachs: Dachs, mariadb: Server) -> None:
    with dachs.cluster.connect().cursor() as cursor:
        cursor.execute(_CONTENT)
        before = set(cursor.fetchall())
    location = f"{USER}:{PASSWORD}@127.0.0.1:{mariadb.port}/{DATABASE}"
    odbc = (
        f"Driver=MariaDB Unicode;Server=127.0.0.1;Port={mariadb.port};Database={DATABASE};"
        f"UID={USER};PWD={PASSWORD}"
    )
    database = (f"mysql+pymysql://{location}?charset=utf8mb4", odbc)
    with replica.Sources(dachs, ROOT, database=database) as sources:
        sources.fill(ROOT / "resources" / "bass2000")
        rd = inputs.lay(dachs, ROOT / "resources" / "bass2000")
        # SQLite's dates are text and MariaDB's are not, so the cursor begins anew.
        dachs.run("drop", rd)
        dachs.run("imp", rd)
    with dachs.cluster.connect().cursor() as cursor:
        cursor.execute(_CONTENT)
        after = set(cursor.fetchall())
    assert before
    assert after == before
