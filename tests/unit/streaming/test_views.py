"""Views: the same with kept reductions and without, right after changes, and right by hand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.streams import (
    ADDRESS,
    DAY,
    HOUR,
    MemoryIndex,
    make_archive,
    make_feeds,
    minutes,
    write_spectra,
)

from epnkit.streaming.blocks import Block
from epnkit.streaming.datasets import DataSetFeed
from epnkit.streaming.index import Granule
from epnkit.streaming.pyramid import Pyramid
from epnkit.streaming.readers.base import DamagedFileError
from epnkit.streaming.reduce import (
    Reduced,
    base_level,
    channel_centers,
    coarsen,
    join,
    make_regrid,
    reduce_blocks,
    step_of,
)
from epnkit.streaming.times import parse_time
from epnkit.streaming.views import View, keep_reductions, make_view

LEVELS = (14, 15, 17, 20)


@pytest.fixture
def feed(tmp_path: Path) -> DataSetFeed:
    return make_feed(tmp_path, make_archive(tmp_path, 6))


@pytest.fixture
def pyramid(tmp_path: Path) -> Iterator[Pyramid]:
    with closing(Pyramid(tmp_path / "p.sqlite")) as kept:
        yield kept


def make_feed(directory: Path, index: MemoryIndex) -> DataSetFeed:
    found = make_feeds(directory, index)["spectra"]
    assert isinstance(found, DataSetFeed)
    return found


def view(feed: DataSetFeed, level: int, pyramid: Pyramid | None, days: int = 6) -> View:
    start = parse_time(DAY)
    return make_view(
        feed, feed.dataset.variables[0], start, start + days * 24 * HOUR, level, pyramid
    )


def assert_equal(one: View, other: View) -> None:
    for name in ("steps", "total", "peak", "count"):
        np.testing.assert_array_equal(getattr(one.reduced, name), getattr(other.reduced, name))


@pytest.mark.parametrize("level", LEVELS)
def test_kept_reductions_give_the_same_to_the_last_bit(
    feed: DataSetFeed, pyramid: Pyramid, tmp_path: Path, level: int
) -> None:
    without = view(feed, level, None)
    assert_equal(view(feed, level, pyramid), without)
    # Now they are kept, and the files are not needed any more.
    for day in range(6):
        times = (tmp_path / f"s{day}.cdf").stat()
        content = (tmp_path / f"s{day}.cdf").read_bytes()
        (tmp_path / f"s{day}.cdf").write_bytes(b"\0" * len(content))
        os.utime(tmp_path / f"s{day}.cdf", ns=(times.st_atime_ns, times.st_mtime_ns))
    assert_equal(view(feed, level, pyramid), without)
    for other in LEVELS:
        view(feed, other, pyramid)
    with pytest.raises(DamagedFileError):
        view(feed, level, None)


def test_what_is_reduced_ahead_is_what_views_take(
    feed: DataSetFeed, pyramid: Pyramid, tmp_path: Path
) -> None:
    flux = feed.dataset.variables[0]
    without = view(feed, 16, None)
    (tmp_path / "s3.cdf").rename(tmp_path / "away")
    assert list(keep_reductions(feed, flux, pyramid)) == [True, True, True, False, True, True]
    (tmp_path / "away").rename(tmp_path / "s3.cdf")
    assert list(keep_reductions(feed, flux, pyramid)) == [True] * 6
    stamps = {path: path.stat() for path in tmp_path.glob("s*.cdf")}
    for path, seen in stamps.items():
        path.write_bytes(bytes(seen.st_size))
        os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    assert_equal(view(feed, 16, pyramid), without)


def test_a_file_that_changed_is_reduced_again(
    feed: DataSetFeed, pyramid: Pyramid, tmp_path: Path
) -> None:
    before = view(feed, 16, pyramid)
    write_spectra(tmp_path / "s2.cdf", minutes(2), 5)
    after = view(feed, 16, pyramid)
    assert_equal(after, view(feed, 16, None))
    assert not np.array_equal(before.reduced.total, after.reduced.total)


def test_records_of_files_that_overlap_count_once(pyramid: Pyramid, tmp_path: Path) -> None:
    index = make_archive(tmp_path, 1)
    write_spectra(tmp_path / "over.cdf", minutes(0)[1000:] + minutes(1)[:1000], 1000)
    first = index.granules[0]
    index.granules.append(
        Granule(
            "sover", first.start + 1000 * 60 * 10**9, first.start + 40 * HOUR, f"{ADDRESS}over.cdf"
        )
    )
    feed = make_feed(tmp_path, index)
    made = view(feed, 15, pyramid)
    assert made.reduced.count[:, 1].sum() == 2440
    assert_equal(made, view(feed, 15, pyramid))
    assert_equal(made, view(feed, 15, None))


def test_steps_finer_than_those_that_are_kept_are_read_from_files(feed: DataSetFeed) -> None:
    assert base_level(60.0) == 14
    fine = view(feed, 7, None, days=1)
    assert fine.reduced.steps[0] == parse_time(DAY) // step_of(7)
    assert fine.reduced.count[:, 1].sum() == 1440


@given(
    st.lists(
        st.tuples(st.integers(-(10**11), 10**11), st.one_of(st.just(-1e31), st.floats(-1e6, 1e6))),
        min_size=1,
        max_size=200,
    ),
    st.integers(-3, 6),
    st.integers(1, 20),
)
def test_reductions_are_those_of_each_step(
    records: list[tuple[int, float]], level: int, size: int
) -> None:
    times = np.array(sorted(time for time, _ in records))
    values = np.array([value for _, value in records])[:, None]
    blocks = [
        Block(times[n : n + size], (values[n : n + size],)) for n in range(0, len(times), size)
    ]
    made = reduce_blocks(blocks, level)
    assert made.steps.tolist() == sorted({*(times // step_of(level)).tolist()})
    for row, step in enumerate(made.steps):
        inside = values[(times // step_of(level) == step)[:, None] & (values != -1e31)]
        assert made.count[row, 0] == len(inside)
        if len(inside):
            assert made.greatest[row, 0] == inside.max()
            np.testing.assert_allclose(made.total[row, 0], inside.sum(), rtol=1e-9, atol=1e-6)
        else:
            assert np.isnan(made.average[row, 0])
    coarse = coarsen(made, 2)
    np.testing.assert_array_equal(coarse.steps, np.unique(made.steps // 4))
    np.testing.assert_array_equal(coarse.count.sum(), made.count.sum())
    np.testing.assert_array_equal(join([made]).total, made.total)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=60), st.integers(1, 3))
def test_joined_rows_are_those_of_each_step(steps: list[int], width: int) -> None:
    ordered = np.array(sorted(steps))
    values = np.arange(len(steps) * width, dtype=float).reshape(-1, width) ** 1.5
    parts = [
        Reduced(ordered[n : n + 1], row, -row, np.ones((1, width), np.int64))
        for n, row in enumerate(values[:, None, :])
    ]
    made = join(parts)
    assert made.steps.tolist() == sorted({*steps})
    for row, step in enumerate(made.steps):
        inside = values[ordered == step]
        np.testing.assert_allclose(made.total[row], inside.sum(axis=0), rtol=1e-12)
        np.testing.assert_array_equal(made.peak[row], (-inside).max(axis=0))
        assert (made.count[row] == len(inside)).all()


def test_spectra_of_changing_frequencies_get_channels() -> None:
    centers = channel_centers((1.0, 1000.0))
    regrid = make_regrid((1.0, 1000.0))
    axis = np.array([[centers[0], centers[100], 1000.0, 2000.0], [centers[100]] * 2 + [-1e31] * 2])
    values = np.array([[1.0, 2.0, 3.0, 4.0], [10.0, 20.0, -1e31, -1e31]])
    (made,) = regrid(Block(np.array([1, 2]), (axis, values))).columns
    assert made.shape == (2, len(centers))
    assert (made[0, 0], made[0, 100], made[0, -1], made[1, 100]) == (1.0, 2.0, 3.0, 15.0)
    assert (made != -1e31).sum() == 4
