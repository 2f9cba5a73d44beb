"""Identifiers: safe in URLs, distinct, and stamps that are cut, not rounded."""

from __future__ import annotations

import datetime as dt
from urllib.parse import quote

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epnkit.mapping.identifiers import compact_time, identifier, refuse_duplicates, safe


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2005-04-02T01:35:03.999", "20050402_013503"),
        ("2005-04-02 01:35:03", "20050402_013503"),
        ("2005-04-02", "20050402_000000"),
        ("20050402_013503", "20050402_013503"),
        ("2024.06.28_00:00:00.000_TAI", "20240628_000000"),
        (dt.datetime(2022, 4, 19, 3, 55, 33, 999999), "20220419_035533"),
        (dt.date(2022, 4, 19), "20220419_000000"),
    ],
)
def test_stamps_are_cut_from_the_text(value: object, expected: str) -> None:
    assert compact_time(pl.Series([value])).values.to_list() == [expected]


def test_what_has_no_stamp_is_refused() -> None:
    outcome = compact_time(pl.Series(["MISSING", None]))
    assert outcome.values.to_list() == [None, None]
    assert "MISSING" in outcome.reasons[0]
    assert outcome.reasons[1] is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ar_20220419_035533_808_2610", "ar_20220419_035533_808_2610"),
        ("DEM-AIA-width_2023-06-14 23:34:51.622000", "DEM-AIA-width_2023-06-14_23-34-51.622000"),
        ("mK", "mK"),
        ("Nançay#1", "Nancay-1"),
        ("a/b?c", "a-b-c"),
    ],
)
def test_identifiers_are_made_safe(text: str, expected: str) -> None:
    assert safe(pl.Series([text])).values.to_list() == [expected]


@given(st.text())
def test_no_identifier_needs_an_escape(text: str) -> None:
    outcome = safe(pl.Series([text], dtype=pl.String))
    made = outcome.values[0]
    assert (made is None) == (outcome.reasons[0] is not None) or not text.strip()
    assert made is None or quote(made, safe="") == made


@given(st.lists(st.text(min_size=1), min_size=2, max_size=5, unique=True))
def test_distinct_identifiers_stay_distinct(texts: list[str]) -> None:
    made = safe(pl.Series(texts), distinct=True).values.drop_nulls()
    assert made.n_unique() == len(made)


def test_what_needs_no_change_is_not_changed() -> None:
    assert safe(pl.Series(["gris_20170929_011"]), distinct=True).values[0] == "gris_20170929_011"


def test_parts_are_joined_and_all_are_needed() -> None:
    outcome = identifier(
        pl.Series(["ar", "ar", "ar"]), pl.Series([436, None, 1]), pl.Series(["x", "y", " "])
    )
    assert outcome.values.to_list() == ["ar_436_x", None, None]
    assert outcome.reasons.to_list()[0] is None
    assert all("missing" in reason for reason in outcome.reasons.to_list()[1:])


def test_the_second_of_two_is_refused() -> None:
    outcome = refuse_duplicates(pl.Series(["a", "b", "a", None]))
    assert outcome.values.to_list() == ["a", "b", None, None]
    assert outcome.reasons.is_not_null().to_list() == [False, False, True, False]
