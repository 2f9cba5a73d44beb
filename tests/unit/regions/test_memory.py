"""Memory stays flat however many regions were drawn."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from epnkit.regions import Images, footprints
from epnkit.regions.synthetic import random_contour


def _resident() -> float:
    """Return the megabytes that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def test_ten_times_as_many_batches_hold_no_more_memory() -> None:
    rng = np.random.default_rng(7)
    codes = [random_contour(rng, 30).code for _ in range(100)] * 10
    first = rng.integers(200, 800, (len(codes), 2))
    days = np.datetime64("2001-01-01T00:00:00") + rng.integers(0, 10**8, len(codes))
    images = Images(days, 2.0, 2.0, 512.0, 512.0)

    def draw(batches: int) -> float:
        for _ in range(batches):
            footprints(codes, first[:, 0], first[:, 1], images)
        return _resident()

    after_few = draw(4)
    # An answer of one batch takes a few megabytes: 40 of them kept would show.
    assert draw(40) - after_few < 15
