"""Circles, boxes and points on any sphere, as footprints; degrees in, row by row."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from epnkit.modules import requires_extra
from epnkit.regions.arrays import Floats
from epnkit.regions.flags import Flag
from epnkit.regions.geometry.moc import moc_text
from epnkit.regions.geometry.sphere import SQUARE_DEGREES
from epnkit.regions.results import Footprints
from epnkit.regions.shapes.rings import (
    NO_FLAGS,
    NO_VERTICES,
    Shape,
    collect_footprints,
    make_polygon,
    unit_vectors,
)

#: Vertices of a circle: its ring leaves it by 0.5 % of the radius, and has its area.
CIRCLE: Final = 32

#: How far a box's sides may leave their parallels: degrees, or this part of its height if more.
TOLERANCE: Final = 0.01
PART: Final = 0.002

_BAD: Final = "bad shape: {}. Give degrees: latitudes from -90 to 90, {}"


def circles(
    lon: ArrayLike,
    lat: ArrayLike,
    radius: ArrayLike,
    *,
    moc_order: int | None = None,
    wide_order: int = 8,
) -> Footprints:
    """Return circles as polygons of 32 vertices that have the circles' area.

    Parameters
    ----------
    lon, lat, radius : array_like, shape (n,)
        Degrees; the radius more than 0 and at most 180.
    moc_order : int, optional
        Give every region a coverage of this order; None only those that no polygon can hold, of a
        radius near 90 degrees or more.
    wide_order : int
        The order of the coverage for those.

    Returns
    -------
    Footprints
        Limits and area are the circle's own. A bad row has no region and an error.
    """
    shapes = [_make_circle(*row) for row in _as_rows(lon, lat, radius).tolist()]
    return collect_footprints(shapes, moc_order, wide_order)


def boxes(
    c1min: ArrayLike,
    c1max: ArrayLike,
    c2min: ArrayLike,
    c2max: ArrayLike,
    *,
    moc_order: int | None = None,
    wide_order: int = 8,
) -> Footprints:
    """Return what lies between two meridians and two parallels.

    Parameters
    ----------
    c1min, c1max, c2min, c2max : array_like, shape (n,)
        Degrees. The box goes from c1min in increasing longitude to c1max: across the meridian 0
        when c1min is more. Limits 360 degrees or more apart are the whole way around.
    moc_order : int, optional
        Give every region a coverage of this order; None only those that no polygon can hold.
    wide_order : int
        The order of the coverage for those.

    Returns
    -------
    Footprints
        Limits and area are the box's own; polygons follow the parallels within 0.01
        degree, or 0.2 % of the box's height where that is more.
    """
    shapes = [make_box(*row) for row in _as_rows(c1min, c1max, c2min, c2max).tolist()]
    return collect_footprints(shapes, moc_order, wide_order)


def points(
    lon: ArrayLike, lat: ArrayLike, *, size: float = 1 / 3600, moc_order: int | None = None
) -> Footprints:
    """Return points as small circles, flagged `Flag.DEGENERATE`.

    Parameters
    ----------
    lon, lat : array_like, shape (n,)
        Degrees.
    size : float
        Radius of the circle drawn, degrees; at least 1e-4, below which pgsphere sees no polygon.
    moc_order : int, optional
        Give every point a coverage of this order.

    Returns
    -------
    Footprints
        Limits are the point itself, and the area is 0.
    """
    rows = _as_rows(lon, lat, max(size, 1e-4)).tolist()
    return collect_footprints([_make_point(*row) for row in rows], moc_order)


def _as_rows(*columns: ArrayLike) -> NDArray[np.float64]:
    """Return columns as rows of numbers; what is no number is NaN."""
    arrays = [np.atleast_1d(np.asarray(column, dtype=float)) for column in columns]
    return np.column_stack(np.broadcast_arrays(*arrays))


def _bad_shape(what: str, cure: str) -> Shape:
    return Shape(flags=Flag.BAD, error=_BAD.format(what, cure))


def _make_point(lon: float, lat: float, size: float) -> Shape:
    """Return a point with a small circle around it."""
    circle = _make_circle(lon, lat, size)
    if circle.error:
        return circle
    limits = (lon % 360, lon % 360, lat, lat)
    return Shape(circle.degrees, limits, 0.0, Flag.DEGENERATE, circle.cover)


def _make_circle(lon: float, lat: float, radius: float) -> Shape:
    """Return one circle."""
    if not (math.isfinite(lon) and abs(lat) <= 90 and 0 < radius <= 180):
        return _bad_shape(
            f"circle {lon}, {lat}, radius {radius}", "a radius of more than 0, at most 180"
        )
    area = 4 * math.pi * math.sin(math.radians(radius) / 2) ** 2
    degrees = (
        make_polygon(_circle_vertices(lon, lat, circumradius(area)), area)
        if radius < 90
        else NO_VERTICES
    )
    flags = NO_FLAGS if len(degrees) else Flag.NO_POLYGON

    def cone(order: int) -> str:
        from astropy import units

        with requires_extra("footprints"):
            from mocpy import MOC

        found = MOC.from_cone(
            lon=lon * units.deg, lat=lat * units.deg, radius=radius * units.deg, max_depth=order
        )
        return moc_text(found)

    return Shape(degrees, _circle_limits(lon, lat, radius), area * SQUARE_DEGREES, flags, cone)


def circumradius(area: float) -> float:
    """Return how far from the middle the vertices of a regular polygon lie, radians.

    Parameters
    ----------
    area : float
        Steradian, less than a hemisphere's. The triangle of the middle, a vertex and half a side
        has the angles pi/n, half the inner angle and 90 degrees; its excess is area/2n.
    """
    part, excess = math.pi / CIRCLE, area / (2 * CIRCLE)
    square = math.sin(excess) / (2 * math.sin(part) * math.cos(part - excess))
    return 2 * math.asin(math.sqrt(min(0.5, square)))


def _circle_vertices(lon: float, lat: float, away: float) -> Floats:
    """Return vertices around a middle at a distance in radians, shape (n, 3)."""
    turn = 2 * np.pi * np.arange(CIRCLE) / CIRCLE
    along, up = math.radians(lon), math.radians(lat)
    east, north = np.sin(away) * np.sin(turn), np.sin(away) * np.cos(turn)
    flat = np.cos(away) * math.cos(up) - north * math.sin(up)
    return np.column_stack(
        [
            flat * math.cos(along) - east * math.sin(along),
            flat * math.sin(along) + east * math.cos(along),
            np.cos(away) * math.sin(up) + north * math.cos(up),
        ]
    )


def _circle_limits(lon: float, lat: float, radius: float) -> tuple[float, float, float, float]:
    """Return the limits of a circle; around a pole c1 is 0 to 360 and c2 goes to the pole."""
    low, high = lat - radius, lat + radius
    if low <= -90 or high >= 90:
        return 0.0, 360.0, max(-90.0, low), min(90.0, high)
    wide = math.degrees(math.asin(math.sin(math.radians(radius)) / math.cos(math.radians(lat))))
    return (lon - wide) % 360, (lon + wide) % 360, low, high


def make_box(west: float, east: float, south: float, north: float) -> Shape:
    """Return one box; see `boxes`.

    Parameters
    ----------
    west, east : float
        Limits in longitude, degrees; it runs eastward from the first to the second.
    south, north : float
        Limits in latitude, degrees.
    """
    good = math.isfinite(west) and math.isfinite(east) and -90 <= south < north <= 90
    width = 360.0 if abs(east - west) >= 360 else (east - west) % 360
    if not (good and width > 0):
        return _bad_shape(f"box {west} to {east}, {south} to {north}", "the lower limit first")
    area = math.radians(width) * (math.sin(math.radians(north)) - math.sin(math.radians(south)))
    degrees = (
        make_polygon(_box_ring(west, width, south, north), area)
        if area < 2 * math.pi
        else NO_VERTICES
    )
    flags = NO_FLAGS if len(degrees) else Flag.NO_POLYGON
    around = (0.0, 360.0) if width == 360 else (west % 360, east % 360)
    return Shape(
        degrees,
        (*around, south, north),
        area * SQUARE_DEGREES,
        flags,
        lambda order: _cover_zone(west, width, south, north, order),
    )


def _box_ring(west: float, width: float, south: float, north: float) -> Floats:
    """Return the ring around a box, or around the pole when it goes the whole way; shape (n, 3)."""
    allowed = max(TOLERANCE, PART * (north - south))
    lower, upper = (_parallel_points(west, width, lat, allowed) for lat in (south, north))
    if width == 360 and -90 in (south, -north):
        return (lower if north == 90 else upper[::-1])[:-1]
    return np.concatenate([lower, upper[::-1]])


def _parallel_points(west: float, width: float, lat: float, allowed: float) -> Floats:
    """Return points of a parallel, near enough for great circles between them to follow it.

    A great circle leaves a parallel by w^2 / 8 sin(lat) cos(lat) where they share points w apart.
    """
    up = math.radians(abs(lat))
    bend = math.sin(up) * math.cos(up) / (8 * math.radians(allowed))
    count = max(1, math.ceil(width / 100), math.ceil(math.radians(width) * math.sqrt(bend)))
    lon = west + width * np.arange(count + 1) / count
    return unit_vectors(lon, np.full(count + 1, lat))


def _cover_zone(west: float, width: float, south: float, north: float, order: int) -> str:
    """Return the coverage of a box."""
    from astropy import units
    from astropy.coordinates import SkyCoord

    with requires_extra("footprints"):
        from mocpy import MOC

    halves = 1 if width < 180 else 4
    found = None
    for k in range(halves):
        begin = (west + width * k / halves) % 360
        corners = SkyCoord(
            [begin, (begin + width / halves) % 360] * units.deg, [south, north] * units.deg
        )
        part = MOC.from_zone(corners, max_depth=order)
        found = part if found is None else found.union(part)
    return moc_text(found)
