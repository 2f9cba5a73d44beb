"""Times in the forms that catalogues write: parts, fractions, figures, days of the year, sides."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from epnkit.drafts.inspect.sample import Sample
from epnkit.drafts.propose.code import COMPUTE
from epnkit.drafts.propose.draft import Draft, propose
from epnkit.mapping import (
    julian_date,
    julian_date_after,
    julian_date_in_scale,
    julian_date_not_before,
    julian_date_of_date_and_time,
    julian_date_of_parts,
)
from epnkit.mapping.declare import compute, evaluate

COUNT = 24

#: 1998-03-04T00:00:00 as a Julian date.
MIDNIGHT = 2450876.5

NAMES = {
    "pl": pl,
    COMPUTE: compute,
    "julian_date": julian_date,
    "julian_date_after": julian_date_after,
    "julian_date_in_scale": julian_date_in_scale,
    "julian_date_not_before": julian_date_not_before,
    "julian_date_of_date_and_time": julian_date_of_date_and_time,
    "julian_date_of_parts": julian_date_of_parts,
}


def sample(**columns: Any) -> Sample:
    """Make records that have an identifier next to some columns; one value is that of all."""
    given = {k: v if isinstance(v, list) else [v] * COUNT for k, v in columns.items()}
    records = pl.DataFrame({"event_id": [f"e{n}" for n in range(COUNT)], **given})
    return Sample("sql", records, COUNT)


def first(draft: Draft, of: Sample, column: str) -> float:
    """Give the first value of a column, by the value that is declared and by its code."""
    proposal = draft.of(column)
    assert proposal is not None
    value = read_first(proposal.value.value, of)
    code = eval(proposal.value.code, dict(NAMES))  # noqa: S307 - what a draft writes
    assert read_first(code, of) == value
    return value


def read_first(declared: Any, of: Sample) -> float:
    made = evaluate(declared, of.records)
    value: float = (made if isinstance(made, pl.Series) else made.values)[0]
    return value


@pytest.mark.parametrize(
    ("columns", "day"),
    [
        ({"yr": 1998, "mo": 3, "dd": [4.25 + n / 100 for n in range(COUNT)]}, 0.25),
        ({"obs": [f"1998 03 {4.25 + n / 100:06.3f}" for n in range(COUNT)]}, 0.25),
        ({"year": 1998, "doy": [63.5 + n / 100 for n in range(COUNT)]}, 0.5),
        ({"year": 1998, "doy": 63, "start_hhmm": [615 + n for n in range(COUNT)]}, 0.260416667),
        ({"date": "1998-03-04", "ut": [f"06{15 + n}" for n in range(COUNT)]}, 0.260416667),
        ({"date": "1998-03-04", "ut_hours": [6.25 + n / 10 for n in range(COUNT)]}, 0.260416667),
        ({"date": "1998-03-04", "time": "06:15:00"}, 0.260416667),
        ({"start_date": [f"{4 + n}/03/1998" for n in range(COUNT)]}, 0.0),
        ({"start_date": [f"3/{4 + n}/1998 12:00" for n in range(COUNT)]}, 0.5),
        ({"start_date": "1998 Mar 04"}, 0.0),
        ({"begin": "1998-03-04T12:00:00"}, 0.5),
        ({"dateut": "1998-03-04", "timeut": "12:00"}, 0.5),
    ],
)
def test_a_start_is_read(columns: dict[str, Any], day: float) -> None:
    records = sample(**columns)
    made = first(propose(records, "x"), records, "time_min")
    assert made == pytest.approx(MIDNIGHT + day, abs=1e-6)


def test_two_figures_of_a_day_of_the_year_make_both_ends() -> None:
    records = sample(
        year=1998, day_of_year=63, StartHHMM=[1207 + n for n in range(COUNT)], StopHHMM=1307
    )
    draft = propose(records, "x")
    assert first(draft, records, "time_min") == pytest.approx(MIDNIGHT + 0.504861111, abs=1e-6)
    assert first(draft, records, "time_max") == pytest.approx(MIDNIGHT + 0.546527778, abs=1e-6)


@pytest.mark.parametrize(
    "day",
    [
        {"year": 1998, "doy": 63},
        {"date": "1998-03-04"},
        {"date": "1998-03-04", "year": 1998, "doy": 63},
        {"DATE-OBS": "1998-03-04", "TIMESYS": "TT"},
    ],
)
def test_an_end_after_midnight_is_on_the_next_day(day: dict[str, Any]) -> None:
    starts = [f"{hour}:50" for hour in (10, 23)] * (COUNT // 2)
    ends = [f"{hour}:10" for hour in (11, "00")] * (COUNT // 2)
    records = sample(**day, start_time=starts, end_time=ends)
    draft = propose(records, "x")
    start, end = draft.of("time_min"), draft.of("time_max")
    assert start is not None
    assert end is not None
    first(draft, records, "time_max")
    low, high = (evaluate(each.value.value, records.records).values for each in (start, end))
    assert (high - low).to_list() == pytest.approx([20 / 1440] * COUNT, abs=1e-6)
    assert end.confidence == min(start.confidence, 0.92)


def test_an_end_with_a_day_of_its_own_stays_on_it() -> None:
    records = sample(
        start_year=1998,
        start_doy=63,
        end_year=1998,
        end_doy=64,
        start_time="23:50",
        end_time="23:10",
    )
    end = propose(records, "x").of("time_max")
    assert end is not None
    assert end.fields == ("end_year", "end_doy", "end_time")
    assert read_first(end.value.value, records) == pytest.approx(MIDNIGHT + 1.965277778, abs=1e-6)


def test_the_parts_of_both_ends_may_be_named_for_the_least_and_the_most() -> None:
    low, high = ({f"{part}_{end}": n for part, n in parts.items()} for end, parts in PARTS.items())
    records = sample(**low, **high)
    draft = propose(records, "x")
    assert first(draft, records, "time_min") == pytest.approx(MIDNIGHT, abs=1e-6)
    assert first(draft, records, "time_max") == pytest.approx(MIDNIGHT + 1.25, abs=1e-6)


#: The parts of the two ends.
PARTS = {
    "min": {"year": 1998, "month": 3, "day": 4, "hour": 0},
    "max": {"year": 1998, "month": 3, "day": 5, "hour": 6},
}


def test_dates_that_may_be_either_way_are_not_read() -> None:
    records = sample(start_date=[f"{1 + n % 12:02}/03/1998" for n in range(COUNT)])
    assert propose(records, "x").of("time_min") is None


@pytest.mark.parametrize("name", ["local_time", "sidereal_time", "exposure_time"])
def test_other_clocks_are_no_times_of_day(name: str) -> None:
    records = sample(date="1998-03-04", **{name: [6.25 + n / 10 for n in range(COUNT)]})
    proposal = propose(records, "x").of("time_min")
    assert proposal is not None
    assert proposal.fields == ("date",)


def test_what_is_years_later_is_no_end() -> None:
    records = sample(
        start_time=[f"1998-03-{4 + n:02}T00:00:00" for n in range(COUNT)],
        last_checked_on=[f"2015-03-{4 + n:02}T00:00:00" for n in range(COUNT)],
        exposure_s=864.0,
    )
    draft = propose(records, "x")
    assert first(draft, records, "time_max") == pytest.approx(MIDNIGHT + 0.01, abs=1e-9)


def test_where_there_is_no_end_the_start_is_it_and_a_date_has_its_time_of_day() -> None:
    half = COUNT // 2
    records = sample(
        **{
            "DATE-OBS": ["1998-03-04T12:00:00"] * half + ["1998-03-04"] * half,
            "DATE_BEG": [*["1998-03-04T12:00:00"] * (half - 1), *[None] * (half + 1)],
            "TIME-OBS": [*[None] * half, *["18:00:00"] * half],
            "DATE-END": [*["1998-03-04T12:00:10"] * 5, *[None] * (COUNT - 5)],
        }
    )
    records.records[COUNT - 1, "DATE-OBS"] = None
    records.records[COUNT - 1, "DATE_BEG"] = "1998-03-04T12:00:00"
    draft = propose(records, "x")
    start, end = draft.of("time_min"), draft.of("time_max")
    assert start is not None
    assert end is not None
    made = evaluate(start.value.value, records.records).values
    assert made[half] == MIDNIGHT + 0.75
    ends = evaluate(end.value.value, records.records).values
    assert ends[0] == pytest.approx(MIDNIGHT + 0.5 + 10 / 86400, abs=1e-9)
    assert ends[half] == MIDNIGHT + 0.75
    assert not start.sure
    assert not end.sure
    assert first(draft, records, "time_max") == ends[0]


def test_minutes_and_a_least_duration_are_distinguished() -> None:
    records = sample(start="1998-03-04T00:00:00", exposure_min=2.0)
    assert first(propose(records, "x"), records, "time_max") == pytest.approx(
        MIDNIGHT + 120 / 86400, abs=1e-9
    )
    records = sample(start="1998-03-04T00:00:00", exposure_min=2.0, exposure_max=8.0)
    draft = propose(records, "x")
    low, high = draft.of("time_exp_min"), draft.of("time_exp_max")
    assert low is not None
    assert high is not None
    assert (low.fields, high.fields) == (("exposure_min",), ("exposure_max",))


def test_exposures_that_make_the_ends_are_not_longer_than_the_observations() -> None:
    times = [f"1998-03-{4 + n % 20:02}T00:00:{n:02}" for n in range(COUNT)]
    exposures = [119.9986 + n for n in range(COUNT)]
    records = sample(ut_datetime=times, exposure_time=exposures)
    assert first(propose(records, "x"), records, "time_exp_min") == 119.9986


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2007:124:21:08:12", 2454225.380694),
        ("31/12/98", 2451178.5),
        ("2017:11:19 12:32:23", 2458077.022488),
    ],
)
def test_dates_of_old_headers_are_dates(text: str, day: float) -> None:
    """Forms that public reports of bugs name; by FITS 4.0, 4.4.2.1, two digits are of 19xx."""
    given = sample(date_obs=text)
    assert first(propose(given, "x"), given, "time_min") == pytest.approx(day, abs=1e-5)
