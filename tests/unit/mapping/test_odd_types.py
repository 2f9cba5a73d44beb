"""A record whose field is of another type than the mapping expects is refused, and no other is.

Sources find out the type of a field by looking at records: one list, or one text, among numbers
makes the field another one.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import pytest

from epnkit.mapping.date_parts import julian_date_of_parts
from epnkit.mapping.declare import Mapping, compute
from epnkit.mapping.identifiers import compact_time, identifier, safe, without_ending
from epnkit.mapping.numbers import round_to_single_precision
from epnkit.mapping.spectral import hertz
from epnkit.mapping.texts import clean, hash_list
from epnkit.mapping.times import (
    julian_date,
    julian_date_after,
    julian_date_of_date_and_time,
    julian_date_of_pair,
)
from epnkit.mapping.translations import translate

#: Fields of every type that a source may give, two records each.
FIELDS: dict[str, pl.Series] = {
    "lists": pl.Series("x", [[1.5], [2.5, 3.5]]),
    "lists of texts": pl.Series("x", [["a"], []]),
    "arrays": pl.Series("x", [[1, 2], None], dtype=pl.Array(pl.Int64, 2)),
    "bytes": pl.Series("x", [b"\x00\xff", b"12"]),
    "durations": pl.Series("x", [dt.timedelta(1), None]),
    "times of day": pl.Series("x", [dt.time(1, 2, 3), None]),
    "dates": pl.Series("x", [dt.date(2014, 5, 6), None]),
    "times": pl.Series("x", [dt.datetime(2014, 5, 6), None]),
    "far times": pl.Series("x", [2**62, -(2**62)]).cast(pl.Datetime("us")),
    "flags": pl.Series("x", [True, None]),
    "structs": pl.Series("x", [{"$date": 5}, None]),
    "nothing": pl.Series("x", [None, None]),
    "texts": pl.Series("x", ["abc", " 12 "]),
    "numbers in texts": pl.Series("x", ["1e400", "-1e31"]),
    "whole numbers": pl.Series("x", [2**62, -1]),
    "large numbers": pl.Series("x", [2**64 - 1, None], dtype=pl.UInt64),
    "special numbers": pl.Series("x", [float("nan"), float("-inf")]),
}

#: Every conversion of one field, and a column that takes it.
CONVERSIONS: dict[str, tuple[str, Any]] = {
    "as a number": ("time_exp_min", pl.col("x")),
    "as a whole number": ("processing_level", pl.col("x")),
    "as a text": ("target_name", pl.col("x")),
    "as a time": ("creation_date", pl.col("x")),
    "julian_date": ("time_min", compute(julian_date, "x", form="unix_seconds")),
    "pair": ("time_min", compute(julian_date_of_pair, "x", "x")),
    "date and time": ("time_min", compute(julian_date_of_date_and_time, "x", "x")),
    "parts": ("time_min", compute(julian_date_of_parts, "x", "x", "x", "x")),
    "after": ("time_max", compute(julian_date_after, pl.lit(2456048.5), "x")),
    "hertz": ("spectral_range_min", compute(hertz, "x", unit="nm")),
    "unit": ("spectral_range_min", compute(hertz, pl.lit(3.0), "x")),
    "clean": ("target_name", compute(clean, "x")),
    "clean or refuse": ("target_name", compute(clean, "x", control="refuse")),
    "translate": ("target_name", compute(translate, "x", words={"a": "Io"})),
    "without_ending": ("granule_uid", compute(without_ending, "x")),
    "hash_list": ("target_name", compute(hash_list, "x")),
    "safe": ("granule_uid", compute(safe, "x")),
    "identifier": ("granule_uid", compute(identifier, "x", "x")),
    "compact_time": ("granule_uid", compute(compact_time, "x")),
    "single precision": ("time_exp_min", compute(round_to_single_precision, "x")),
}


def holds_something(field: pl.Series) -> pl.Series:
    """Say where a field has a value: not null, no empty list, and no number that is none."""
    if isinstance(field.dtype, pl.List):
        return (field.list.len() > 0).fill_null(value=False)
    return (field.fill_nan(None) if field.dtype.is_float() else field).is_not_null()


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("conversion", CONVERSIONS)
def test_no_type_of_a_field_ends_a_run(field: str, conversion: str) -> None:
    column, value = CONVERSIONS[conversion]
    mapped = Mapping({column: value}).apply(FIELDS[field].to_frame())
    made = mapped.granules[column].drop_nulls()
    assert mapped.granules.height + mapped.refusals["record"].n_unique() == 2
    # Nothing is lost without a word.
    nulls = mapped.granules[column].is_null()
    assert not (nulls & holds_something(FIELDS[field]).gather(mapped.origin)).any()
    assert not made.dtype.is_float() or made.is_finite().all()
    if column.startswith("time_m"):
        assert made.is_between(1721425.5, 5373484.5).all(), made
    if column == "creation_date":
        assert made.dt.year().is_between(1, 9999).all(), made


def apply(column: str, *given: object) -> tuple[list[Any], list[str]]:
    """Take a field as it is; give the values of the granules, and the reasons of the others."""
    mapped = Mapping({column: pl.col("x")}).apply(pl.DataFrame([pl.Series("x", given)]))
    return mapped.granules[column].to_list(), mapped.refusals["reason"].to_list()


@pytest.mark.parametrize(
    ("column", "given", "made", "why"),
    [
        ("time_exp_min", ([1.5], [1.5, 2.0], []), [1.5, None], "[1.5, 2.0] is not a number"),
        ("time_exp_min", (" 12.5\0", "12,5"), [12.5], "'12,5' is not a number"),
        # A TIME column is no number of nanoseconds, and a date none of days.
        ("time_exp_min", (dt.time(0, 0, 30),), [], "00:00:30 is not a number"),
        ("time_exp_min", (dt.timedelta(seconds=30),), [], "is not a number"),
        ("time_exp_min", (dt.date(2014, 5, 6),), [], "2014-05-06 is not a number"),
        ("processing_level", (3.0, 3.7), [3], "3.7 is not a whole number"),
        ("processing_level", ("3 ", "x"), [3], "'x' is not a whole number"),
        ("target_name", (["Io"], ["Io", "Europa"]), ["Io"], "['Io', 'Europa'] is not one text"),
        ("target_name", (b"Io", b"\xff"), ["Io"], "is not one text"),
        (
            "creation_date",
            ("2014-05-06T07:08:09Z", "yesterday"),
            [dt.datetime(2014, 5, 6, 7, 8, 9)],
            "'yesterday' is not a time",
        ),
        ("creation_date", (20140506,), [], "20140506 is not a time"),
    ],
)
def test_a_field_taken_as_it_is_has_the_column_s_type(
    column: str, given: tuple[object, ...], made: list[Any], why: str
) -> None:
    values, reasons = apply(column, *given)
    assert [value for value in values if value is not None] == [v for v in made if v is not None]
    assert len(reasons) == 1
    assert why in reasons[0]


def test_a_time_outside_the_years_1_to_9999_is_refused_as_it_is() -> None:
    far = pl.DataFrame([FIELDS["far times"]])
    mapped = Mapping({"creation_date": pl.col("x")}).apply(far)
    assert mapped.granules.height == 0
    assert all("1 to 9999" in why for why in mapped.refusals["reason"])


@pytest.mark.parametrize(
    ("date", "time", "expected"),
    [
        # JD by astropy: 2014-05-06T07:08:09 is 2456783.797326389.
        ("2014-05-06 00:00:00", "07:08:09", 2456783.797326389),
        ("2014-05-06T00:00:00.000Z", "07:08:09", 2456783.797326389),
        (dt.datetime(2014, 5, 6), dt.time(7, 8, 9), 2456783.797326389),
        ("2014-05-06\0", "070809  ", 2456783.797326389),
        # The day has 86,401 seconds: Time("1998-12-31T07:00:00", scale="utc").jd.
        ("31/12/98", dt.timedelta(hours=7), 2451178.791663291),
        ("2014-05-06T12:00:00", "07:08:09", None),
        ("2014-05-06", 7, None),
        ("2014-05-06", 70809, None),
        ("9999-12-31", dt.timedelta(hours=25), None),
    ],
)
def test_dates_and_times_of_day_in_two_fields(
    date: object, time: object, expected: float | None
) -> None:
    made = julian_date_of_date_and_time(pl.Series([date]), pl.Series([time]))
    if expected is None:
        assert made.values.to_list() == [None]
        assert made.reasons[0]
    else:
        assert made.values[0] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("seconds", [-1e31, 1e12, float("inf"), float("nan")])
def test_an_end_that_fills_a_field_is_refused(seconds: float) -> None:
    made = julian_date_after(pl.Series([2456048.5]), pl.Series([seconds]))
    assert made.reasons[0]
    pair = julian_date_of_pair(pl.Series([seconds]), pl.Series([0.5]))
    assert pair.values.to_list() == [None]
    assert pair.reasons[0]


def test_milliseconds_that_are_too_many_are_refused_with_them() -> None:
    given = pl.Series([{"$date": {"$numberLong": "99999999999999999999"}}])
    made = julian_date(given)
    assert made.values.to_list() == [None]
    assert "99999999999999999999" in made.reasons[0]


def test_a_whole_number_is_not_rounded_to_single_precision() -> None:
    kept = round_to_single_precision(pl.Series([2**24 + 1, 2**40]))
    assert kept.values.to_list() == [16777217, 2**40]


def test_a_whole_number_does_not_depend_on_those_next_to_it() -> None:
    large = 2**53 + 1  # which a float does not hold
    for other in ("3.0", "", "x"):
        assert apply("processing_level", str(large), other)[0][0] == large
    assert apply("creation_date", [20140506])[1] == ["[20140506] is not a time"]


@pytest.mark.parametrize("several", [["2014-05-06", "2014-05-07"], ["07:08", "07:09"]])
def test_one_of_several_dates_or_times_of_day_is_not_chosen(several: list[str]) -> None:
    date, time = pl.Series([["2014-05-06"], several]), pl.Series([["07:08"], ["07:08"]])
    pairs = [(date, time)] if "-" in several[0] else [(pl.Series(["2014-05-06"] * 2), date)]
    for pair in pairs:
        made = julian_date_of_date_and_time(*pair)
        assert made.values[1] is None
        assert "is not one text" in made.reasons[1]
