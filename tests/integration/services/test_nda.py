"""NDA through real CDF and FITS files and DaCHS: its rows, its links and their files."""

from __future__ import annotations

from tests.support.services import Acceptance, Served

SERVICE = "nda"


class TestAcceptance(Acceptance):
    """As of every service."""


def test_every_file_is_a_granule_or_refused(served: Served) -> None:
    # 902 observations by Routine, of which 18 have no plots; one later version; 120 by NewRoutine.
    kinds = served.query("SELECT granule_gid, COUNT(*) AS n FROM {table} GROUP BY granule_gid")
    assert dict(kinds.iterrows()) == {
        "SRN NDA EDR Routine Data": 903,
        "SRN NDA RT1 Routine Raw Data": 902,
        "SRN NDA PDF Routine Summary Plots": 884,
        "ORN NDA EDR NewRoutine Data": 120,
    }
    assert [key.split("edr_")[1] for key in served.count_refused()] == [
        "201806022000_201806030400_V12.cdf",
        "201806032000_201806040400_V12.cdf",
        "201806042000_201806050400_V12.cdf",
        "201806052000_201806060400_V12.cdf",
    ]


def test_the_latest_version_is_served(served: Served) -> None:
    found = served.query("SELECT file_name FROM {table} WHERE granule_uid = 'J180602_cdf'")
    assert [str(name)[-7:] for (name,) in found] == ["V13.cdf"]


def test_links_lead_to_files(served: Served) -> None:
    assert served.open_links("J160131_cdf") == ["#this", "#progenitor", "#preview", "#preview"]
    assert served.open_links("J160131_pdf") == ["#this", "#progenitor", "#preview"]
    assert served.open_links("J160131_rt1") == ["#this", "#preview", "#preview"]
    assert served.open_links("orn_nda_newroutine_sun_edr_202303070800_202303071600_fits") == [
        "#this"
    ]


def test_the_files_of_an_observation_are_counterparts(served: Served) -> None:
    assert served.counterparts("J160131_cdf") == ["J160131_pdf", "J160131_rt1"]
