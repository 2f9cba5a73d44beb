"""Rows of several contours in one field: drawn one by one, then joined to one region a row.

HFC's prominences have as many chain codes and first pixels in a field as they have pieces, with a
letter between them (its BLOB_SEPARATOR).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import reduce
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from epnkit.modules import requires_extra
from epnkit.regions.arrays import Floats, Integers
from epnkit.regions.contours.single import footprints_of_contours
from epnkit.regions.flags import Flag
from epnkit.regions.geometry.moc import cover_rings, moc_text
from epnkit.regions.geometry.sphere import SQUARE_DEGREES, center, limits, solid_angle
from epnkit.regions.options import Images, Options
from epnkit.regions.results import Footprints
from epnkit.regions.shapes.rings import Shape, collect_footprints, make_polygon, unit_vectors

with requires_extra("footprints"):
    import shapely


#: Half the width of the strips between parts, radians: 0.005 degree. A fifth of it, with ends as
#: short, makes pgsphere see overlaps in one row of 300.
STRIP: Final = math.radians(0.005)

#: The widest gap that a strip may cross, radians: beyond it a strip would misplace the region.
WIDEST: Final = math.radians(20)


class ContourParts(NamedTuple):
    """Contours of all rows one by one, and where each row's begin (n + 1)."""

    codes: list[str | None]
    x: NDArray[np.object_]
    y: NDArray[np.object_]
    starts: Integers


def split_rows(
    codes: Sequence[str | None], x: ArrayLike, y: ArrayLike, separator: str
) -> ContourParts:
    """Split the fields of rows into parts.

    Parameters
    ----------
    codes : sequence of str or None, length n
        The codes of each row, with the separator between them.
    x, y : array_like, shape (n,)
        Their first pixels; where a row has not as many as codes, its parts have none.
    separator : str
        What separates them.
    """
    columns = [np.broadcast_to(np.asarray(v, dtype=object), (len(codes),)) for v in (x, y)]
    found: list[tuple[str | None, object, object]] = []
    starts = np.zeros(len(codes) + 1, dtype=np.int64)
    for row, code in enumerate(codes):
        pieces = (code or "").split(separator)
        at = [_split_value(column[row], separator, len(pieces)) for column in columns]
        found.extend(zip(pieces, *at, strict=True))
        starts[row + 1] = len(found)
    xs, ys = (np.array([part[k] for part in found], dtype=object) for k in (1, 2))
    return ContourParts([part[0] for part in found], xs, ys, starts)


def _split_value(value: object, separator: str, count: int) -> list[object]:
    """Return the first pixels of a row's parts along one axis."""
    pieces: list[object] = [*value.split(separator)] if isinstance(value, str) else [value]
    return pieces if len(pieces) == count else [None] * count


def _repeat_images(images: Images, starts: Integers) -> Images:
    """Return each part the image of its row."""
    rows = np.repeat(np.arange(starts.size - 1), np.diff(starts))
    values = {field.name: np.asarray(getattr(images, field.name)) for field in fields(images)}
    each = {
        name: value[rows] if value.ndim and value.size > 1 else value
        for name, value in values.items()
    }
    return Images(**each)


def footprints_of_parts(
    codes: Sequence[str | None], x: ArrayLike, y: ArrayLike, images: Images, options: Options
) -> Footprints:
    """Draw rows of several contours; see `epnkit.regions.footprints`.

    Parameters
    ----------
    codes : sequence of str or None, length n
        The chain codes of each row, with `Options.separator` between them.
    x, y : array_like, shape (n,)
        The first pixels of each, separated in the same way.
    images : Images
        The image of each row, or one for all.
    options : Options
        How to draw.
    """
    parts = split_rows(codes, x, y, str(options.separator))
    one = replace(options, separator=None)
    of_parts = _repeat_images(images, parts.starts)
    drawn = footprints_of_contours(parts.codes, parts.x, parts.y, of_parts, one)
    rows = [
        _PartsOfRow(drawn, range(a, b), options).make_shape()
        for a, b in zip(parts.starts[:-1].tolist(), parts.starts[1:].tolist(), strict=True)
    ]
    return collect_footprints(rows, options.moc_order, options.wide_order)


@dataclass(frozen=True)
class _PartsOfRow:
    """The parts of one row among all that are drawn."""

    drawn: Footprints
    parts: range
    options: Options

    def make_shape(self) -> Shape:
        """Return the one region of the row."""
        flags = reduce(lambda a, b: a | b, (self.part_flags(part) for part in self.parts))
        pixels = int(sum(self.drawn.pixels[part] for part in self.parts))
        errors = [(k, self.drawn.errors[part]) for k, part in enumerate(self.parts, 1)]
        bad = next((f"part {k}: {e}" if len(errors) > 1 else e for k, e in errors if e), None)
        if bad:
            return Shape(flags=Flag.BAD, pixels=pixels, error=bad)
        seen = [part for part in self.parts if Flag.OFF_LIMB not in self.part_flags(part)]
        if not seen:
            return Shape(flags=Flag.OFF_LIMB, pixels=pixels)
        if Flag.OFF_LIMB in flags:
            flags = flags & ~Flag.OFF_LIMB | Flag.CLIPPED
        return (
            self.shape_of_one(seen[0], flags, pixels)
            if len(seen) == 1
            else self.shape_of_several(seen, flags | Flag.JOINED, pixels)
        )

    def part_flags(self, part: int) -> Flag:
        """Return a part's flags."""
        return Flag(int(self.drawn.flags[part]))

    def part_limits(self, part: int) -> tuple[float, float, float, float]:
        """Return a part's limits."""
        d = self.drawn
        return (
            float(d.c1min[part]),
            float(d.c1max[part]),
            float(d.c2min[part]),
            float(d.c2max[part]),
        )

    def shape_of_one(self, part: int, flags: Flag, pixels: int) -> Shape:
        """Return the region of the only part on the disc."""
        area = float(self.drawn.area_deg2[part])
        return Shape(
            self.drawn.vertices(part),
            self.part_limits(part),
            area,
            flags,
            lambda _: self.drawn.coverage[part],
            pixels,
        )

    def shape_of_several(self, seen: list[int], flags: Flag, pixels: int) -> Shape:
        """Return the region of several parts: one polygon if there is one, else their coverage."""
        rings = [self.drawn.vertices(part) for part in seen]
        ring = join_polygons(rings) if Flag.NO_POLYGON not in flags else np.empty((0, 2))
        if len(ring):
            units = unit_vectors(ring[:, 0], ring[:, 1])
            area = solid_angle(units) * SQUARE_DEGREES
            return Shape(ring, limits(units), area, flags, lambda o: cover_rings(rings, o), pixels)
        area = float(sum(self.drawn.area_deg2[part] for part in seen))
        return Shape(
            limits=unite_limits([self.part_limits(part) for part in seen]),
            area=area,
            flags=flags | Flag.NO_POLYGON,
            cover=lambda order: self.unite_coverages(seen, order),
            pixels=pixels,
        )

    def unite_coverages(self, seen: list[int], order: int) -> str:
        """Return the coverage of all parts."""
        with requires_extra("footprints"):
            from mocpy import MOC

        texts = [
            self.drawn.coverage[part] or cover_rings([self.drawn.vertices(part)], order)
            for part in seen
        ]
        return moc_text(
            reduce(MOC.union, [MOC.from_string(text, format="ascii") for text in texts])
        )


def join_polygons(rings: Sequence[Floats]) -> Floats:
    """Join polygons (degrees) by thin strips where they are nearest; empty when they can't be.

    In the plane that touches the sphere in their middle great circles are straight, so that
    overlaps can be united and gaps be measured there.
    """
    units = [unit_vectors(ring[:, 0], ring[:, 1]) for ring in rings]
    axes = _tangent_axes(center(np.concatenate(units)))
    flat = [ring @ axes.T for ring in units]
    if min(plane[:, 2].min() for plane in flat) < 0.05:
        return np.empty((0, 2))
    shapes = [shapely.Polygon(plane[:, :2] / plane[:, 2:]) for plane in flat]
    ring: Floats = shapely.get_coordinates(_bridge_polygons(shapes).exterior)[:-1]
    if not len(ring):
        return ring
    back = np.column_stack([ring, np.ones(len(ring))]) @ axes
    return make_polygon(back / np.linalg.norm(back, axis=1)[:, None])


def _tangent_axes(middle: Floats) -> Floats:
    """Return east, north and up at a place of the sphere, shape (3, 3)."""
    aside = np.zeros(3)
    aside[np.argmin(np.abs(middle))] = 1.0
    east = np.cross(aside, middle)
    east /= np.linalg.norm(east)
    return np.vstack([east, np.cross(middle, east), middle])


def _bridge_polygons(shapes: Sequence[shapely.Polygon]) -> shapely.Polygon:
    """Unite polygons of the plane, nearest first, with a strip over each gap; empty if too far."""
    whole, *rest = shapes
    while rest:
        near = int(np.argmin(shapely.distance(whole, np.array(rest))))
        other = rest.pop(near)
        line = shapely.shortest_line(whole, other)
        if line.length > WIDEST:
            return shapely.Polygon()
        # What only touches has a gap of no length, and gets a square around the place.
        strip = (
            line.buffer(STRIP, cap_style="square")
            if line.length
            else shapely.box(*np.subtract(line.coords[0], STRIP), *np.add(line.coords[0], STRIP))
        )
        whole = shapely.union_all([whole, other, strip])
    return whole


def unite_limits(
    edges: Sequence[tuple[float, float, float, float]],
) -> tuple[float, float, float, float]:
    """Return the limits (degrees) around several: all but the widest gap between longitudes."""
    wide = [
        (west, 360.0 if (west, east) == (0, 360) else (east - west) % 360)
        for west, east, _, _ in edges
    ]
    low, high = min(edge[2] for edge in edges), max(edge[3] for edge in edges)
    # From each beginning, how far the parts reach: the least is the way around them all.
    reach = [
        (max((west - begin) % 360 + width for west, width in wide), begin) for begin, _ in wide
    ]
    far, begin = min(reach)
    return (0.0, 360.0, low, high) if far >= 360 else (begin, (begin + far) % 360, low, high)
