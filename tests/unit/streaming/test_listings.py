"""Lists of files: times of their own for granules that begin together, whole in parts."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.streams import ADDRESS, MemoryIndex

from epnkit.streaming.index import MARGIN, Granule
from epnkit.streaming.listings import FilesFeed, floor_time, space_out
from epnkit.streaming.times import SECOND, parse_time

FIRST = parse_time("2016-12-30Z")

MILLISECOND = SECOND // 1000


def make_granules(milliseconds: list[int], long: int = 0) -> list[Granule]:
    """Make granules that begin so long after the first time, and are rounded as epn_core is."""
    starts = [FIRST + each * MILLISECOND - 20_000 for each in sorted(milliseconds)]
    return [
        Granule(f"g{number:04d}", start, start + long, f"{ADDRESS}{number}")
        for number, start in enumerate(starts)
    ]


def test_granules_that_begin_together_are_a_millisecond_apart() -> None:
    spaced = space_out(make_granules([0, 0, 1, 500, 500, 2000]))
    assert [(time - FIRST) / MILLISECOND for time, _ in spaced] == [0, 1, 2, 500, 501, 2000]


def test_too_many_for_a_second_are_a_nanosecond_apart() -> None:
    times = [time for time, _ in space_out(make_granules([0] * 1000 + [1, 1]))]
    assert np.diff(times[:1000]).tolist() == [1] * 999
    assert [time - FIRST for time in times[1000:]] == [MILLISECOND, MILLISECOND + 1]
    assert [time - FIRST for time, _ in space_out(make_granules([999, 999]))] == [
        999 * MILLISECOND,
        999 * MILLISECOND + 1,
    ]


@given(
    st.lists(st.integers(0, 4000), min_size=1, max_size=60),
    st.lists(st.integers(0, 4000), max_size=6),
    st.sampled_from([0, 3600 * SECOND]),
)
def test_parts_are_the_whole(starts: list[int], cuts: list[int], long: int) -> None:
    feed = FilesFeed("tower", MemoryIndex(make_granules(starts, long), MARGIN))
    extent = feed.measure()
    assert extent is not None
    last = max(extent.stop, FIRST + 5 * SECOND)
    whole = read(feed, FIRST, last)
    assert len(whole) == len(starts)
    assert all(one < other for one, other in pairwise(time for time, _ in whole))
    for (time, name), start in zip(whole, sorted(starts), strict=True):
        assert 0 <= time - (FIRST + start * MILLISECOND) < SECOND, name
    bounds = [FIRST, *(FIRST + cut * MILLISECOND for cut in sorted({*cuts} - {0})), last]
    assert [row for bound in pairwise(bounds) for row in read(feed, *bound)] == whole


@pytest.mark.parametrize("milliseconds", [0, 999, 1000])
def test_the_extent_holds_what_is_spaced_out(milliseconds: int) -> None:
    feed = FilesFeed("tower", MemoryIndex(make_granules([milliseconds] * 5), MARGIN))
    extent = feed.measure()
    assert extent is not None
    assert len(read(feed, extent.start, extent.stop)) == 5
    assert FilesFeed("tower", MemoryIndex([], MARGIN)).measure() is None


def read(feed: FilesFeed, start: int, stop: int) -> list[tuple[int, bytes]]:
    """Read times and identifiers."""
    return [
        row
        for block in feed.read(["granule_uid"], floor_time(start), stop)
        for row in zip(block.times.tolist(), block.columns[0].tolist(), strict=True)
    ]
