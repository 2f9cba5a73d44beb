"""Voyager/PRA through real PDS3 files and DaCHS: its rows, its links and their files."""

from __future__ import annotations

from tests.support.services import Acceptance, Served

SERVICE = "voyager_pra"

DAY = "VG1-J-PRA-4-SUMM-BROWSE-48SEC-V1.0_"


class TestAcceptance(Acceptance):
    """As of every service."""


def test_every_label_is_a_granule_or_refused(served: Served) -> None:
    # Six encounters of 167 days, three whole ones, and two of six odd labels.
    assert served.count_granules() == 6 * 167 + 3 + 2
    assert [key.rpartition("/")[2] for key in served.count_refused()] == [
        "T781203.LBL",
        "T781204.LBL",
        "T781206.LBL",
        "C1065111.LBL",
    ]


def test_links_lead_to_files(served: Served) -> None:
    assert served.open_links(f"{DAY}T790106") == ["#this", "#detached-header", "#preview"]
    assert served.open_links("VG2-N-PRA-3-RDR-LOWBAND-6SEC-V1.0_VG2_NEP_PRA_6SEC") == [
        "#this",
        "#detached-header",
    ]


def test_a_label_without_its_data_is_offered_alone(served: Served) -> None:
    assert served.open_links(f"{DAY}T781201") == ["#detached-header"]
    (row,) = served.query("SELECT access_url FROM {table} WHERE granule_uid = '" + DAY + "T781201'")
    assert not row["access_url"]


def test_a_place_within_a_file_leads_to_the_file(served: Served) -> None:
    assert served.open_links(f"{DAY}T781202") == ["#this", "#detached-header"]
