"""BASS2000 through a real DaCHS: its rows, its links and its files; SQLite and MariaDB alike."""

from __future__ import annotations

from importlib.metadata import version

import pytest
from packaging.version import Version
from scripts.servers.databases import DATABASE, PASSWORD, USER
from scripts.servers.processes import Server

from epnkit.dachs.private import PrivateDachs
from epnkit.deploy import inputs
from epnkit.replicas.sources import ReplicaSources
from tests.conftest import ROOT
from tests.support.services import Acceptance, Served

SERVICE = "bass2000"

pytest_plugins = ["tests.support.servers"]

#: What does not change from one import to the next, as text.
_CONTENT = (
    "SELECT granule_uid, time_min, spectral_range_min, granule_gid, obs_id FROM bass2000.epn_core"
)


class TestAcceptance(Acceptance):
    """As of every service."""


def test_every_image_is_a_granule_or_refused(served: Served) -> None:
    assert served.count_granules() == 1356
    assert len(served.count_refused()) == 3


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
def test_links_lead_to_files(served: Served, uid: str, expected: list[str]) -> None:
    assert served.open_links(uid) == expected


def test_datalink_names_the_kind_of_data_if_dachs_can(served: Served) -> None:
    uid = "spectro_obspm_fullprofile_Cak_3D_20170615_090900"
    kinds = {link["semantics"]: link.get("content_qualifier", "") for link in served.links(uid)}
    if Version(version("gavodachs")) >= Version("2.11"):
        assert kinds.pop("#this") == "#spectral-cube"
        assert set(kinds.values()) == {""}
    else:
        assert set(kinds.values()) == {""}


def test_images_of_a_session_are_counterparts(served: Served) -> None:
    others = served.counterparts("mk_20030601_080600")
    assert others == ["mK_20030601_081200", "mh_20030601_080000", "mp_20030601_081800"]


def test_mariadb_gives_the_same_granules(
    served: Served, dachs: PrivateDachs, mariadb: Server
) -> None:
    with dachs.cluster.connect().cursor() as cursor:
        cursor.execute(_CONTENT)
        before = set(cursor.fetchall())
    location = f"{USER}:{PASSWORD}@127.0.0.1:{mariadb.port}/{DATABASE}"
    odbc = (
        f"Driver=MariaDB Unicode;Server=127.0.0.1;Port={mariadb.port};Database={DATABASE};"
        f"UID={USER};PWD={PASSWORD}"
    )
    database = (f"mysql+pymysql://{location}?charset=utf8mb4", odbc)
    with ReplicaSources(dachs, ROOT, database=database) as sources:
        sources.fill(ROOT / "resources" / "bass2000")
        rd = inputs.install(dachs, ROOT / "resources" / "bass2000")
        # SQLite's dates are text and MariaDB's are not, so the cursor begins anew.
        dachs.run("drop", rd)
        dachs.run("imp", rd)
    with dachs.cluster.connect().cursor() as cursor:
        cursor.execute(_CONTENT)
        after = set(cursor.fetchall())
    assert before
    assert after == before
