"""Polygons of great circles: are they ones that pgsphere takes, how large, between what limits.

Points are unit vectors, arrays of shape (3,), or in the plane (2,). A ring is an array of shape
(n, 3) or (n, 2) of its vertices, the first not repeated. Distances and angles are in radians.
"""

from __future__ import annotations

import math

import numpy as np

from epnkit.regions._compile import kernel
from epnkit.regions.arrays import Floats

#: The least distance between edges that do not meet, in radians. pgsphere takes edges 1e-7 degree
#: apart and refuses 1e-8; text with 7 decimals moves a vertex by 7e-8 degree at most.
CLEARANCE = math.radians(4e-7)

#: A vertex this near to the great circle of its neighbours is dropped, in radians.
STRAIGHT = math.radians(1e-6)

#: Two edges this near to one great circle, in radians, may be refused: fifty times pgsphere's own
#: precision of 1e-9, since that is of the edges' normals.
ALIGNED = 5e-8

#: The most points of a polygon in pgsphere's text form.
LARGEST = 1024

#: What `check_pgsphere` returns: nothing is wrong; edges meet; half the sphere or more; more than
#: `LARGEST` points; fewer than three.
GOOD, CROSSED, WIDE, MANY, THIN = range(5)

#: Square degrees in a steradian.
SQUARE_DEGREES = math.degrees(1.0) ** 2


@kernel
def dot(a: Floats, b: Floats) -> float:
    """Return the scalar product."""
    return float(a[0] * b[0] + a[1] * b[1] + a[2] * b[2])


@kernel
def triple(a: Floats, b: Floats, c: Floats) -> float:
    """Return a . (b x c)."""
    return float(
        a[0] * (b[1] * c[2] - b[2] * c[1])
        + a[1] * (b[2] * c[0] - b[0] * c[2])
        + a[2] * (b[0] * c[1] - b[1] * c[0])
    )


@kernel
def chord(a: Floats, b: Floats) -> float:
    """Return the straight distance between two points."""
    return math.sqrt((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2)


@kernel
def is_straight(a: Floats, b: Floats, c: Floats) -> bool:
    """Return whether b adds nothing to the great circle from a to c."""
    base = chord(a, c)
    if base < CLEARANCE or chord(a, b) > base or chord(b, c) > base:
        return False
    return abs(triple(a, b, c)) < STRAIGHT * base


@kernel
def drop_redundant_vertices(ring: Floats) -> Floats:
    """Drop vertices that repeat their neighbour or lie on a great circle between two others."""
    count = ring.shape[0]
    chosen = np.empty((count, 3))
    size = 0
    for k in range(count):
        if size and chord(chosen[size - 1], ring[k]) < 2 * CLEARANCE:
            continue
        while size > 1 and is_straight(chosen[size - 2], chosen[size - 1], ring[k]):
            size -= 1
        chosen[size] = ring[k]
        size += 1
    while size > 1 and chord(chosen[size - 1], chosen[0]) < 2 * CLEARANCE:
        size -= 1
    while size > 3 and is_straight(chosen[size - 2], chosen[size - 1], chosen[0]):
        size -= 1
    first = 1 if size > 3 and is_straight(chosen[size - 1], chosen[0], chosen[1]) else 0
    return chosen[first:size].copy()


@kernel
def center(ring: Floats) -> Floats:
    """Return the direction of the middle of the box around the vertices, as pgsphere takes it."""
    middle = np.empty(3)
    for axis in range(3):
        middle[axis] = (ring[:, axis].min() + ring[:, axis].max()) / 2
    return middle / max(1e-300, math.sqrt(dot(middle, middle)))


@kernel
def gnomonic(ring: Floats) -> tuple[Floats, bool]:
    """Project onto the plane that touches the sphere at the centre: great circles become lines.

    Returns the points, shape (n, 2), and whether all are less than 90 degrees away.
    """
    middle = center(ring)
    axis = np.zeros(3)
    axis[np.argmin(np.abs(middle))] = 1.0
    east = np.cross(axis, middle)
    east /= math.sqrt(dot(east, east))
    north = np.cross(middle, east)
    flat = np.empty((ring.shape[0], 2))
    for k in range(ring.shape[0]):
        high = dot(ring[k], middle)
        if high < 1e-4:
            return flat, False
        flat[k, 0], flat[k, 1] = dot(ring[k], east) / high, dot(ring[k], north) / high
    return flat, True


@kernel
def squared_distance(p: Floats, a: Floats, b: Floats) -> float:
    """Return the square of the distance from a point of the plane to a segment."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    square = dx * dx + dy * dy
    part = ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / square if square > 0.0 else 0.0
    part = min(1.0, max(0.0, part))
    return float((p[0] - a[0] - part * dx) ** 2 + (p[1] - a[1] - part * dy) ** 2)


@kernel
def orientation(a: Floats, b: Floats, p: Floats) -> float:
    """Return twice the area of the triangle a, b, p: positive when p is on the left."""
    return float((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]))


@kernel
def edges_meet(a: Floats, b: Floats, c: Floats, d: Floats) -> bool:
    """Return whether two segments cross or come nearer than the clearance."""
    if (
        orientation(a, b, c) * orientation(a, b, d) < 0.0
        and orientation(c, d, a) * orientation(c, d, b) < 0.0
    ):
        return True
    least = min(
        squared_distance(a, c, d),
        squared_distance(b, c, d),
        squared_distance(c, a, b),
        squared_distance(d, a, b),
    )
    return least < CLEARANCE * CLEARANCE


@kernel
def boxes_overlap(low: Floats, high: Floats, i: int, j: int) -> bool:
    """Return whether the boxes around two edges overlap, the clearance included."""
    return bool(
        low[i, 0] <= high[j, 0]
        and low[j, 0] <= high[i, 0]
        and low[i, 1] <= high[j, 1]
        and low[j, 1] <= high[i, 1]
    )


@kernel
def folds_back(a: Floats, b: Floats, c: Floats) -> bool:
    """Return whether the ring turns back onto itself at b."""
    least = min(squared_distance(c, a, b), squared_distance(a, b, c))
    return least < CLEARANCE * CLEARANCE


@kernel
def is_simple(flat: Floats) -> bool:
    """Return whether a ring of the plane neither crosses nor touches itself."""
    count = flat.shape[0]
    low, high = np.empty((count, 2)), np.empty((count, 2))
    for k in range(count):
        after = flat[(k + 1) % count]
        if folds_back(flat[k - 1], flat[k], after):
            return False
        for axis in range(2):
            low[k, axis] = min(flat[k, axis], after[axis]) - CLEARANCE
            high[k, axis] = max(flat[k, axis], after[axis]) + CLEARANCE
    for i in range(count - 2):
        for j in range(i + 2, count - (1 if i == 0 else 0)):
            if boxes_overlap(low, high, i, j) and edges_meet(
                flat[i], flat[i + 1], flat[j], flat[(j + 1) % count]
            ):
                return False
    return True


@kernel
def is_on_line(one: float, other: float, length: float) -> bool:
    """Return whether a segment, by its ends' distances, lies on a line, or starts on it and grazes.

    Where two lines meet at a small angle, pgsphere's precision of 1e-9 leaves it unsure by 1e-9
    over that angle where they do.
    """
    near, far = min(one, other), max(one, other)
    if near >= ALIGNED:
        return False
    return far < ALIGNED or (near < 0.2 * ALIGNED and far < 1e-3 * length)


@kernel
def is_aligned(flat: Floats) -> bool:
    """Return whether two edges that do not meet lie on one line, which pgsphere takes for overlap.

    Contours near the line through the disc's centre along which pixels run have such edges.
    """
    count = flat.shape[0]
    lengths = np.empty(count)
    for k in range(count):
        after = flat[(k + 1) % count]
        lengths[k] = math.hypot(after[0] - flat[k, 0], after[1] - flat[k, 1])
    for i in range(count):
        x, y, end = flat[i, 0], flat[i, 1], i + 1 if i + 1 < count else 0
        across_x = (flat[end, 1] - y) / lengths[i]
        across_y = (x - flat[end, 0]) / lengths[i]
        before = 1.0
        # The edges from j to j + 1, all but this one and its neighbours.
        for step in range(2, count):
            at = i + step if i + step < count else i + step - count
            here = abs((flat[at, 0] - x) * across_x + (flat[at, 1] - y) * across_y)
            if step > 2 and is_on_line(before, here, lengths[at - 1]):
                return True
            before = here
    return False


@kernel
def perturb(ring: Floats, by: float) -> Floats:
    """Move each vertex by a little in a way that looks random but is the same every time."""
    moved = np.empty_like(ring)
    for k in range(ring.shape[0]):
        for axis in range(3):
            moved[k, axis] = ring[k, axis] + by * math.sin(12.9898 * (k + 1) + 78.233 * axis)
        moved[k] /= math.sqrt(dot(moved[k], moved[k]))
    return moved


@kernel
def remove_alignment(ring: Floats) -> Floats:
    """Return a ring without edges on one line: itself, or moved by 1e-5 degree (1e-4 pixel)."""
    if not 3 < ring.shape[0] <= LARGEST:
        return ring
    now = ring
    for power in range(4):
        flat, narrow = gnomonic(now)
        if not narrow or not is_aligned(flat):
            break
        now = perturb(ring, 4.0 * ALIGNED * 2.0**power)
    return now


@kernel
def check_pgsphere(ring: Floats) -> int:
    """Return whether pgsphere takes a ring of unit vectors: `GOOD`, or what is wrong."""
    if ring.shape[0] < 3:
        return THIN
    if ring.shape[0] > LARGEST:
        return MANY
    flat, narrow = gnomonic(ring)
    if not narrow:
        return WIDE
    return GOOD if is_simple(flat) else CROSSED


@kernel
def solid_angle(ring: Floats) -> float:
    """Return the area of a polygon less than a hemisphere, in steradian.

    Positive when counter-clockwise seen from outside (Van Oosterom and Strackee 1983).
    """
    total = 0.0
    if ring.shape[0] < 3:
        return total
    middle = center(ring)
    for k in range(ring.shape[0]):
        a, b = ring[k - 1], ring[k]
        total += 2.0 * math.atan2(
            triple(middle, a, b), 1.0 + dot(middle, a) + dot(a, b) + dot(b, middle)
        )
    return total


@kernel
def highest_z(a: Floats, b: Floats) -> float:
    """Return the greatest z on the great circle arc between two points."""
    x, y, z = a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]
    size = math.sqrt(x * x + y * y + z * z)
    best = float(max(a[2], b[2]))
    if size == 0.0:
        return best
    # The arc passes its circle's top where z grows at a and shrinks at b.
    cosine = dot(a, b)
    rises, falls = b[2] - cosine * a[2] > 0.0, a[2] - cosine * b[2] > 0.0
    return math.sqrt(max(0.0, 1.0 - (z / size) ** 2)) if rises and falls else best


@kernel
def limits(ring: Floats) -> tuple[float, float, float, float]:
    """Return c1min, c1max, c2min, c2max in degrees, as EPN-TAP means them on a body.

    c1min is where the region begins in increasing longitude, so it is more than c1max when the
    region holds the meridian 0. Around a pole c1 is 0 to 360 and c2 goes to the pole.
    """
    start = math.atan2(ring[-1, 1], ring[-1, 0])
    at = least = most = start
    low = high = ring[-1, 2]
    for k in range(ring.shape[0]):
        step = math.atan2(ring[k, 1], ring[k, 0]) - math.atan2(ring[k - 1, 1], ring[k - 1, 0])
        at += (step + math.pi) % (2 * math.pi) - math.pi
        least, most = min(least, at), max(most, at)
        high = max(high, highest_z(ring[k - 1], ring[k]))
        low = min(low, -highest_z(-ring[k - 1], -ring[k]))
    south = math.degrees(math.asin(max(-1.0, low)))
    north = math.degrees(math.asin(min(1.0, high)))
    if at - start > math.pi:
        return 0.0, 360.0, south, 90.0
    if at - start < -math.pi:
        return 0.0, 360.0, -90.0, north
    return math.degrees(least) % 360.0, math.degrees(most) % 360.0, south, north


@kernel
def to_degrees(ring: Floats) -> Floats:
    """Return longitude (0 to 360) and latitude in degrees, shape (n, 2)."""
    degrees = np.empty((ring.shape[0], 2))
    for k in range(ring.shape[0]):
        degrees[k, 0] = math.degrees(math.atan2(ring[k, 1], ring[k, 0])) % 360.0
        flat = math.hypot(ring[k, 0], ring[k, 1])
        degrees[k, 1] = math.degrees(math.atan2(ring[k, 2], flat))
    return degrees
