"""Times in the names of files; expected dates are of astropy, typed."""

from __future__ import annotations

import polars as pl
import pytest

from epnkit.mapping.named_times import Interval, named_interval, observed_interval

#: 2016-01-30T22:47 and 2016-01-31T06:45; 2012-06-28T20 (day 180); 2017-03-29; 1979-03-06.
NAMES = {
    "srn_nda_routine_jup_edr_201601302247_201601310645_V12.cdf": (2457418.449306, 2457418.78125),
    "R2012180.20": (2456107.333333, 2456107.375),
    "N3d_dsq2012181.00": (2456107.5, 2456107.541667),
    "jno_wav_cdr_lesia_20170329_v02.cdf": (2457841.5, 2457842.5),
    "WIN_RAD1_60S_19941114.B3E": (2449670.5, 2449671.5),
    "T790306.LBL": (2443938.5, 2443939.5),
    "J160131.RT1": (2457418.5, 2457419.5),
}


@pytest.mark.parametrize(("name", "expected"), NAMES.items())
def test_a_name_tells_its_interval(name: str, expected: tuple[float, float]) -> None:
    found = named_interval(pl.Series([name]))
    assert found.begin.values[0] == pytest.approx(expected[0], abs=1e-6)
    assert found.end.values[0] == pytest.approx(expected[1], abs=1e-6)
    assert found.begin.reasons[0] is None


@pytest.mark.parametrize("name", ["PRA_I.LBL", "a20171329_b", "x_201313302247_201601310645", ""])
def test_a_name_without_a_time_has_none(name: str) -> None:
    found = named_interval(pl.Series([name, "jno_20170329"]))
    assert found.begin.values[0] is None
    assert found.end.values[0] is None or name.startswith("x_")
    assert found.begin.values[1] == 2457841.5


def read_interval(first: str | None, last: str | None, name: str) -> Interval:
    kinds = [pl.Series([given], dtype=pl.String) for given in (first, last, name)]
    return observed_interval(*kinds)


def test_content_counts_before_the_name() -> None:
    found = read_interval("2016-01-30T22:47:06.030", "2016-01-31T06:45:58.680", next(iter(NAMES)))
    assert found.begin.values[0] == pytest.approx(2457418.449375347, abs=1e-9)
    assert found.end.values[0] == pytest.approx(2457418.781929167, abs=1e-9)
    assert found.begin.reasons[0] is None


def test_content_of_another_time_is_refused() -> None:
    found = read_interval("2012-180T22:00:00", "2012-180T22:59:45", "R2012181.00")
    assert found.begin.reasons[0] == "'R2012181.00' has content of another time"


def test_a_name_without_a_time_agrees_with_all() -> None:
    found = read_interval("1979-03-06T00:00:00", "1979-03-07T00:00:00", "PRA_I.LBL")
    assert found.begin.values[0] == 2443938.5
    assert found.begin.reasons[0] is None


def test_neither_is_refused() -> None:
    assert "is not a name with a time" in str(
        read_interval(None, None, "PRA_I.LBL").begin.reasons[0]
    )


def test_content_that_is_no_time_is_refused() -> None:
    assert "is not a time" in str(read_interval("UNK", None, "T790306.LBL").begin.reasons[0])


@pytest.mark.parametrize("name", ["R2013366.05", "R2013005.24", "a_20010229.dat", "T791332.LBL"])
def test_a_time_that_no_calendar_has_is_refused_whatever_the_content(name: str) -> None:
    found = read_interval("2013-01-05T07:00:00", "2013-01-05T08:00:00", name)
    assert "is not a name with a time" in str(found.begin.reasons[0])
