"""Cutting a window: every record in exactly one part."""

from __future__ import annotations

import pytest

from epnkit.loading.prepare.windows import divide
from epnkit.sources.base import ALL, CursorValue, Window


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
