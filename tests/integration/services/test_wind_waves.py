"""Wind/Waves through real CDF and other files and DaCHS: its rows, its links and their files."""

from __future__ import annotations

from tests.support.services import Acceptance, Served

SERVICE = "wind_waves"


class TestAcceptance(Acceptance):
    """As of every service."""


def test_every_file_is_a_granule_or_refused(served: Served) -> None:
    # 1020 files, the known one, the later of two versions; two of four others are CDF.
    assert served.count_granules() == 1022
    assert [key.rpartition("/")[2] for key in served.count_refused()] == [
        "wi_wa_rad1_l2_20010229_v01.dat",
        "wi_wa_rad1_l9_20010228_v01.dat",
        "wi_wa_rad1_l3_df_20000229_v02.cdf",
        "wi_wa_rad1_l3_df_20000301_v02.cdf",
    ]


def test_the_latest_version_is_served(served: Served) -> None:
    found = served.query("SELECT granule_uid FROM {table} WHERE obs_id = 'wi_wa_rad2_20000229'")
    assert [str(uid) for (uid,) in found] == ["wi_wa_rad2_l2_60s_20000229_v02"]


def test_links_lead_to_files(served: Served) -> None:
    assert served.open_links("wi_wa_rad1_l3-akr_19990101_v01") == ["#this"]
    assert served.open_links("wi_wa_rad1_l3_df_19941111_v02") == ["#this", "#preview"]
    assert served.open_links("WIN_RAD1_60S_19941115") == ["#this", "#preview"]


def test_the_files_of_a_day_are_counterparts(served: Served) -> None:
    assert served.counterparts("WIN_RAD1_60S_19941115") == [
        "wi_wa_rad1_l2_19941115_v01",
        "wi_wa_rad1_l2_60s_19941115_v01",
        "wi_wa_rad1_l3_df_19941115_v02",
    ]
