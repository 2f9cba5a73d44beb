"""Rings on the sphere to rows of `Footprints`: the way of every shape that is no contour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from epnkit.regions.arrays import Floats
from epnkit.regions.flags import Flag
from epnkit.regions.geometry.moc import cover_rings
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
from epnkit.regions.geometry.text import polygon_literals
from epnkit.regions.results import Footprints

#: Gives the coverage of a shape at an order, in ASCII.
Cover = Callable[[int], str | None]

#: The part by which a ring's area may differ from the shape's before another shape must be meant.
LIKELY: Final = 0.05

NO_VERTICES: Final = np.empty((0, 2))

#: No flag.
NO_FLAGS: Final = Flag(0)


@dataclass(frozen=True)
class Shape:
    """One row: what is known of a shape on the sphere.

    Attributes
    ----------
    degrees : ndarray, shape (n, 2)
        The polygon, counter-clockwise; empty if none holds the shape.
    limits : tuple of float
        c1min, c1max, c2min, c2max in degrees.
    area : float
        Square degrees.
    flags : Flag
        What was done.
    cover : callable, optional
        Gives the coverage at an order; None without a region.
    pixels : int
        Pixels of the detector; 0 if there is none.
    error : str, optional
        Why there is no region.
    """

    degrees: Floats = field(default_factory=lambda: NO_VERTICES)
    limits: tuple[float, float, float, float] = (np.nan, np.nan, np.nan, np.nan)
    area: float = np.nan
    flags: Flag = NO_FLAGS
    cover: Cover | None = None
    pixels: int = 0
    error: str | None = None


def unit_vectors(lon: Floats, lat: Floats) -> Floats:
    """Return unit vectors of longitudes and latitudes in degrees, shape (n, 3)."""
    along, up = np.radians(lon), np.radians(lat)
    return np.column_stack([np.cos(up) * np.cos(along), np.cos(up) * np.sin(along), np.sin(up)])


def orient_counter_clockwise(ring: Floats) -> Floats:
    """Return a ring of unit vectors with its inside, the smaller part, on the left."""
    return np.ascontiguousarray(ring[::-1]) if solid_angle(ring) < 0 else ring


def make_polygon(ring: Floats, area: float | None = None) -> Floats:
    """Return a ring as pgsphere takes it, degrees, shape (m, 2); empty when it can't.

    Parameters
    ----------
    ring : ndarray, shape (n, 3)
        Unit vectors, in either direction.
    area : float, optional
        What the shape holds, steradian: where the ring holds another, as pgsphere would take the
        smaller of its two sides, it is no polygon of that shape.
    """
    tidied = drop_redundant_vertices(np.ascontiguousarray(ring))
    if check_pgsphere(tidied) != GOOD:
        return NO_VERTICES
    facing = orient_counter_clockwise(tidied)
    if area is not None and abs(solid_angle(facing) - area) > LIKELY * area:
        return NO_VERTICES
    return to_degrees(remove_alignment(facing))


def from_ring(ring: Floats, wide: Cover, flags: Flag = NO_FLAGS, pixels: int = 0) -> Shape:
    """Return the shape that a ring surrounds.

    Parameters
    ----------
    ring : ndarray, shape (n, 3)
        Unit vectors; it closes by itself.
    wide : callable
        Gives the coverage of an order where no polygon holds the shape.
    flags : Flag
        What is known of the shape.
    pixels : int
        How many it was made of.
    """
    degrees = make_polygon(ring)
    facing = orient_counter_clockwise(np.ascontiguousarray(ring))
    area = abs(solid_angle(facing)) * SQUARE_DEGREES
    if not len(degrees):
        return Shape(degrees, limits(facing), area, flags | Flag.NO_POLYGON, wide, pixels)
    return Shape(
        degrees, limits(facing), area, flags, lambda order: cover_rings([degrees], order), pixels
    )


def _coverage_of(shape: Shape, order: int | None, wide_order: int) -> str | None:
    """Return a row's coverage where it is asked for or needed."""
    wanted = wide_order if order is None and Flag.NO_POLYGON in shape.flags else order
    return None if shape.cover is None or wanted is None else shape.cover(wanted)


def collect_footprints(
    shapes: Sequence[Shape], moc_order: int | None = None, wide_order: int = 8
) -> Footprints:
    """Return shapes as `Footprints`, row by row.

    Parameters
    ----------
    shapes : sequence of Shape
        The rows.
    moc_order : int, optional
        Give every region a coverage of this order; None only those that no polygon can hold.
    wide_order : int
        The order of the coverage for those.
    """
    starts = np.zeros(len(shapes) + 1, dtype=np.int64)
    np.cumsum([len(shape.degrees) for shape in shapes], out=starts[1:])
    degrees = np.concatenate([NO_VERTICES, *(shape.degrees for shape in shapes)])
    edges = np.array([shape.limits for shape in shapes], dtype=float).reshape(-1, 4)
    return Footprints(
        polygon_literals(degrees, starts),
        [_coverage_of(shape, moc_order, wide_order) for shape in shapes],
        edges[:, 0],
        edges[:, 1],
        edges[:, 2],
        edges[:, 3],
        np.array([shape.area for shape in shapes], dtype=float),
        np.array([shape.pixels for shape in shapes], dtype=np.int64),
        np.array([int(shape.flags) for shape in shapes], dtype=np.int64),
        [shape.error for shape in shapes],
        degrees,
        starts,
    )
