"""From the pixels of a contour to the ring around them, in the pixel plane.

Only the outside of the set of visited pixels is followed, along the cracks between pixels, two
pixels that touch at a corner being neighbours. So whatever the contour does (spikes, lines, necks,
pinches, loops that seal a bay), what comes out is one ring that does not cross itself, and no
repair of polygons is needed.

A path is an array of int64, shape (n, 2), of the pixels x and y that a contour visits. A grid is an
array of uint8, shape (rows, columns), in which pixel x, y of the box around it is ``grid[y, x]``.
"""

from __future__ import annotations

import math

import numpy as np

from epnkit.regions._compile import kernel
from epnkit.regions.arrays import Bytes, Floats, Integers

#: How far from a pinch the ring leaves the corner, in pixels: half the width of the opening.
OPENING = 0.02

#: Columns of an array of corners: where they are, and the turn that the boundary makes there.
X, Y, TURN = 0, 1, 2

#: Turns; a pinch is a right turn where the region touches itself.
LEFT, STRAIGHT_ON, RIGHT, PINCH = 1, 0, -1, -2


@kernel
def set_pixels(grid: Bytes, path: Integers, origin: Integers, value: int) -> None:
    """Write a value at each pixel of a path; the grid's origin is a pixel."""
    for k in range(path.shape[0]):
        grid[path[k, 1] - origin[1], path[k, 0] - origin[0]] = value


@kernel
def find_first_pixel(path: Integers) -> int:
    """Return the index of the leftmost pixel of the lowest row."""
    best = 0
    for k in range(1, path.shape[0]):
        lower = path[k, 1] < path[best, 1]
        if lower or (path[k, 1] == path[best, 1] and path[k, 0] < path[best, 0]):
            best = k
    return best


@kernel
def find_turn(grid: Bytes, x: int, y: int, dx: int, dy: int) -> int:
    """Return the turn of the boundary at a corner; `PINCH` where it may be one.

    Corner (x, y) is the lower left one of pixel (x, y); the region is on the left.
    """
    forward_x, forward_y = (dx - 1) // 2, (dy - 1) // 2
    if dx == 0:
        left_x, right_x, left_y, right_y = (-dy - 1) // 2, (dy - 1) // 2, forward_y, forward_y
    else:
        left_x, right_x, left_y, right_y = forward_x, forward_x, (dx - 1) // 2, (-dx - 1) // 2
    if grid[y + right_y, x + right_x]:
        return RIGHT if grid[y + left_y, x + left_x] else PINCH
    return STRAIGHT_ON if grid[y + left_y, x + left_x] else LEFT


@kernel
def follow_boundary(grid: Bytes, x: int, y: int, limit: int) -> Integers:
    """Follow the outer boundary counter-clockwise from the lower left corner of the first pixel.

    Returns an array of shape (n, 3): corner x, y in the grid and the turn made there.
    """
    found = np.empty((limit, 3), dtype=np.int64)
    found[0, X], found[0, Y], found[0, TURN] = x, y, LEFT
    count, dx, dy = 1, 1, 0
    corner_x, corner_y = x + 1, y
    while not (corner_x == x and corner_y == y and dy == -1):
        way = find_turn(grid, corner_x, corner_y, dx, dy)
        if way != STRAIGHT_ON:
            found[count, X], found[count, Y], found[count, TURN] = corner_x, corner_y, way
            count += 1
            dx, dy = (-dy, dx) if way == LEFT else (dy, -dx)
        corner_x, corner_y = corner_x + dx, corner_y + dy
    return found[:count].copy()


@kernel
def resolve_pinches(grid: Bytes, found: Integers) -> None:
    """Make right turns of what looked like pinches but was passed once.

    Only the contour's pixels are marked: where the fourth pixel at a corner is the unmarked inside
    of the region, it looks like a pinch. The outer boundary passes a real one twice.
    """
    candidates = np.flatnonzero(found[:, TURN] == PINCH)
    for k in candidates:
        grid[found[k, 1], found[k, 0]] += 2
    for k in candidates:
        found[k, TURN] = PINCH if grid[found[k, 1], found[k, 0]] >= 4 else RIGHT
    for k in candidates:
        grid[found[k, 1], found[k, 0]] = 0


@kernel
def trace_corners(grid: Bytes, path: Integers) -> Integers:
    """Return the corners around the pixels of a path, in the path's pixels; the grid stays empty.

    A corner's coordinates are those of the pixel up and right of it: half a pixel is to be taken.
    """
    origin = np.array([path[:, 0].min() - 1, path[:, 1].min() - 1])
    set_pixels(grid, path, origin, 1)
    start = path[find_first_pixel(path)]
    found = follow_boundary(grid, start[0] - origin[0], start[1] - origin[1], 4 * path.shape[0] + 4)
    resolve_pinches(grid, found)
    set_pixels(grid, path, origin, 0)
    found[:, 0] += origin[0]
    found[:, 1] += origin[1]
    return found


@kernel
def sign(value: int) -> int:
    """Return -1, 0 or 1."""
    return (value > 0) - (value < 0)


@kernel
def exact_ring(found: Integers) -> Floats:
    """Return the boundary of the pixels, opened by a small triangle at each pinch; shape (m, 2)."""
    count = found.shape[0]
    ring = np.empty((2 * count, 2))
    size = 0
    for k in range(count):
        x, y = found[k, 0] - 0.5, found[k, 1] - 0.5
        before, after = found[k - 1], found[(k + 1) % count]
        opening = OPENING if found[k, TURN] == PINCH else 0.0
        ring[size, 0] = x - opening * sign(found[k, 0] - before[0])
        ring[size, 1] = y - opening * sign(found[k, 1] - before[1])
        size += 1
        if opening > 0.0:
            ring[size, 0] = x + opening * sign(after[0] - found[k, 0])
            ring[size, 1] = y + opening * sign(after[1] - found[k, 1])
            size += 1
    return ring[:size].copy()


@kernel
def middle_ring(found: Integers) -> Floats:
    """Return the ring through the middles of the cracks, which smooths stairs; shape (m, 2).

    What it gains at right turns it loses at left ones, of which there are four more: its area is
    half a pixel less, whatever the shape. It passes a pinch on both sides.
    """
    count = found.shape[0]
    ring = np.empty((2 * count, 2))
    size = 0
    for k in range(count):
        after = found[(k + 1) % count]
        run_x, run_y = after[0] - found[k, 0], after[1] - found[k, 1]
        dx, dy = 0.5 * sign(run_x), 0.5 * sign(run_y)
        ring[size, 0], ring[size, 1] = found[k, 0] - 0.5 + dx, found[k, 1] - 0.5 + dy
        size += 1
        if abs(run_x) + abs(run_y) > 1:
            ring[size, 0], ring[size, 1] = after[0] - 0.5 - dx, after[1] - 0.5 - dy
            size += 1
    return ring[:size].copy()


@kernel
def center_ring(found: Integers, outward: float) -> Floats:
    """Return the ring through the centres of the outer pixels, moved outward by a little.

    With nothing added a ring that passes a pixel twice touches itself; a little (in pixels) gives
    lines and necks a width of twice that.
    """
    count = found.shape[0]
    ring = np.empty((2 * count, 2))
    size = 0
    for k in range(count):
        after = found[(k + 1) % count]
        dx, dy = sign(after[0] - found[k, 0]), sign(after[1] - found[k, 1])
        # Of a corner's pixels the one to the left of the crack, then the last of the same run.
        inside_x, inside_y = 0.5 * (dx - dy) - 0.5, 0.5 * (dy + dx) - 0.5
        for x, y in (
            (found[k, 0] + inside_x, found[k, 1] + inside_y),
            (after[0] - dx + inside_x, after[1] - dy + inside_y),
        ):
            point_x, point_y = x + outward * dy, y - outward * dx
            if size and ring[size - 1, 0] == point_x and ring[size - 1, 1] == point_y:
                continue
            ring[size, 0], ring[size, 1] = point_x, point_y
            size += 1
    if size > 1 and ring[0, 0] == ring[size - 1, 0] and ring[0, 1] == ring[size - 1, 1]:
        size -= 1
    return ring[:size].copy()


@kernel
def ring_area(ring: Floats) -> float:
    """Return the area of a ring in the plane, positive when it runs counter-clockwise."""
    total = 0.0
    for k in range(ring.shape[0]):
        total += ring[k - 1, 0] * ring[k, 1] - ring[k, 0] * ring[k - 1, 1]
    return total / 2


@kernel
def count_pixels(found: Integers) -> int:
    """Return the number of pixels that the corners enclose: the contour's own and those within."""
    total = 0
    for k in range(found.shape[0]):
        total += found[k - 1, 0] * found[k, 1] - found[k, 0] * found[k - 1, 1]
    return total // 2


@kernel
def twice_path_area(path: Integers) -> int:
    """Return twice the area that a closed path of pixel centres goes around, without sign."""
    total = 0
    for k in range(1, path.shape[0]):
        total += path[k - 1, 0] * path[k, 1] - path[k, 0] * path[k - 1, 1]
    return abs(total)


@kernel
def ring_length(ring: Floats) -> float:
    """Return the length of a closed ring in the plane."""
    total = 0.0
    for k in range(ring.shape[0]):
        total += math.hypot(ring[k, 0] - ring[k - 1, 0], ring[k, 1] - ring[k - 1, 1])
    return total
