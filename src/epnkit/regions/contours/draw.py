"""One chunk of contours drawn on the sphere: outline, simplification, limb, transform, check.

A scene is what is known of an image, shape (7,); see `epnkit.regions.geometry.disc`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from epnkit.regions._compile import kernel
from epnkit.regions.arrays import Bytes, Floats, Integers
from epnkit.regions.contours.chaincode import check_code, walk_code
from epnkit.regions.contours.outline import (
    OPENING,
    PINCH,
    TURN,
    center_ring,
    count_pixels,
    exact_ring,
    middle_ring,
    ring_area,
    trace_corners,
    twice_path_area,
)
from epnkit.regions.contours.simplify import simplify
from epnkit.regions.flags import Fault, Flag
from epnkit.regions.geometry.disc import (
    CENTER_X,
    CENTER_Y,
    RATIO,
    SCALE_X,
    SCALE_Y,
    to_disc,
    to_sphere,
)
from epnkit.regions.geometry.limb import CUT, WHOLE, cut_by_limb
from epnkit.regions.geometry.sphere import (
    GOOD,
    SQUARE_DEGREES,
    check_pgsphere,
    drop_redundant_vertices,
    limits,
    remove_alignment,
    solid_angle,
    to_degrees,
)

#: The most pixels of the box around a contour: 16 times the largest solar images (4096 squared).
LARGEST_BOX = 1 << 28

#: Rings with no more corners than this stay as they are: small regions have few to lose.
FEW_CORNERS = 8

#: The trial that keeps every corner, and how many trials there are: those after it are bolder than
#: the first, for contours of more points than pgsphere takes.
EXACT, TRIALS = 3, 7

#: The part of the disc's radius beyond which the area is checked, and the error allowed.
NEAR_LIMB, AREA_ERROR = 0.9, 0.005

#: Flags and a fault as plain numbers, which is what kernels take.
CLIPPED, JOINED = Flag.CLIPPED.value, Flag.JOINED.value
FILLED, DEGENERATE = Flag.FILLED.value, Flag.DEGENERATE.value
SIMPLIFIED, NO_POLYGON = Flag.SIMPLIFIED.value, Flag.NO_POLYGON.value
OFF_LIMB, TOO_LARGE = Flag.OFF_LIMB.value, Fault.SIZE.value


class OutlineStyle(NamedTuple):
    """How to draw: through pixel centres or around pixels, and the tolerance in pixels."""

    through_centers: bool
    tolerance: float


class TracedContour(NamedTuple):
    """A contour in its image."""

    corners: Integers
    pixels: int
    flags: int


@dataclass(frozen=True)
class DrawnContours:
    """The drawn contours of a chunk; see `epnkit.regions.Footprints` for the fields.

    `discs` holds the outlines in the disc plane of those that no polygon can hold, else nothing.
    """

    degrees: Floats
    starts: Integers
    discs: Floats
    disc_starts: Integers
    limits: Floats
    areas: Floats
    pixels: Integers
    flags: Integers
    faults: Integers

    @classmethod
    def concatenate(cls, parts: Sequence[DrawnContours]) -> DrawnContours:
        """Concatenate chunks, at least one."""
        return cls(
            np.concatenate([part.degrees for part in parts]),
            _concatenate_starts([part.starts for part in parts]),
            np.concatenate([part.discs for part in parts]),
            _concatenate_starts([part.disc_starts for part in parts]),
            np.concatenate([part.limits for part in parts]),
            np.concatenate([part.areas for part in parts]),
            np.concatenate([part.pixels for part in parts]),
            np.concatenate([part.flags for part in parts]),
            np.concatenate([part.faults for part in parts]),
        )


def _concatenate_starts(parts: Sequence[Integers]) -> Integers:
    """Join the starts of chunks, each from 0."""
    lengths = np.concatenate([np.diff(part) for part in parts])
    starts = np.zeros(lengths.size + 1, dtype=np.int64)
    np.cumsum(lengths, out=starts[1:])
    return starts


@kernel
def box_size(path: Integers) -> int:
    """Return the pixels of the box around a path, with a margin of one."""
    wide = path[:, 0].max() - path[:, 0].min() + 3
    high = path[:, 1].max() - path[:, 1].min() + 3
    return int(wide * high)


@kernel
def trace_contour(grid: Bytes, path: Integers) -> TracedContour:
    """Trace a path on an empty grid, and flag it as filled, degenerate or joined."""
    wide = path[:, 0].max() - path[:, 0].min() + 3
    high = path[:, 1].max() - path[:, 1].min() + 3
    found = trace_corners(grid[: wide * high].reshape(high, wide), path)
    pixels = count_pixels(found)
    # Pick (1899): a ring of n lattice steps around the area A holds A + n/2 + 1 lattice points.
    twice = twice_path_area(path) + path.shape[0] - 1 + 2
    flags = FILLED if 2 * pixels > twice else 0
    flags |= DEGENERATE if twice_path_area(path) == 0 and not flags else 0
    flags |= JOINED if (found[:, TURN] == PINCH).any() else 0
    return TracedContour(found, pixels, flags)


@kernel
def trial_tolerance(style: OutlineStyle, trial: int) -> float:
    """Return the tolerance of a trial, pixels: less and less, then none, then more to fit."""
    if trial < EXACT:
        return style.tolerance * 0.5**trial
    return 0.0 if trial == EXACT else max(0.5, style.tolerance) * 2.0 ** (trial - EXACT)


@kernel
def outline_in_pixels(shape: TracedContour, style: OutlineStyle, trial: int) -> tuple[Floats, bool]:
    """Return the outline in pixels, and whether it was simplified."""
    tolerance = trial_tolerance(style, trial)
    if style.through_centers and not shape.flags & DEGENERATE:
        ring = center_ring(shape.corners, 0.0 if trial < EXACT else OPENING)
        simpler = simplify(ring, tolerance, ring_area(ring)) if tolerance > 0.0 else ring
    elif tolerance > 0.0 and shape.corners.shape[0] > FEW_CORNERS:
        ring = middle_ring(shape.corners)
        simpler = simplify(ring, tolerance, float(shape.pixels))
    else:
        ring = simpler = exact_ring(shape.corners)
    return simpler, simpler.shape[0] < ring.shape[0]


@kernel
def outline_on_disc(
    shape: TracedContour, style: OutlineStyle, scene: Floats, trial: int
) -> tuple[Floats, int]:
    """Return the outline in the disc plane, cut by the limb, and flags; empty when off the limb."""
    ring, simpler = outline_in_pixels(shape, style, trial)
    seen = to_disc(ring, scene)
    if scene[SCALE_X] * scene[SCALE_Y] < 0.0:
        seen = seen[::-1].copy()
    pixel = math.sqrt(abs(scene[SCALE_X] * scene[SCALE_Y])) / scene[RATIO]
    allowed = max(0.1, style.tolerance) * pixel * 0.5 ** (1 + min(trial, EXACT))
    inside, state, joined = cut_by_limb(seen, allowed)
    flags = (SIMPLIFIED if simpler else 0) | (CLIPPED if state in (CUT, WHOLE) else 0)
    return inside, flags | (JOINED if joined else 0)


@kernel
def area_at_limb(shape: TracedContour, style: OutlineStyle, scene: Floats) -> float:
    """Return the area that every corner gives (steradian) for a contour near the limb, else 0."""
    near = False
    limb = NEAR_LIMB * scene[RATIO] / math.sqrt(abs(scene[SCALE_X] * scene[SCALE_Y]))
    for k in range(shape.corners.shape[0]):
        near |= (
            math.hypot(shape.corners[k, 0] - scene[CENTER_X], shape.corners[k, 1] - scene[CENTER_Y])
            > limb
        )
    if not near:
        return 0.0
    inside, _ = outline_on_disc(shape, style, scene, EXACT)
    return solid_angle(to_sphere(inside, scene)) if inside.shape[0] else 0.0


@kernel
def draw_contour(
    shape: TracedContour, style: OutlineStyle, scene: Floats
) -> tuple[Floats, Floats, int]:
    """Return the polygon as unit vectors, or else the outline in the disc plane, and flags.

    The first trial (the largest tolerance) whose polygon pgsphere takes is used; near the limb,
    where a pixel covers degrees, it must hold the area too.
    """
    area = area_at_limb(shape, style, scene)
    best, inside = np.empty((0, 3)), np.empty((0, 2))
    outline, flags = inside, 0
    for trial in range(TRIALS):
        outline, now = outline_on_disc(shape, style, scene, trial)
        inside = outline if trial <= EXACT else inside
        ring = drop_redundant_vertices(to_sphere(outline, scene))
        if check_pgsphere(ring) == GOOD:
            best, flags = remove_alignment(ring), now
        holds = abs(solid_angle(ring) - area) < AREA_ERROR * area if area > 0.0 else True
        if best.shape[0] > 0 and (holds or trial >= EXACT):
            return best, inside[:0], shape.flags | flags
        if trial == EXACT and inside.shape[0] == 0:
            return best, inside, shape.flags | OFF_LIMB
    return best, inside, shape.flags | flags | NO_POLYGON


@kernel
def draw_coarser(
    grid: Bytes, path: Integers, style: OutlineStyle, scene: Floats, outline: Floats
) -> tuple[Floats, Floats, int]:
    """Draw a contour too ragged for a polygon on pixels 2, 4, 8 and 16 times as large.

    If that does not help (the shape is too wide), the given outline is returned.
    """
    flags = 0
    for power in range(1, 5):
        size = 1 << power
        coarse = scene.copy()
        coarse[:SCALE_X] = (scene[:SCALE_X] - (size - 1) / 2) / size
        coarse[SCALE_X:RATIO] = scene[SCALE_X:RATIO] * size
        shape = trace_contour(grid, path // size)
        ring, _, flags = draw_contour(shape, style, coarse)
        if ring.shape[0] > 0:
            return ring, outline[:0], flags | SIMPLIFIED
    return np.empty((0, 3)), outline, flags | NO_POLYGON


@kernel
def draw_contours(
    digits: Bytes,
    starts: Integers,
    first: Integers,
    scenes: Floats,
    faults: Integers,
    style: OutlineStyle,
    grid: Bytes,
) -> tuple[list[Floats], list[Floats], Floats, Integers]:
    """Draw rows without a fault: polygons, wide outlines, limits and area (n, 5), ints (n, 3)."""
    rows = faults.size
    polygons = [np.empty((0, 2)) for _ in range(rows)]
    discs = [np.empty((0, 2)) for _ in range(rows)]
    numbers = np.full((rows, 5), np.nan)
    whole = np.zeros((rows, 3), dtype=np.int64)
    for row in range(rows):
        code = digits[starts[row] : starts[row + 1]]
        whole[row, 2] = check_code(code) if faults[row] == 0 else faults[row]
        if whole[row, 2] != 0:
            continue
        path = walk_code(code, first[row, 0], first[row, 1])
        size = box_size(path)
        if size > LARGEST_BOX:
            whole[row, 2] = TOO_LARGE
            continue
        grid = grid if grid.size >= size else np.zeros(2 * size, dtype=np.uint8)
        shape = trace_contour(grid, path)
        ring, discs[row], flags = draw_contour(shape, style, scenes[row])
        if flags & NO_POLYGON:
            ring, discs[row], flags = draw_coarser(grid, path, style, scenes[row], discs[row])
        whole[row, 0], whole[row, 1] = shape.pixels, flags
        polygons[row] = to_degrees(ring)
        ring = ring if ring.shape[0] > 0 else to_sphere(discs[row], scenes[row])
        if ring.shape[0] > 0:
            numbers[row, 0], numbers[row, 1], numbers[row, 2], numbers[row, 3] = limits(ring)
            numbers[row, 4] = abs(solid_angle(ring)) * SQUARE_DEGREES
    return polygons, discs, numbers, whole


@kernel
def concatenate_rings(rings: list[Floats]) -> tuple[Floats, Integers]:
    """Concatenate rings; return the points, and where each ring begins."""
    starts = np.zeros(len(rings) + 1, dtype=np.int64)
    for k in range(len(rings)):
        starts[k + 1] = starts[k] + rings[k].shape[0]
    points = np.empty((starts[-1], 2))
    for k in range(len(rings)):
        points[starts[k] : starts[k + 1]] = rings[k]
    return points, starts


@kernel
def draw_to_arrays(
    digits: Bytes,
    starts: Integers,
    first: Integers,
    scenes: Floats,
    faults: Integers,
    style: OutlineStyle,
) -> tuple[Floats, Integers, Floats, Integers, Floats, Integers]:
    """Draw rows; return their parts as arrays."""
    grid = np.zeros(1 << 16, dtype=np.uint8)
    rings, outlines, numbers, whole = draw_contours(
        digits, starts, first, scenes, faults, style, grid
    )
    degrees, at = concatenate_rings(rings)
    discs, disc_at = concatenate_rings(outlines)
    return degrees, at, discs, disc_at, numbers, whole


def draw_batch(
    digits: Bytes,
    starts: Integers,
    first: Integers,
    scenes: Floats,
    faults: Integers,
    style: OutlineStyle,
) -> DrawnContours:
    """Draw a chunk of contours.

    Parameters
    ----------
    digits, starts
        Chain codes; see `epnkit.regions.contours.chaincode.Codes`.
    first : ndarray of int64, shape (n, 2)
        The first pixel of each.
    scenes : ndarray, shape (n, 7)
        Their images; see `epnkit.regions.geometry.disc.to_disc`.
    faults : ndarray of int64, shape (n,)
        What is already known to be wrong with a row, else 0.
    style : OutlineStyle
        How to draw.
    """
    degrees, at, discs, disc_at, numbers, whole = draw_to_arrays(
        digits, starts, first, np.ascontiguousarray(scenes), faults, style
    )
    return DrawnContours(degrees, at, discs, disc_at, numbers[:, :4], numbers[:, 4], *whole.T)
