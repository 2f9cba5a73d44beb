"""Times of every form, against astropy and the dates of real observations."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import numpy as np
import polars as pl
import pytest
from astropy.time import Time
from hypothesis import given
from hypothesis import strategies as st

from epnkit.errors import MappingError
from epnkit.mapping.times import (
    Numbers,
    julian_date,
    julian_date_in_scale,
    julian_date_not_before,
    julian_date_of_date_and_time,
    julian_date_of_pair,
)

#: What "the same date" means, in days.
SAME = 1e-9

#: Texts and dates of observations, the dates as astropy computes them.
KNOWN = {
    "2005-05-01T07:46:55": 2453491.824247685,
    "2013-08-12 08:42:53": 2456516.863113426,
    "2005-04-02T01:35:03.426": 2453462.566011875,
    "2012-07-01T09:10:58.200Z": 2456109.882618056,
    "2007-12-21T11:44:13.005000+00:00": 2454455.989039410,
    "2016-01-30 22:47:06.03": 2457418.449375347,
    "2019-04-13T13:29:23.7": 2458587.062079861,
    "201504300000": 2457142.5,
    "20050501_074655": 2453491.824247685,
    "2005-121T07:46:55": 2453491.824247685,
    "2005-05-01T09:46:55+02:00": 2453491.824247685,
    "2005-04-30T23:46:55-0800": 2453491.824247685,
    "01-May-2005 07:46:55": 2453491.824247685,
    "1 may 2005T07:46:55Z": 2453491.824247685,
}


@pytest.mark.parametrize(("text", "expected"), KNOWN.items())
def test_texts_of_known_times(text: str, expected: float) -> None:
    outcome = julian_date(pl.Series([text]))
    assert abs(outcome.values[0] - expected) < SAME
    assert outcome.reasons.to_list() == [None]


@given(
    st.datetimes(dt.datetime(1972, 1, 2), dt.datetime(2024, 1, 1)),
    st.sampled_from(["T", " "]),
    st.sampled_from(["", "Z"]),
)
def test_any_text_gives_what_astropy_gives(moment: dt.datetime, mark: str, zone: str) -> None:
    text = moment.isoformat(sep=mark) + zone
    expected = Time(moment, scale="utc").jd
    assert abs(julian_date(pl.Series([text])).values[0] - expected) < SAME
    assert abs(julian_date(pl.Series([moment])).values[0] - expected) < SAME


@pytest.mark.parametrize(
    "text",
    [
        "2016-12-31T23:59:60",
        "2016-12-31T23:59:60.75",
        "2016-12-31T23:59:59.5",
        "2016-12-31T12:00:00",
        "1972-06-30T23:59:60",
        "2017-01-01T00:00:00",
    ],
)
def test_leap_seconds_have_dates_of_their_own(text: str) -> None:
    assert abs(julian_date(pl.Series([text])).values[0] - Time(text, scale="utc").jd) < SAME


def test_a_leap_second_is_kept_when_a_zone_is_taken_off() -> None:
    outcome = julian_date(pl.Series(["2017-01-01T00:59:60+01:00"]))
    assert abs(outcome.values[0] - Time("2016-12-31T23:59:60", scale="utc").jd) < SAME


@pytest.mark.parametrize(
    ("atomic", "utc"),
    [
        ("2024.06.28_00:00:00.000_TAI", "2024-06-27T23:59:23"),
        ("2011.02.15_04:00:00_TAI", "2011-02-15T03:59:26"),
        ("1999.01.01_00:00:31.500_TAI", "1998-12-31T23:59:60.5"),
        ("2024.06.28_00:00:00_UTC", "2024-06-28T00:00:00"),
    ],
)
def test_atomic_time_becomes_utc(atomic: str, utc: str) -> None:
    assert abs(julian_date(pl.Series([atomic])).values[0] - Time(utc, scale="utc").jd) < SAME


@pytest.mark.parametrize(
    "text",
    [
        "MISSING",
        "2020-02-30",
        "020-09-06T00:00:00",
        "2020-13-01",
        "2020-01-01T24:00:01",
        "2020-01-01T00:60:00",
        "2021-12-31T23:59:60",
        "2016-12-31T22:59:60",
        "2021-366T00:00:00",
        "12/08/2020",
    ],
)
def test_what_is_no_time_is_refused_with_its_text(text: str) -> None:
    outcome = julian_date(pl.Series([text, "2020-01-01"]))
    assert outcome.values.to_list() == [None, 2458849.5]
    assert text in outcome.reasons[0]
    assert outcome.reasons[1] is None


def test_nothing_given_is_nothing_refused() -> None:
    outcome = julian_date(pl.Series([None, "", "  "], dtype=pl.String))
    assert outcome.values.to_list() == [None] * 3
    assert outcome.reasons.to_list() == [None] * 3


@pytest.mark.parametrize(
    "value",
    [
        {"$date": 1444753935079},
        {"$date": {"$numberLong": "1444753935079"}},
        {"$date": "2015-10-13T16:32:15.079Z"},
        '{"$date": 1444753935079}',
        '{"$date": {"$numberLong": "1444753935079"}}',
        '{"$date": "2015-10-13T16:32:15.079Z"}',
        ["2015-10-13T16:32:15.079Z"],
    ],
)
def test_the_forms_of_mongodb_and_elasticsearch(value: object) -> None:
    expected = Time("2015-10-13T16:32:15.079", scale="utc").jd
    assert abs(julian_date(pl.Series([value])).values[0] - expected) < SAME


def test_numbers_mean_what_is_said_of_them() -> None:
    expected = Time("2015-10-13T16:32:15", scale="utc").jd
    assert abs(julian_date(pl.Series([1444753935]), "unix_seconds").values[0] - expected) < SAME
    ticks = pl.Series([1444753935000])
    assert abs(julian_date(ticks, "unix_milliseconds").values[0] - expected) < SAME
    assert julian_date(pl.Series([57308.25]), "modified_julian_date").values[0] == 2457308.75
    assert julian_date(pl.Series([2457308.75]), "julian_date").values[0] == 2457308.75


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("2458077.022488426", "julian_date"),
        ("58076.522488426", "modified_julian_date"),
        ("1511094743", "unix_seconds"),
        ("1511094743000", "unix_milliseconds"),
    ],
)
def test_numbers_in_texts_mean_what_is_said_of_them(text: str, form: Numbers) -> None:
    # Every value of a CSV is a text; 2017-11-19T12:32:23.
    assert abs(julian_date(pl.Series([text]), form).values[0] - 2458077.022488426) < 1e-8


@pytest.mark.parametrize("value", [1e9, -1.0, float("inf"), float("nan"), 5373484.5])
def test_a_number_outside_the_years_1_to_9999_is_refused(value: float) -> None:
    outcome = julian_date(pl.Series([value]), "julian_date")
    assert outcome.values.to_list() == [None]
    assert outcome.reasons[0]


def test_a_datetime_outside_the_years_1_to_9999_is_refused() -> None:
    far = pl.Series([np.datetime64("12000-01-01", "us")])
    outcome = julian_date(far)
    assert outcome.values.to_list() == [None]
    assert "1 to 9999" in outcome.reasons[0]


def test_a_field_may_name_the_scale() -> None:
    # astropy: Time("2014-05-01T07:08:45", scale="tai").utc.jd
    outcome = julian_date_in_scale(
        pl.Series(["2014-05-01T07:08:45"] * 3), pl.Series(["TAI", "LOCAL", None])
    )
    assert outcome.values[0] == pytest.approx(2456778.797337963, abs=SAME)
    assert outcome.values[1] is None
    assert "time scale" in outcome.reasons[1]
    assert outcome.values[2] == pytest.approx(2456778.797743056, abs=SAME)


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_datetimes_are_of_the_scale_that_a_field_names(unit: Literal["ms", "us", "ns"]) -> None:
    taken = pl.Series([dt.datetime(2014, 5, 1, 7, 8, 45)] * 3 + [None]).dt.cast_time_unit(unit)
    outcome = julian_date_in_scale(taken, pl.Series(["TAI", "LOCAL", None, None]))
    # As the text of the same time.
    assert outcome.values[0] == pytest.approx(2456778.797337963, abs=SAME)
    assert outcome.values[1] is None
    assert "time scale" in outcome.reasons[1]
    assert outcome.values[2] == pytest.approx(2456778.797743056, abs=SAME)
    assert (outcome.values[3], outcome.reasons[3]) == (None, None)


def test_the_first_of_several_times_is_of_the_scale_too() -> None:
    taken = pl.Series([[dt.datetime(2014, 5, 1, 7, 8, 45)], []])
    values = julian_date_in_scale(taken, pl.Series(["TAI", "TAI"])).values
    assert values[0] == pytest.approx(2456778.797337963, abs=SAME)
    assert values[1] is None


@pytest.mark.parametrize("scale", ["UTC", "TAI", "LOCAL"])
def test_of_datetimes_beyond_all_years_each_is_refused(scale: str) -> None:
    far = [-(2**62), -(10**17), 260_000_000_000_000_000, 2**62]
    given = pl.Series([0, *far]).cast(pl.Datetime("us"))
    outcome = julian_date_in_scale(given, pl.Series([scale] * 5))
    assert outcome.values[1:].null_count() == 4
    assert outcome.reasons[1:].null_count() == 0
    assert (outcome.values[0] is None) == (scale == "LOCAL")


def test_a_datetime_with_a_zone_is_in_utc_whatever_the_scale() -> None:
    taken = pl.Series([dt.datetime(2014, 5, 1, 9, 8, 45)]).dt.replace_time_zone("Europe/Paris")
    values = julian_date(taken, scale="TAI").values
    assert values[0] == pytest.approx(2456778.797743056, abs=SAME)


def test_numbers_of_which_nothing_is_said_are_refused() -> None:
    with pytest.raises(MappingError, match="nothing tells"):
        julian_date(pl.Series([1444753935]))


def test_a_pair_is_added() -> None:
    outcome = julian_date_of_pair(pl.Series([2453462, None]), pl.Series([0.566011875, 0.5]))
    assert outcome.values.to_list() == [2453462.566011875, None]
    assert outcome.reasons.to_list() == [None, None]


def test_a_pair_that_holds_no_number_is_refused() -> None:
    outcome = julian_date_of_pair(pl.Series(["2453462", "n/a"]), pl.Series([0.5, 0.5]))
    assert outcome.values.to_list() == [2453462.5, None]
    assert "n/a" in outcome.reasons[1]


def test_date_and_time_of_two_columns() -> None:
    expected = Time("2022-04-02T13:20:00.5", scale="utc").jd
    texts = julian_date_of_date_and_time(pl.Series(["2022-04-02"]), pl.Series([" 13:20:00.5"]))
    typed = julian_date_of_date_and_time(
        pl.Series([dt.date(2022, 4, 2)]), pl.Series([dt.time(13, 20, 0, 500000)])
    )
    assert abs(texts.values[0] - expected) < SAME
    assert abs(typed.values[0] - expected) < SAME


def test_times_of_day_of_mysql_come_as_durations() -> None:
    clock = pl.Series([dt.timedelta(hours=13, minutes=20, milliseconds=500), None])
    made = julian_date_of_date_and_time(pl.Series(["2022-04-02"] * 2), clock)
    assert made.values[0] == pytest.approx(2459672.055561343, abs=SAME)
    assert made.values[1] is None


def test_times_of_day_of_mysql_may_count_beyond_their_day() -> None:
    clock = pl.Series([dt.timedelta(hours=25), dt.timedelta(hours=-1)])
    made = julian_date_of_date_and_time(pl.Series(["2022-04-02", "2022-04-02"]), clock)
    # 2022-04-02 begins at JD 2459671.5.
    assert made.values.to_list() == pytest.approx([2459671.5 + 25 / 24, 2459671.5 - 1 / 24])
    absurd = julian_date_of_date_and_time(pl.Series(["2022-04-32"]), clock[:1])
    assert absurd.values[0] is None
    assert absurd.reasons[0]


def test_an_end_after_midnight_is_on_the_next_day() -> None:
    made = julian_date_not_before(pl.Series([10.25, 10.5, None]), pl.Series([10.75, 10.5, 10.0]))
    assert made.values.to_list() == [11.25, 10.5, None]


def test_dates_begin_at_midnight() -> None:
    assert julian_date(pl.Series([dt.date(2020, 1, 1), None])).values.to_list() == [2458849.5, None]


def test_many_times_come_out_in_their_order() -> None:
    moments = pl.datetime_range(
        dt.datetime(2016, 12, 30), dt.datetime(2017, 1, 2), "997s", eager=True
    )
    dates = julian_date(moments).values.to_numpy()
    assert np.all(np.diff(dates) > 0)
