"""HFC1T3 through a real DaCHS: its rows, its contours as TFCat, its links and their files."""

from __future__ import annotations

import subprocess
from pathlib import Path

import requests

from tests.support.services import Acceptance, Served

SERVICE = "hfc1t3"

ONE = "t3_20010302_010000_625"

#: The reference validator, of Debian's package starlink-tfcat-java.
JUDGE = Path("/usr/share/java/starlink-tfcat.jar")


class TestAcceptance(Acceptance):
    """As of every service."""


def test_every_burst_is_a_granule_or_refused(served: Served) -> None:
    counts = served.query("SELECT COUNT(*) AS bursts, COUNT(contour) AS contours FROM {table}")
    assert tuple(counts[0]) == (1041, 1040)
    assert served.count_refused() == ["1041", "1042", "1044"]


def test_links_lead_to_files(served: Served) -> None:
    assert sorted(served.open_links(ONE)) == ["#preview", "#preview", "#progenitor", "#this"]


def test_the_contour_is_valid_tfcat(served: Served, tmp_path: Path) -> None:
    (contour,) = [link for link in served.links(ONE) if link["semantics"] == "#this"]
    answer = requests.get(contour["access_url"], timeout=30)
    assert answer.headers["Content-Type"] == contour["content_type"] == "application/x-tfcat+json"
    path = tmp_path / "burst.tfcat"
    path.write_bytes(answer.content)
    done = subprocess.run(
        ["java", "-jar", JUDGE, path], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_a_burst_without_limits_has_no_contour_to_offer(served: Served) -> None:
    (uid,) = served.query("SELECT granule_uid FROM {table} WHERE contour IS NULL")[0]
    assert "#this" not in {link["semantics"] for link in served.links(uid)}
    answer = requests.get(f"{served.base}/hfc1t3/q/tfcat/dlget?ID={uid}", timeout=30)
    assert answer.status_code == 422
    assert "has no contour" in answer.text
