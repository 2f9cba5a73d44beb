"""ExPRES through real JSON and CDF files and DaCHS: rows, links, and the publications."""

from __future__ import annotations

import pytest

from tests.support.services import Acceptance, Served

SERVICE = "expres"

FIRST = "expres_earth_jupiter_io_vipal_lossc-wid1deg_3kev_20150430_v01"
PUBLISHED = "expres_juno_jupiter_ganymede_jrm33_lossc-wid1deg_3kev_20150430_v11"
ABSENT = "expres_earth_jupiter_io_vipal_lossc-wid1deg_3kev_20140102_v01"


class TestAcceptance(Acceptance):
    """As of every service."""


def test_every_simulation_is_a_granule_or_refused(served: Served) -> None:
    # Five families of 1030 simulations, and six odd ones.
    assert served.count_granules() == 1033
    assert [key[-17:] for key in served.count_refused()] == [
        "20140103_v01.json",
        "20140104_v01.json",
        "20140106_v01.json",
    ]


@pytest.mark.parametrize("uid", [FIRST, PUBLISHED, f"{ABSENT[:-12]}20140101_v01a"])
def test_links_lead_to_files(served: Served, uid: str) -> None:
    assert served.open_links(uid) == ["#this", "#progenitor", "#preview"]


def test_what_is_not_simulated_yet_has_its_configuration(served: Served) -> None:
    assert served.open_links(ABSENT) == ["#progenitor"]


def test_a_publication_has_a_link(served: Served) -> None:
    pages = {link["access_url"] for link in served.links(PUBLISHED)}
    assert "https://doi.org/10.25935/y0f3-9n63" in pages
    assert "https://doi.org/10.25935/y0f3-9n63" not in {
        link["access_url"] for link in served.links(FIRST)
    }


def test_the_registry_record_names_the_publications(served: Served) -> None:
    record = served.find_registry_record().decode()
    assert "<relationshipType>IsServiceFor</relationshipType>" in record
    assert "https://doi.org/10.25935/y0f3-9n63" in record
    assert "https://doi.org/10.25935/txka-y235" in record
