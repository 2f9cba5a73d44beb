"""Cutting a window: every record in exactly one part."""

from __future__ import annotations

import json
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epnkit.errors import SourceError
from epnkit.loading.parallel.windows import divide, window_from_json, window_to_json
from epnkit.sources.base import ALL, CursorValue, Window

#: Any value of a cursor, or none.
BOUNDS = st.one_of(
    st.none(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
    st.datetimes(),
    st.dates(),
)


def is_in(window: Window, value: CursorValue | None) -> bool:
    if value is None:
        return window.nulls
    low, high = window.low, window.high
    above = low is None or value > low or (window.low_closed and value == low)  # type: ignore[operator]
    below = high is None or value < high or (window.high_closed and value == high)  # type: ignore[operator]
    return above and below


@pytest.mark.parametrize(
    "window",
    [
        ALL,
        Window(low=3),
        Window(low=3, low_closed=False, nulls=False),
        Window(high=9, high_closed=True),
        Window(low=2, high=9, nulls=False),
    ],
)
@pytest.mark.parametrize("cuts", [[], [4], [4, 5, 8]])
def test_each_record_is_in_one_part_if_in_the_window(
    window: Window, cuts: list[CursorValue]
) -> None:
    parts = divide(window, cuts)
    assert len(parts) == len(cuts) + 1
    for value in [None, *range(12)]:
        assert sum(is_in(part, value) for part in parts) == is_in(window, value)


@pytest.mark.parametrize(
    "cuts",
    [[4, 5, 5], [8000, 1803016192, -1186918400], [datetime(2011, 1, 2), datetime(2011, 1, 1)]],
)
def test_cuts_that_do_not_ascend_would_read_records_twice(cuts: list[CursorValue]) -> None:
    with pytest.raises(SourceError, match=r"catalogue.*do not ascend.*without --jobs"):
        divide(ALL, cuts, "catalogue")


def test_the_order_of_texts_is_that_of_the_source() -> None:
    cuts: list[CursorValue] = ["a", "B", "c"]
    assert [part.low for part in divide(ALL, cuts)] == [None, *cuts]


@given(low=BOUNDS, high=BOUNDS, flags=st.tuples(*[st.booleans()] * 3))
def test_a_window_in_json_is_the_same_window(
    low: CursorValue | None, high: CursorValue | None, flags: tuple[bool, bool, bool]
) -> None:
    window = Window(low, high, low_closed=flags[0], high_closed=flags[1], nulls=flags[2])
    read = window_from_json(json.loads(json.dumps(window_to_json(window))))
    assert read == window
    assert [type(read.low), type(read.high)] == [type(low), type(high)]


def test_a_date_stays_a_date_and_a_time_a_time() -> None:
    window = Window(low=date(2011, 1, 1), high=datetime(2011, 1, 1, 0, 0, 0, 1))  # type: ignore[arg-type]
    assert window_from_json(window_to_json(window)) == window
