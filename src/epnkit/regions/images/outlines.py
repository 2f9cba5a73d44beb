"""Outlines on the sky around the Sun (helioprojective), as footprints on the Carrington sphere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from epnkit.errors import RegionError
from epnkit.modules import requires_extra
from epnkit.regions.arrays import Floats
from epnkit.regions.contours.outline import ring_area
from epnkit.regions.flags import Flag
from epnkit.regions.geometry.disc import LATITUDE, LONGITUDE, RATIO, to_sphere
from epnkit.regions.geometry.limb import CUT, OUTSIDE, WHOLE, cut_by_limb
from epnkit.regions.geometry.moc import cover_rings, split_into_quarters
from epnkit.regions.images.fields import ALLOWED, drop_vertices, to_disc_plane
from epnkit.regions.results import Footprints
from epnkit.regions.shapes.rings import NO_FLAGS, Shape, collect_footprints, from_ring
from epnkit.regions.solar.observers import SOLAR_RADIUS, ObserverLike, locate_observers
from epnkit.regions.solar.times import Times, to_tt

#: Arcseconds of a whole turn: some files write -12" as 1295988".
TURN: Final = 1296000.0

#: How far a side may leave the outline, arcseconds: less than the Sun turns in a minute.
TOLERANCE: Final = 0.05

#: How far a merged outline may leave its parts, arcseconds: below any pixel.
EXACT: Final = 0.002


def outlines(
    rings: Sequence[ArrayLike | None],
    dates: Times,
    *,
    observer: ObserverLike = "earth",
    moc_order: int | None = None,
    wide_order: int = 8,
    solar_radius: float = SOLAR_RADIUS,
) -> Footprints:
    """Draw outlines on the sky around the Sun's centre on the Carrington sphere.

    Parameters
    ----------
    rings : sequence of array_like or None, length n
        Helioprojective longitudes and latitudes of an outline's corners, arcseconds, shape (m, 2),
        in either direction; it closes by itself. Values beyond half a turn are wrapped.
    dates : array_like of str or datetime64, or polars.Series, shape (n,)
        UTC.
    observer : {"earth", "l1"} or Observer
        Who looked.
    moc_order : int, optional
        Give every region a coverage of this order; None only those that no polygon can hold.
    wide_order : int
        The order of the coverage for those.
    solar_radius : float
        Kilometres.

    Returns
    -------
    Footprints
        What lies off the limb is cut away. A row without an outline, or with one that surrounds
        nothing, has an error.

    Examples
    --------
    >>> square = [(-100, -100), (100, -100), (100, 100), (-100, 100)]
    >>> outlines([square], ["2023-08-28T20:38:00"]).c2max.round(2).tolist()
    [13.14]
    """
    days, good = to_tt(dates)
    apparent = np.full(len(days), np.nan)
    position = locate_observers(observer, days, apparent, solar_radius)
    scenes = np.tile([0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0], (len(days), 1))
    scenes[:, RATIO] = solar_radius / position.distance
    scenes[:, LATITUDE], scenes[:, LONGITUDE] = position.latitude, position.longitude
    shapes = [
        _draw(ring, scene) if known else _bad("its date is none")
        for ring, scene, known in zip(rings, scenes, good, strict=True)
    ]
    return collect_footprints(shapes, moc_order, wide_order)


def wrap_arcseconds(values: ArrayLike) -> Floats:
    """Return arcseconds between minus half a turn and half a turn.

    Examples
    --------
    >>> wrap_arcseconds([1295988.0, -12.0, 1296000.0]).tolist()
    [-12.0, -12.0, 0.0]
    """
    given = np.asarray(values, dtype=float)
    wrapped: Floats = given - TURN * np.round(given / TURN)
    return wrapped


def merge_outlines(rings: Sequence[Floats]) -> Floats:
    """Return the outer edge of outlines that overlap or touch, as the tiles of a mosaic do.

    Parameters
    ----------
    rings : sequence of ndarray, shape (n, 2)
        The outlines, in one plane; each counts as its convex hull.

    Returns
    -------
    ndarray, shape (m, 2)
        If they do not hang together, their convex hull.

    Raises
    ------
    RegionError
        If they surround nothing.

    Examples
    --------
    >>> one = np.array([(0.0, 0.0), (2, 0), (2, 1), (0, 1)])
    >>> len(merge_outlines([one, one + 1]))
    8
    """
    with requires_extra("footprints"):
        import shapely

    hulls = [shapely.MultiPoint(ring[np.isfinite(ring).all(axis=1)]).convex_hull for ring in rings]
    whole = shapely.union_all([hull for hull in hulls if hull.geom_type == "Polygon"])
    if whole.geom_type == "MultiPolygon":
        whole = whole.convex_hull
    if whole.geom_type != "Polygon" or whole.is_empty:
        raise RegionError("no outline", why="it surrounds nothing", cure="Leave the region empty.")
    vertices: Floats = shapely.get_coordinates(whole.simplify(EXACT).exterior)[:-1]
    return vertices


def box_ring(box: ArrayLike) -> Floats:
    """Return the corners of a box, given by two opposite corners in any order, shape (4, 2).

    Examples
    --------
    >>> box_ring([0.64, -3.28, -237.69, -20.61])[0].tolist()
    [-237.69, -20.61]
    """
    corners = np.asarray(box, dtype=float).reshape(2, 2)
    (left, low), (right, high) = np.sort(corners, axis=0)
    return np.array([(left, low), (right, low), (right, high), (left, high)])


def _bad(why: str) -> Shape:
    return Shape(flags=Flag.BAD, error=f"no outline: {why}. Leave the region empty")


def _draw(given: ArrayLike | None, scene: Floats) -> Shape:
    if given is None:
        return _bad("none is given")
    corners = wrap_arcseconds(given).reshape(-1, 2)
    if len(corners) < 3 or not np.isfinite(corners).all():
        return _bad("it has fewer than three corners, or one that is no number")
    ring = to_disc_plane(corners / 3600, float(scene[RATIO]))
    if abs(ring_area(ring)) < 1e-12:
        return _bad("it surrounds nothing")
    facing = np.ascontiguousarray(ring if ring_area(ring) > 0 else ring[::-1])
    inside, state, joined = cut_by_limb(drop_vertices(facing, _tolerance(ring, scene)), ALLOWED)
    if state == OUTSIDE:
        return Shape(flags=Flag.OFF_LIMB)
    flags = Flag.CLIPPED if state in (CUT, WHOLE) else NO_FLAGS
    flags |= Flag.JOINED if joined else NO_FLAGS

    def cover(order: int) -> str | None:
        return cover_rings(split_into_quarters(inside, scene), order)

    return from_ring(to_sphere(inside, scene), cover, flags)


def _tolerance(ring: Floats, scene: Floats) -> float:
    """Return how far a side may leave a ring; less than `TOLERANCE` for one as narrow as a slit."""
    length = float(np.hypot(*np.ptp(ring, axis=0)))
    return min(
        math.radians(TOLERANCE / 3600) / float(scene[RATIO]), abs(ring_area(ring)) / length / 10
    )
