"""Juno/Waves through real CDF files and DaCHS: its rows, its links and their files."""

from __future__ import annotations

from tests.support.services import Acceptance, Served

SERVICE = "juno_waves"


class TestAcceptance(Acceptance):
    """As of every service."""


def test_every_day_is_a_granule_or_refused(served: Served) -> None:
    kinds = served.query("SELECT granule_gid, COUNT(*) AS n FROM {table} GROUP BY granule_gid")
    assert dict(kinds.iterrows()) == {"jno_wav_cdr_lesia v01": 500, "jno_wav_cdr_lesia v02": 531}
    assert [key[-16:] for key in served.count_refused()] == [
        "20200226_v02.cdf",
        "20200228_v02.cdf",
        "sia_2020_v02.cdf",
    ]


def test_a_day_without_times_lasts_as_its_name_says(served: Served) -> None:
    query = "SELECT time_min, time_max FROM {table} WHERE obs_id = 'jno_wav_cdr_lesia_20200229'"
    # 2020-02-29 began at JD 2458908.5.
    assert tuple(served.query(query)[0]) == (2458908.5, 2458909.5)


def test_links_lead_to_files(served: Served) -> None:
    assert served.open_links("jno_wav_cdr_lesia_20170329_v02") == ["#this", "#preview"]
    assert served.open_links("jno_wav_cdr_lesia_20160518_v01") == ["#this"]


def test_the_versions_of_a_day_are_counterparts(served: Served) -> None:
    others = served.counterparts("jno_wav_cdr_lesia_20170329_v02")
    assert others == ["jno_wav_cdr_lesia_20170329_v01"]
