"""Fewer vertices for a ring in the pixel plane: Douglas and Peucker (1973), area kept.

A ring is an array of shape (n, 2) of its vertices in pixels, counter-clockwise, the first not
repeated.
"""

from __future__ import annotations

import math

import numpy as np

from epnkit.regions._compile import kernel
from epnkit.regions.arrays import Floats, Integers
from epnkit.regions.contours.outline import ring_area, ring_length


@kernel
def find_farthest(ring: Floats, first: int, last: int) -> tuple[int, float]:
    """Return the vertex between two others that is farthest from their segment, and how far.

    `last` may be the number of vertices, which is the first one again. This is where simplifying
    spends its time, so it works on plain numbers and takes one root at the end.
    """
    a_x, a_y = ring[first, 0], ring[first, 1]
    end = last if last < ring.shape[0] else 0
    along_x, along_y = ring[end, 0] - a_x, ring[end, 1] - a_y
    square = along_x * along_x + along_y * along_y
    scale = 1.0 / square if square > 0.0 else 0.0
    best, most = first, -1.0
    for k in range(first + 1, last):
        x, y = ring[k, 0] - a_x, ring[k, 1] - a_y
        part = min(1.0, max(0.0, (x * along_x + y * along_y) * scale))
        x, y = x - part * along_x, y - part * along_y
        far = x * x + y * y
        if far > most:
            best, most = k, far
    return best, math.sqrt(max(0.0, most))


@kernel
def douglas_peucker(ring: Floats, tolerance: float) -> Integers:
    """Return the indices of the vertices that Douglas-Peucker keeps; at least three."""
    count = ring.shape[0]
    keep = np.zeros(count, dtype=np.bool_)
    opposite, _ = find_farthest(ring, 0, count)
    keep[0] = keep[opposite] = True
    spans = [(0, opposite), (opposite, count)]
    while len(spans) > 0:
        first, last = spans.pop()
        middle, far = find_farthest(ring, first, last)
        if far > tolerance:
            keep[middle] = True
            spans.append((first, middle))
            spans.append((middle, last))
    return np.flatnonzero(keep)


@kernel
def miter_offset(ring: Floats, k: int) -> tuple[float, float]:
    """Return by how much a vertex moves when the edges of its ring move outward by one."""
    after = (k + 1) % ring.shape[0]
    before_x, before_y = ring[k, 0] - ring[k - 1, 0], ring[k, 1] - ring[k - 1, 1]
    after_x, after_y = ring[after, 0] - ring[k, 0], ring[after, 1] - ring[k, 1]
    before_length, after_length = math.hypot(before_x, before_y), math.hypot(after_x, after_y)
    if before_length == 0.0 or after_length == 0.0:
        return 0.0, 0.0
    x = before_y / before_length + after_y / after_length
    y = -before_x / before_length - after_x / after_length
    # 1 + cosine of the turn; a sharp spike must not fly away.
    return x / max(0.5, (x * x + y * y) / 2), y / max(0.5, (x * x + y * y) / 2)


@kernel
def offset_to_area(ring: Floats, area: float) -> Floats:
    """Move the edges of a ring outward (or inward), evenly, so that it has the given area."""
    by = (area - ring_area(ring)) / ring_length(ring)
    by = min(0.25, max(-0.25, by))
    moved = np.empty_like(ring)
    for k in range(ring.shape[0]):
        x, y = miter_offset(ring, k)
        moved[k, 0], moved[k, 1] = ring[k, 0] + by * x, ring[k, 1] + by * y
    return moved


@kernel
def simplify(ring: Floats, tolerance: float, area: float) -> Floats:
    """Drop vertices within a tolerance (pixels), then give the ring the area it stands for."""
    chosen = douglas_peucker(ring, tolerance)
    if chosen.size < 3:
        return ring
    few = np.empty((chosen.size, 2))
    for k in range(chosen.size):
        few[k, 0], few[k, 1] = ring[chosen[k], 0], ring[chosen[k], 1]
    return offset_to_area(few, area)
