"""ORFEES through a real Elasticsearch and DaCHS: its rows, its links and its files."""

from __future__ import annotations

import pytest
import pyvo
from astropy.table import Table
from scripts.servers.processes import Server

from epnkit.deploy import inputs, replica
from epnkit.deploy.dachs import Dachs
from tests.conftest import ROOT
from tests.opened import links, opened

pytest_plugins = ["tests.servers"]

# What all servers of the kind do alike is tested with the source.
pytestmark = pytest.mark.parametrize("search_server", ["es8"], indirect=True, scope="session")


@pytest.fixture(scope="module")
def url(dachs: Dachs, serving: str, search_server: Server) -> str:
    with replica.Sources(dachs, ROOT, search=search_server.url) as sources:
        sources.fill(ROOT / "resources" / "orfees")
    rd = inputs.lay(dachs, ROOT / "resources" / "orfees")
    dachs.run("imp", rd)
    dachs.run("val", rd)
    return f"{serving}/tap"


def ask(url: str, query: str) -> Table:
    return pyvo.dal.TAPService(url).run_sync(query, maxrec=10_000).to_table()


def test_its_own_regression_tests_pass(url: str, dachs: Dachs) -> None:
    assert "0 of 3 bad" in dachs.run("test", "orfees/q").stdout


def test_every_file_is_a_granule_or_refused(url: str, dachs: Dachs) -> None:
    # 340 days of three files, and five odd documents of which two are refused.
    assert ask(url, "SELECT COUNT(*) AS n FROM orfees.epn_core")["n"][0] == 1023
    with dachs.cluster.connect().cursor() as cursor:
        cursor.execute("SELECT record_key FROM epnkit.quarantine WHERE service = 'orfees'")
        refused = sorted(key for (key,) in cursor.fetchall())
    assert refused == ["orf20241110_140000.fts", "orfees 2024.fts"]


@pytest.mark.parametrize("uid", ["orf20220402_081500", "int_orf20241110_120000_0.1"])
def test_links_lead_to_files(url: str, uid: str) -> None:
    query = f"SELECT datalink_url FROM orfees.epn_core WHERE granule_uid = '{uid}'"
    assert opened(ask(url, query)[0][0]) == ["#this", "#preview"]


def test_a_day_without_its_file_has_documentation_alone(url: str) -> None:
    base = url.removesuffix("/tap")
    found = links(f"{base}/orfees/q/dl/dlmeta?ID=orf20241111_120000")
    assert [link["semantics"] for link in found] == ["#documentation"]


def test_the_files_of_a_day_are_counterparts(url: str) -> None:
    base = url.removesuffix("/tap")
    found = links(f"{base}/orfees/q/dl/dlmeta?ID=orf20220402_081500")
    others = [link["access_url"] for link in found if link["semantics"] == "#counterpart"]
    assert [each.split("=")[1] for each in others] == [
        "int_orf20220402_081500_0.1", "int_orf20220402_081500_1"
    ]  # fmt: skip
