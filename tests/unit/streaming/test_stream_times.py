"""Times of requests and of answers, against numpy's and astropy's."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from astropy.time import Time
from hypothesis import given
from hypothesis import strategies as st

from epnkit.streaming.times import (
    SECOND,
    cut,
    cut_down,
    from_julian_date,
    from_tt2000,
    parse_time,
    step_up,
    time_length,
    to_julian_date,
    write_duration,
    write_time,
)

TIMES = st.integers(parse_time("1700-01-01Z"), parse_time("2199-12-31Z"))


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2016Z", "2016-01-01T00:00:00.000000000Z"),
        ("2016-02", "2016-02-01T00:00:00.000000000Z"),
        ("2016-060", "2016-02-29T00:00:00.000000000Z"),
        ("2016-060T23Z", "2016-02-29T23:00:00.000000000Z"),
        ("2016-02-29T23:59", "2016-02-29T23:59:00.000000000Z"),
        ("2016-02-29T23:59:58.1234567891234Z", "2016-02-29T23:59:58.123456789Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000000Z"),
        ("2016-12-31T23:59:60.5Z", "2017-01-01T00:00:00.000000000Z"),
        ("2016-12-31T24:00Z", "2017-01-01T00:00:00.000000000Z"),
        ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500000000Z"),
    ],
)
def test_restricted_times_are_read(text: str, same: str) -> None:
    assert write_time(parse_time(text), 9) == same


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Z",
        "16Z",
        "2016-13Z",
        "2016-02-30Z",
        "2015-366Z",
        "2016-000Z",
        "2016T12Z",
        "2016-02-01T25Z",
        "2016-02-01T24:01Z",
        "2016-02-01T23:60Z",
        "2016-02-01T23:59:61Z",
        "2016-02-01 12:00",
        "2016-02-01T12:00+01:00",
        "20160201",
        "now",
        "2016-02-01T12:00ZZ",
        "٢٠١٦-02-01Z",
        "2016-02-01\n",
    ],
)
def test_others_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_time(text)


@given(TIMES, st.sampled_from([0, 3, 6, 9]))
def test_what_is_written_is_read_as_the_same(time: int, digits: int) -> None:
    text = write_time(time, digits)
    assert len(text) == time_length(digits)
    assert parse_time(text) == cut(np.array([time]), digits)[0]


@given(st.integers(parse_time("1961Z"), parse_time("2025Z")))
def test_julian_dates_are_right_to_what_they_resolve(time: int) -> None:
    assert abs(from_julian_date(to_julian_date(time)) - time) <= 41_000
    assert to_julian_date(time) == pytest.approx(
        Time(np.datetime64(time, "ns").astype("M8[us]").astype(str), scale="utc").jd, abs=1.2e-5
    )


@given(TIMES, st.sampled_from([0, 3, 6]), st.integers(-40_000, 40_000))
def test_what_a_data_set_spans_holds_all_records(time: int, digits: int, rounded: int) -> None:
    record = int(cut(np.array([time]), digits)[0])
    last = step_up(time + rounded, digits)
    first = cut_down(time + rounded, digits)
    assert record < last
    # A whole second is taken for one.
    assert first <= record or first % SECOND == 0


def test_tt2000_is_utc_with_leap_seconds_at_the_end_of_their_day() -> None:
    from cdflib import cdfepoch

    texts = [
        "2016-12-31T23:59:59.500000000",
        "2016-12-31T23:59:60.500000000",
        "2017-01-01T00:00:00.000000001",
        "1979-03-05T12:00:00.000000000",
    ]
    values = np.array([cdfepoch.parse(text) for text in texts]).reshape(-1)
    assert [write_time(int(each), 9) for each in from_tt2000(values)] == [
        "2016-12-31T23:59:59.500000000Z",
        "2016-12-31T23:59:59.999999999Z",
        "2017-01-01T00:00:00.000000001Z",
        "1979-03-05T12:00:00.000000000Z",
    ]


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(seconds=0.1), "PT0.1S"),
        (timedelta(seconds=60), "PT60S"),
        (timedelta(days=31), "P31D"),
        (timedelta(0), "P0D"),
    ],
)
def test_durations_are_iso_8601(span: timedelta, text: str) -> None:
    assert write_duration(span) == text
