"""Every form of time that real catalogues use, against astropy and sunpy."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest
from astropy.time import Time
from hypothesis import given, settings
from hypothesis import strategies as st
from sunpy.time import parse_time as sunpy_parse_time
from sunpy.time.time import TIME_FORMAT_LIST

from epnkit.sources.values.times import to_naive_utc
from epnkit.times import SCALE_NAMES, DateOrder, Scale, parse_time, read_times

# astropy asks the network for newer leap seconds; there are none since 2017.
pytestmark = pytest.mark.filterwarnings("ignore:leap-second auto-update failed")

#: What "the same date" means, in days.
SAME = 1e-9

#: Texts and what they mean in ISO 8601 (UTC), typed from the documentation of who writes them.
FORMS = {
    "2017:11:19 12:32:23": "2017-11-19T12:32:23",  # EXIF 2.3
    "01-May-23 13:07:58.713": "2023-05-01T13:07:58.713",  # SolarSoft
    "11-DEC-96": "1996-12-11T00:00:00",  # SolarSoft, SOHO's early headers
    "2007-May-04 21:08": "2007-05-04T21:08:00",  # sunpy
    "2007:124:21:08:12": "2007-05-04T21:08:12",  # sunpy
    "2003-02-21T24:00:00": "2003-02-22T00:00:00",  # ISO 8601, SOHO/MDI
    "31/12/98": "1998-12-31T00:00:00",  # FITS before 2000
    "31/12/1998 23:59": "1998-12-31T23:59:00",
    "31.12.1998": "1998-12-31T00:00:00",
    "2014/05/06 07:08": "2014-05-06T07:08:00",
    "06-May-2014 07:08:09.5": "2014-05-06T07:08:09.5",
    "2014.05.06_07:08:44_TAI": "2014-05-06T07:08:09",  # JSOC: TAI was 35 s ahead
    "2014-05-06T07:08:09 ": "2014-05-06T07:08:09",  # CHAR(n)
    "2014-05-06T07:08:09(UTC)": "2014-05-06T07:08:09",
    "Tue, 06 May 2014 07:08:09 GMT": "2014-05-06T07:08:09",  # RFC 5322
    "Tue May  6 07:08:09 2014": "2014-05-06T07:08:09",  # asctime
    "May 6, 2014 07:08": "2014-05-06T07:08:00",
    "2014 05 06 0708": "2014-05-06T07:08:00",  # SWPC
    "20140506T070809.25Z": "2014-05-06T07:08:09.25",
    "2014126": "2014-05-06T00:00:00",
    "2014-05-06T07": "2014-05-06T07:00:00",
    "2014-05-06T09:08:09+02:00": "2014-05-06T07:08:09",
    "2014-05-05T21:08:09-1000": "2014-05-06T07:08:09",
    "2014-05-06t07:08:09z": "2014-05-06T07:08:09",  # RFC 3339, section 5.6
    "2014-05-06Z": "2014-05-06T00:00:00",  # XML Schema's date
    "2014-05-06T070809": "2014-05-06T07:08:09",
    "2014-05-06T07-08-09.5": "2014-05-06T07:08:09.5",  # in names of files
    "2014_05_06_07-08-09": "2014-05-06T07:08:09",
    "20140506-070809": "2014-05-06T07:08:09",
    "2014:05:06:07:08:09": "2014-05-06T07:08:09",
    "May  6 2014  7:08PM": "2014-05-06T19:08:00",  # SQL Server
    "5/16/2014 12:08:09 AM": "2014-05-16T00:08:09",  # spreadsheets
    "2014-05-16 12:08 p.m.": "2014-05-16T12:08:00",
    "2014.05.06_07:09:16.184_TDT": "2014-05-06T07:08:09",  # TT is ahead of TAI by 32.184 s
    "2014-05-06T07:08:44 IAT": "2014-05-06T07:08:09",  # FITS 4.0, table 30: TAI
    "2014-05-06T07:08:09\0\0\0": "2014-05-06T07:08:09",  # filled up by a program in C
    "\u00a02014-05-06T07:08:09 \0": "2014-05-06T07:08:09",
}


@pytest.mark.parametrize(("text", "expected"), FORMS.items())
def test_forms_of_real_catalogues(text: str, expected: str) -> None:
    reading = read_times(pl.Series([text]))
    assert reading.problems.to_list() == [None]
    assert abs(reading.times.julian_date[0] - Time(expected, scale="utc").jd) < SAME


@pytest.mark.parametrize("form", TIME_FORMAT_LIST)
@settings(max_examples=20)
@given(st.datetimes(dt.datetime(1972, 1, 2), dt.datetime(2024, 1, 1)))
def test_every_form_of_sunpy_is_read_as_sunpy_reads_it(form: str, time: dt.datetime) -> None:
    text = time.strftime(form)
    reading = read_times(pl.Series([text]))
    assert reading.problems.to_list() == [None], text
    assert abs(reading.times.julian_date[0] - sunpy_parse_time(text).utc.jd) < SAME


@settings(max_examples=30)
@pytest.mark.parametrize("name", sorted({*SCALE_NAMES.values()} - {"GPS"}))
@given(st.datetimes(dt.datetime(1972, 7, 2), dt.datetime(2024, 1, 1)))
def test_every_scale_is_converted_as_astropy_converts_it(name: Scale, time: dt.datetime) -> None:
    text = time.isoformat()
    ours = read_times(pl.Series([text]), scale=name).times
    theirs = Time(text, scale=name.lower()).utc
    apart = (ours.midnight[0] - theirs.jd1) + (ours.fraction[0] - theirs.jd2)
    assert abs(apart) * 86400 < 1e-5


@pytest.mark.parametrize("order", [None, "DMY"])
def test_repeated_texts_are_read_as_each_alone(order: DateOrder | None) -> None:
    texts = [*FORMS, None, "", "no time", "05/06/1998"]
    repeated, once = (
        read_times(pl.Series(texts * count, dtype=pl.String), "TAI", order) for count in (3, 1)
    )
    for found, wanted in (
        (repeated.times.midnight, once.times.midnight),
        (repeated.times.fraction, once.times.fraction),
    ):
        np.testing.assert_array_equal(found, np.tile(wanted, 3))
    assert repeated.problems.to_list() == once.problems.to_list() * 3


def test_gps_time_is_19_seconds_after_tai() -> None:
    # astropy: Time(1000000000, format="gps").utc.iso is 2011-09-14 01:46:25.
    reading = read_times(pl.Series(["2011-09-14T01:46:40"]), scale="GPS")
    assert reading.times.julian_date[0] == pytest.approx(Time("2011-09-14T01:46:25").jd, abs=SAME)


@given(st.datetimes(dt.datetime(1972, 1, 2), dt.datetime(2024, 1, 1)))
def test_terrestrial_time_is_that_of_astropy(time: dt.datetime) -> None:
    theirs = Time(time.isoformat(), scale="utc").tt
    ours = read_times(pl.Series([time.isoformat()])).times.tt_since_j2000[0]
    assert abs(ours - ((theirs.jd1 - 2451545.0) + theirs.jd2)) * 86400 < 1e-5


@pytest.mark.parametrize("text", ["05/06/1998", "05/06/98", "05.06.1998", "5-6-1998"])
def test_a_day_that_could_be_a_month_is_refused_unless_the_order_is_declared(text: str) -> None:
    assert "day/month or month/day" in read_times(pl.Series([text])).problems[0]
    dates = [
        read_times(pl.Series([text]), order=order).times.julian_date[0] for order in ("DMY", "MDY")
    ]
    assert dates == [Time("1998-06-05").jd, Time("1998-05-06").jd]


def test_a_declared_order_is_kept_to() -> None:
    assert read_times(pl.Series(["12/31/1998"]), order="DMY").problems[0] == "is not a time"


@pytest.mark.parametrize(
    "text",
    [
        "2014-05-06T07:08:09+99:00",
        "2014-05-06T07:08:09+02:75",
        "0000-01-01",
        "12000-01-01",
        "-2014-05-06",
        "2014-00-06",
        "1908-05-00",
        "2008-02-30",
        "2014-05",
        "2014",
        "2021-12-31T23:59:60",
        "2014-05-06T24:00:01",
        "2014-05-06T07:60",
        "31-Foo-2014",
        "2014-W19-2",
        "2014-05-06+02:00",
        "2014-05-06T07:08:09+15:00",
        "2014-05-06 13:08 PM",
        "2014-05-06 00:08 AM",
        "2014-05-06 24:00 AM",
        "2014-05-06T07-08-61",
        "98-12-31",
        "1400000000",
        "infinity",
        "nan",
        "\x00",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    reading = read_times(pl.Series([text, "2014-05-06"]))
    assert reading.problems.to_list() == ["is not a time", None]
    with pytest.raises(ValueError, match="is not a time"):
        parse_time(text)


@given(st.text(max_size=30))
def test_no_text_raises(text: str) -> None:
    reading = read_times(pl.Series([text], dtype=pl.String))
    assert len(reading.problems) == 1


@given(st.datetimes(dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31)))
def test_one_text_is_read_as_the_datetime_that_wrote_it(time: dt.datetime) -> None:
    assert parse_time(time.isoformat()) == time


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59.9999999", "0001-01-01T00:00:00+01:00"])
def test_one_text_beyond_what_a_datetime_holds_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="time"):
        parse_time(text)
    with pytest.raises(ValueError, match="time"):
        to_naive_utc(text)


@given(
    st.datetimes(dt.datetime(1972, 1, 2), dt.datetime(2024, 1, 1)),
    st.sampled_from(["-", "", "/", ".", ":", "_"]),
    st.sampled_from(["T", " ", "", "_", "+", "x"]),
    st.sampled_from([":", "", "-", "."]),
    st.sampled_from(["", "%S", "%S.%f", "%S.%f123"]),
    st.sampled_from(["", "Z", "z", "+02:00", "-0300", "+15:00", " UTC", "_TAI"]),
)
def test_sources_read_a_text_as_mappings_do(
    time: dt.datetime, dash: str, mark: str, colon: str, seconds: str, zone: str
) -> None:
    clock = colon.join(["%H", "%M", *([seconds] if seconds else [])])
    text = time.strftime(f"%Y{dash}%m{dash}%d{mark}{clock}") + zone
    try:
        found = to_naive_utc(text)
    except ValueError:
        assert read_times(pl.Series([text])).problems[0] is not None
    else:
        assert found == parse_time(text)


def test_days_are_read_as_mappings_read_them() -> None:
    texts = ["2014-05-06", "20140506", "2014126", "2014-126", "6-May-2014"]
    assert {to_naive_utc(text) for text in texts} == {dt.datetime(2014, 5, 6)}


def test_a_leap_second_has_no_datetime() -> None:
    with pytest.raises(ValueError, match="leap second"):
        parse_time("2016-12-31T23:59:60")
    assert parse_time("2017.01.01_00:00:37_TAI") == dt.datetime(2017, 1, 1)


@given(
    st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30)),
    st.sampled_from(["", ".5", ".1234567", ".999999999", ".123456789"]),
    st.sampled_from(["", "Z", "+0200", "-03:30", "+1300"]),
)
def test_the_quick_way_reads_as_the_other_does(time: dt.datetime, fraction: str, zone: str) -> None:
    text = f"{time:%H:%M:%S}{fraction}{zone}"
    text = f"{time.year:04}-{time.month:02}-{time.day:02}T{text}"
    assert to_naive_utc(text) == parse_time(text)
