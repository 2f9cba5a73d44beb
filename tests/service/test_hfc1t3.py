"""HFC1T3 through a real DaCHS: its rows, its contours as TFCat, its links and their files."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import pyvo
import requests
from astropy.table import Table

from epnkit.deploy.dachs import Dachs
from tests.conftest import bring_up
from tests.opened import links, opened

ONE = "t3_20010302_010000_625"

#: The reference validator, of Debian's package starlink-tfcat-java.
JUDGE = Path("/usr/share/java/starlink-tfcat.jar")


@pytest.fixture(scope="module")
def url(dachs: Dachs, serving: str) -> str:
    rd = bring_up(dachs, "hfc1t3")
    dachs.run("val", rd)
    return f"{serving}/tap"


def ask(url: str, query: str) -> Table:
    return pyvo.dal.TAPService(url).run_sync(query, maxrec=10_000).to_table()


def test_its_own_regression_tests_pass(url: str, dachs: Dachs) -> None:
    assert "0 of 3 bad" in dachs.run("test", "hfc1t3/q").stdout


def test_every_burst_is_a_granule_or_refused(url: str, dachs: Dachs) -> None:
    counts = ask(url, "SELECT COUNT(*) AS bursts, COUNT(contour) AS contours FROM hfc1t3.epn_core")
    assert tuple(counts[0]) == (1041, 1040)
    with dachs.cluster.connect().cursor() as cursor:
        cursor.execute("SELECT record_key FROM epnkit.quarantine WHERE service = 'hfc1t3'")
        assert sorted(key for (key,) in cursor.fetchall()) == ["1041", "1042", "1044"]


def test_links_lead_to_files(url: str) -> None:
    base = url.removesuffix("/tap")
    found = opened(f"{base}/hfc1t3/q/dl/dlmeta?ID={ONE}")
    assert sorted(found) == ["#preview", "#preview", "#progenitor", "#this"]


def test_the_contour_is_valid_tfcat(url: str, tmp_path: Path) -> None:
    base = url.removesuffix("/tap")
    (contour,) = [
        link for link in links(f"{base}/hfc1t3/q/dl/dlmeta?ID={ONE}")
        if link["semantics"] == "#this"
    ]  # fmt: skip
    answer = requests.get(contour["access_url"], timeout=30)
    assert answer.headers["Content-Type"] == contour["content_type"] == "application/x-tfcat+json"
    path = tmp_path / "burst.tfcat"
    path.write_bytes(answer.content)
    done = subprocess.run(
        ["java", "-jar", JUDGE, path], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_a_burst_without_limits_has_no_contour_to_offer(url: str) -> None:
    (uid,) = ask(url, "SELECT granule_uid FROM hfc1t3.epn_core WHERE contour IS NULL")[0]
    base = url.removesuffix("/tap")
    found = links(f"{base}/hfc1t3/q/dl/dlmeta?ID={uid}")
    assert "#this" not in {link["semantics"] for link in found}
    answer = requests.get(f"{base}/hfc1t3/q/tfcat/dlget?ID={uid}", timeout=30)
    assert answer.status_code == 422
    assert "has no contour" in answer.text
