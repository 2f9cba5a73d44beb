"""Fewer vertices for a ring in the pixel plane: Douglas and Peucker (1973), area kept."""

from __future__ import annotations

import math

import numpy as np

from epnkit.regions._compile import Floats, Integers, kernel
from epnkit.regions.outline import ring_area, ring_length


@kernel
def distance_to_segment(p: Floats, a: Floats, b: Floats) -> float:
    """Return the distance in the plane from a point to a segment."""
    along_x, along_y = b[0] - a[0], b[1] - a[1]
    square = along_x * along_x + along_y * along_y
    part = 0.0
    if square > 0.0:
        part = ((p[0] - a[0]) * along_x + (p[1] - a[1]) * along_y) / square
        part = min(1.0, max(0.0, part))
    return math.hypot(p[0] - a[0] - part * along_x, p[1] - a[1] - part * along_y)


@kernel
def farthest(ring: Floats, first: int, last: int) -> tuple[int, float]:
    """Return the vertex between two others that is farthest from their segment, and how far."""
    count = ring.shape[0]
    best, most = first, -1.0
    for k in range(first + 1, last):
        far = distance_to_segment(ring[k % count], ring[first % count], ring[last % count])
        if far > most:
            best, most = k, far
    return best, most


@kernel
def kept(ring: Floats, tolerance: float) -> Integers:
    """Return the indices of the vertices that Douglas-Peucker keeps; at least three."""
    count = ring.shape[0]
    keep = np.zeros(count, dtype=np.bool_)
    opposite, _ = farthest(ring, 0, count)
    keep[0] = keep[opposite] = True
    spans = [(0, opposite), (opposite, count)]
    while len(spans) > 0:
        first, last = spans.pop()
        middle, far = farthest(ring, first, last)
        if far > tolerance:
            keep[middle] = True
            spans.append((first, middle))
            spans.append((middle, last))
    return np.flatnonzero(keep)


@kernel
def miter(ring: Floats, k: int) -> tuple[float, float]:
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
def grow(ring: Floats, area: float) -> Floats:
    """Move the edges of a ring outward (or inward), evenly, so that it has the given area."""
    by = (area - ring_area(ring)) / ring_length(ring)
    by = min(0.25, max(-0.25, by))
    moved = np.empty_like(ring)
    for k in range(ring.shape[0]):
        x, y = miter(ring, k)
        moved[k, 0], moved[k, 1] = ring[k, 0] + by * x, ring[k, 1] + by * y
    return moved


@kernel
def simplify(ring: Floats, tolerance: float, area: float) -> Floats:
    """Drop vertices within a tolerance (pixels), then give the ring the area it stands for."""
    chosen = kept(ring, tolerance)
    if chosen.size < 3:
        return ring
    few = np.empty((chosen.size, 2))
    for k in range(chosen.size):
        few[k, 0], few[k, 1] = ring[chosen[k], 0], ring[chosen[k], 1]
    return grow(few, area)
