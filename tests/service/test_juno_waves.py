"""Juno/Waves through real CDF files and DaCHS: its rows, its links and their files."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from epnkit.deploy.dachs import Dachs
from tests.served import Served, brought_up


@pytest.fixture(scope="module")
def served(dachs: Dachs, serving: str) -> Iterator[Served]:
    with brought_up(dachs, serving, "juno_waves") as up:
        yield up


def test_it_is_as_it_should_be(served: Served) -> None:
    served.check_itself(tests=4)
    served.check_rules()
    served.check_record()
    served.open_sample()


def test_every_day_is_a_granule_or_refused(served: Served) -> None:
    kinds = served.ask("SELECT granule_gid, COUNT(*) AS n FROM {table} GROUP BY granule_gid")
    assert dict(kinds.iterrows()) == {"jno_wav_cdr_lesia v01": 500, "jno_wav_cdr_lesia v02": 531}
    assert [key[-16:] for key in served.refused()] == [
        "20200226_v02.cdf", "20200228_v02.cdf", "sia_2020_v02.cdf"
    ]  # fmt: skip


def test_a_day_without_times_lasts_as_its_name_says(served: Served) -> None:
    query = "SELECT time_min, time_max FROM {table} WHERE obs_id = 'jno_wav_cdr_lesia_20200229'"
    # 2020-02-29 began at JD 2458908.5.
    assert tuple(served.ask(query)[0]) == (2458908.5, 2458909.5)


def test_links_lead_to_files(served: Served) -> None:
    assert served.opened("jno_wav_cdr_lesia_20170329_v02") == ["#this", "#preview"]
    assert served.opened("jno_wav_cdr_lesia_20160518_v01") == ["#this"]


def test_the_versions_of_a_day_are_counterparts(served: Served) -> None:
    others = served.counterparts("jno_wav_cdr_lesia_20170329_v02")
    assert others == ["jno_wav_cdr_lesia_20170329_v01"]
