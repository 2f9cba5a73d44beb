"""Cassini/RPWS Kronos through real binary files and DaCHS: its rows, its links and their files."""

from __future__ import annotations

from tests.support.services import Acceptance, Served

SERVICE = "cassini_kronos"


class TestAcceptance(Acceptance):
    """As of every service."""


def test_every_file_is_a_granule_or_refused(served: Served) -> None:
    # 176 hours of six levels, of which one has the times of another hour.
    assert served.count_granules() == 176 * 6 - 1
    assert sorted(key.rpartition("/")[2] for key in served.count_refused()) == [
        "P2013005.07",
        "R2012181.00",
        "R2013.005",
        "R2013005.07",
        "R2013005.24",
        "R2013366.05",
    ]


def test_no_time_is_cut_to_a_day(served: Served) -> None:
    days = served.query("SELECT COUNT(*) AS n FROM {table} WHERE time_max - time_min > 0.05")
    assert days["n"][0] == 0


def test_links_lead_to_files(served: Served) -> None:
    assert served.open_links("R2012180.20") == ["#this", "#progenitor", "#preview"]
    assert served.open_links("N3e_dsq2012180.21") == ["#this", "#progenitor"]
    assert served.open_links("K2012180.20") == ["#this", "#preview"]


def test_each_level_is_made_of_the_one_below(served: Served) -> None:
    below = {}
    for uid in ("R2012180.20", "P2012180.20", "N3b_dsq2012180.20"):
        (link,) = [each for each in served.links(uid) if each["semantics"] == "#progenitor"]
        below[uid] = str(link["access_url"]).rpartition("/")[2]
    assert below == {
        "R2012180.20": "K2012180.20",
        "P2012180.20": "R2012180.20",
        "N3b_dsq2012180.20": "P2012180.20",
    }
