"""Cutting a ring by the limb and closing it along the limb, in the disc plane (limb = 1).

The ring is cut into chains that run inside the disc, from where it enters to where it leaves.
From each end the outline follows the limb counter-clockwise to the next beginning, as Weiler and
Atherton (1977) do. Where that gives several rings, the narrowest gaps between them are bridged by a
thin strip along the limb (a minimum spanning tree, Kruskal 1956), so that one ring comes out.

Points are arrays of shape (2,), x to solar west and y to solar north; a ring is an array of shape
(n, 2) of its vertices, the first not repeated. Angles are in radians, counter-clockwise from west.
"""

from __future__ import annotations

import math

import numpy as np

from epnkit.regions._compile import kernel
from epnkit.regions.arrays import Floats, Integers

#: The depth below the limb at which rings are cut, and so the width of a bridge: 0.01 degree.
INNER = math.cos(math.radians(0.01))

#: The longest step along the limb, in radians.
STEP = math.radians(5.0)

#: What became of a ring: nothing to cut, cut, nothing left, the whole disc.
INSIDE, CUT, OUTSIDE, WHOLE = 0, 1, 2, 3

_TURN = 2 * math.pi


@kernel
def is_inside(point: Floats) -> bool:
    """Return whether a point lies within the circle of the cut."""
    inside: bool = point[0] * point[0] + point[1] * point[1] < INNER * INNER
    return inside


@kernel
def circle_crossings(a: Floats, b: Floats) -> tuple[float, float]:
    """Return the parts of the edge at which its line enters and leaves the circle; 2, -1: never."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    square = dx * dx + dy * dy
    half = a[0] * dx + a[1] * dy
    under = half * half - square * (a[0] * a[0] + a[1] * a[1] - INNER * INNER)
    if square == 0.0 or under <= 0.0:
        return 2.0, -1.0
    root = math.sqrt(under)
    return (-half - root) / square, (-half + root) / square


@kernel
def split_into_chains(ring: Floats) -> tuple[Floats, Integers]:
    """Return what of a ring runs inside: points (n, 2), and where each chain starts (m + 1).

    The ring must have a vertex outside. The walk starts at one, so that no chain is split.
    """
    count = ring.shape[0]
    begin = 0
    while is_inside(ring[begin]):
        begin += 1
    points = np.empty((3 * count, 2))
    starts = np.zeros(count + 1, dtype=np.int64)
    size = chain = 0
    for step in range(count):
        a, b = ring[(begin + step) % count], ring[(begin + step + 1) % count]
        enter, leave = circle_crossings(a, b)
        a_in, b_in = is_inside(a), is_inside(b)
        passes = not a_in and not b_in and enter > 0.0 and leave < 1.0 and enter < leave
        if not a_in and (b_in or passes):
            points[size] = a + min(1.0, max(0.0, enter)) * (b - a)
            size += 1
        if b_in:
            points[size] = b
            size += 1
        if not b_in and (a_in or passes):
            points[size] = a + min(1.0, max(0.0, leave)) * (b - a)
            size, chain = size + 1, chain + 1
            starts[chain] = size
    return points[:size].copy(), starts[: chain + 1].copy()


@kernel
def find_next_angle(angle: float, angles: Floats) -> int:
    """Return which angle follows the given one first, counter-clockwise."""
    best, least = 0, 10.0
    for k in range(angles.size):
        turn = (angles[k] - angle) % _TURN
        if turn < least:
            best, least = k, turn
    return best


@kernel
def arc_points(start: float, end: float, radius: float, ends: bool) -> Floats:
    """Return points along a circle from an angle to another (clockwise when it is less)."""
    pieces = math.ceil(abs(end - start) / STEP) + (1 if end == start else 0)
    first, last = (0, pieces + 1) if ends else (1, pieces)
    points = np.empty((last - first, 2))
    for k in range(first, last):
        angle = start + (end - start) * k / pieces
        points[k - first, 0], points[k - first, 1] = (
            radius * math.cos(angle),
            radius * math.sin(angle),
        )
    return points


@kernel
def number_rings(follower: Integers) -> Integers:
    """Return the number of the ring that each chain belongs to, given its follower."""
    group = np.full(follower.size, -1, dtype=np.int64)
    for k in range(follower.size):
        at = k
        while group[at] < 0:
            group[at] = k
            at = follower[at]
    return group


@kernel
def choose_bridges(begins: Floats, ends: Floats, group: Integers) -> Integers:
    """Return for each chain's begin the chain whose end is bridged to it, else -1.

    A gap lies between a begin and the end that follows it on the limb. Narrow ones come first, and
    only those between rings not yet joined.
    """
    count = begins.size
    other = np.empty(count, dtype=np.int64)
    widths = np.empty(count)
    for k in range(count):
        other[k] = find_next_angle(begins[k], ends)
        widths[k] = (ends[other[k]] - begins[k]) % _TURN
    bridged = np.full(count, -1, dtype=np.int64)
    for k in np.argsort(widths):
        if group[k] != group[other[k]]:
            bridged[k] = other[k]
            group[group == group[k]] = group[other[k]]
    return bridged


@kernel
def follow_limb(end: float, begins: Floats, ends: Floats, bridged: Integers) -> tuple[int, float]:
    """Return where the outline leaves the limb that it joins at an angle: the chain, and its angle.

    Bridged gaps are passed over.
    """
    chain = find_next_angle(end, begins)
    angle = end + (begins[chain] - end) % _TURN
    while bridged[chain] >= 0:
        angle += (ends[bridged[chain]] - angle) % _TURN
        chain = find_next_angle(angle, begins)
        angle += (begins[chain] - angle) % _TURN
    return chain, angle


@kernel
def assemble(
    points: Floats, starts: Integers, begins: Floats, ends: Floats, bridged: Integers
) -> Floats:
    """Return the one ring that the chains, the limb and the bridges make."""
    joined = bool((bridged >= 0).any())
    pieces = [points[starts[0] : starts[1]]]
    chain = 0
    for _ in range(begins.size):
        back = -1
        for k in range(bridged.size):
            back = k if bridged[k] == chain else back
        if back >= 0:
            target = ends[chain] - (ends[chain] - begins[back]) % _TURN
            pieces.append(arc_points(ends[chain], target, INNER, False))
            chain = back
        else:
            start = ends[chain]
            chain, angle = follow_limb(start, begins, ends, bridged)
            pieces.append(arc_points(start, angle, 1.0, joined))
        if chain == 0:
            break
        pieces.append(points[starts[chain] : starts[chain + 1]])
    return concatenate_pieces(pieces)


@kernel
def concatenate_pieces(pieces: list[Floats]) -> Floats:
    """Concatenate pieces of an outline."""
    total = 0
    for piece in pieces:
        total += piece.shape[0]
    ring = np.empty((total, 2))
    size = 0
    for piece in pieces:
        ring[size : size + piece.shape[0]] = piece
        size += piece.shape[0]
    return ring


@kernel
def contains_point(ring: Floats, x: float, y: float) -> bool:
    """Return whether a point lies in a ring (even-odd rule)."""
    inside = False
    for k in range(ring.shape[0]):
        if (ring[k, 1] > y) != (ring[k - 1, 1] > y):
            part = (y - ring[k, 1]) / (ring[k - 1, 1] - ring[k, 1])
            if x < ring[k, 0] + part * (ring[k - 1, 0] - ring[k, 0]):
                inside = not inside
    return inside


@kernel
def densify_chains(points: Floats, starts: Integers, allowed: float) -> tuple[Floats, Integers]:
    """Add to each chain the points that its straight edges need on the sphere."""
    pieces = [points[:0]]
    longer = np.zeros_like(starts)
    for k in range(starts.size - 1):
        pieces.append(densify(points[starts[k] : starts[k + 1]], allowed, False))
        longer[k + 1] = longer[k] + pieces[-1].shape[0]
    return concatenate_pieces(pieces), longer


@kernel
def count_pieces(a: Floats, b: Floats, allowed: float) -> int:
    """Return into how many parts an edge must be cut to follow a great circle within an angle.

    A straight line of the disc plane at distance d from the centre is a small circle on the sphere
    with the geodesic curvature d/rho, rho = sqrt(1 - d^2); an arc of it spanning the angle w leaves
    its great circle by about d rho w^2 / 8 radians.
    """
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = math.hypot(dx, dy)
    if length == 0.0:
        return 1
    aside = min(1.0, abs(a[0] * dy - a[1] * dx) / length)
    rho = math.sqrt(1.0 - aside * aside)
    if rho < 1e-6:
        return 1
    span = abs(
        angle_along(b, dx / length, dy / length, rho)
        - angle_along(a, dx / length, dy / length, rho)
    )
    return max(1, math.ceil(span * math.sqrt(aside * rho / (8.0 * allowed))))


@kernel
def angle_along(point: Floats, dx: float, dy: float, rho: float) -> float:
    """Return a point's angle on the small circle above the line with the given direction."""
    along = (point[0] * dx + point[1] * dy) / rho
    return math.asin(min(1.0, max(-1.0, along)))


@kernel
def densify(line: Floats, allowed: float, closed: bool) -> Floats:
    """Cut the edges of a line (or ring) where the sphere needs it; see `pieces_of`."""
    count = line.shape[0]
    edges = count if closed else count - 1
    total = 0
    for k in range(edges):
        total += count_pieces(line[k], line[(k + 1) % count], allowed)
    if total == edges:
        return line
    dense = np.empty((total + (0 if closed else 1), 2))
    size = 0
    for k in range(edges):
        size = cut_edge(dense, size, line[k], line[(k + 1) % count], allowed)
    if not closed:
        dense[size] = line[count - 1]
    return dense


@kernel
def cut_edge(dense: Floats, size: int, a: Floats, b: Floats, allowed: float) -> int:
    """Write an edge's first point and those between, evenly on the small circle; return the end."""
    parts = count_pieces(a, b, allowed)
    dense[size] = a
    if parts == 1:
        return size + 1
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = math.hypot(dx, dy)
    dx, dy = dx / length, dy / length
    aside = a[0] * dy - a[1] * dx
    rho = math.sqrt(max(0.0, 1.0 - aside * aside))
    start, end = angle_along(a, dx, dy, rho), angle_along(b, dx, dy, rho)
    for k in range(1, parts):
        along = rho * math.sin(start + (end - start) * k / parts)
        dense[size + k, 0] = aside * dy + along * dx
        dense[size + k, 1] = -aside * dx + along * dy
    return size + parts


@kernel
def cut_by_limb(ring: Floats, allowed: float) -> tuple[Floats, int, bool]:
    """Cut a ring (counter-clockwise, disc plane) by the limb.

    Parameters
    ----------
    ring : ndarray, shape (n, 2)
        Vertices.
    allowed : float
        How far an edge may leave the great circle that it becomes, in radians.

    Returns
    -------
    ring : ndarray, shape (m, 2)
        The ring inside the disc; empty when nothing is.
    state : int
        `INSIDE`, `CUT`, `OUTSIDE` or `WHOLE`.
    joined : bool
        Whether parts were joined along the limb.
    """
    outside = 0
    for k in range(ring.shape[0]):
        outside += 0 if is_inside(ring[k]) else 1
    if outside == 0:
        return densify(ring, allowed, True), INSIDE, False
    points, starts = split_into_chains(ring)
    if starts.size == 1:
        if contains_point(ring, 0.0, 0.0):
            return arc_points(0.0, _TURN, 1.0, True)[1:], WHOLE, False
        return ring[:0], OUTSIDE, False
    points, starts = densify_chains(points, starts, allowed)
    begins, ends = chain_angles(points, starts)
    follower = np.empty(begins.size, dtype=np.int64)
    for k in range(begins.size):
        follower[k] = find_next_angle(ends[k], begins)
    bridged = choose_bridges(begins, ends, number_rings(follower))
    return assemble(points, starts, begins, ends, bridged), CUT, bool((bridged >= 0).any())


@kernel
def chain_angles(points: Floats, starts: Integers) -> tuple[Floats, Floats]:
    """Return the angles on the limb at which chains begin and end."""
    count = starts.size - 1
    begins, ends = np.empty(count), np.empty(count)
    for k in range(count):
        first, last = points[starts[k]], points[starts[k + 1] - 1]
        begins[k], ends[k] = math.atan2(first[1], first[0]), math.atan2(last[1], last[0])
    return begins, ends
