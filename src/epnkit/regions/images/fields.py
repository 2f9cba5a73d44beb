"""Fields of view of images with FITS world coordinates, as footprints."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from astropy.wcs import WCS
from astropy.wcs.utils import proj_plane_pixel_scales

from epnkit.errors import RegionError
from epnkit.modules import requires_extra
from epnkit.regions.arrays import Floats
from epnkit.regions.contours.outline import ring_area
from epnkit.regions.contours.simplify import douglas_peucker
from epnkit.regions.flags import Flag
from epnkit.regions.geometry.disc import RATIO, to_sphere
from epnkit.regions.geometry.limb import CUT, OUTSIDE, WHOLE, cut_by_limb
from epnkit.regions.geometry.moc import cover_rings, moc_text, split_into_quarters
from epnkit.regions.geometry.sphere import gnomonic
from epnkit.regions.images.headers import ImageHeader, read_headers, world_coordinates
from epnkit.regions.images.observer import earth_meridian, observer_scene
from epnkit.regions.results import Footprints
from epnkit.regions.shapes.rings import NO_FLAGS, Shape, collect_footprints, from_ring, unit_vectors
from epnkit.regions.shapes.shapes import make_box

#: Points on each side of an image: enough for the bend of a side on the sky.
POINTS_PER_SIDE: Final = 32

#: How far an edge may leave the line on the sphere, radians: 0.01 degree.
ALLOWED: Final = math.radians(0.01)

#: Projections whose rows are parallels, unless turned or centred off the equator.
_CYLINDRIC: Final = ("CAR", "CEA", "CYP", "MER")


def fields(
    headers: Sequence[Mapping[str, Any] | None],
    *,
    moc_order: int | None = None,
    wide_order: int = 8,
    solar_radius: float | None = None,
) -> Footprints:
    """Draw the fields of view of images, each by its FITS header.

    Helioprojective images (HPLN, HPLT, and the old SOLAR-X, SOLAR-Y) are drawn on the Carrington
    sphere as the observer sees it: cut by the limb, or the visible hemisphere where the whole disc
    is in the field. Maps of the Sun (CRLN, CRLT; HGLN, HGLT) lie on that sphere already. Images of
    the sky (RA, DEC) are drawn on the sky.

    Parameters
    ----------
    headers : sequence of mapping or None, length n
        FITS keywords of each image.
    moc_order : int, optional
        Give every region a coverage of this order; None only those that no polygon can hold.
    wide_order : int
        The order of the coverage for those.
    solar_radius : float, optional
        Kilometres; None takes the header's RSUN_REF, or 695,700 km.

    Returns
    -------
    Footprints
        `pixels` are those of the image. A header without a field of view has an error, and stops
        nothing.
    """
    given = iter(read_headers([header for header in headers if header is not None]))
    read = [None if header is None else next(given) for header in headers]
    shapes = [_draw_field(header, solar_radius) for header in read]
    return collect_footprints(shapes, moc_order, wide_order)


def _draw_field(header: ImageHeader | None, solar_radius: float | None) -> Shape:
    """Return one field of view, or the error of its header."""
    try:
        if header is None:
            raise RegionError("no image header", cure="Leave the region empty.")
        wcs = world_coordinates(header)
        return _DRAWERS[_longitude_kind(wcs)](wcs, header, solar_radius)
    except RegionError as error:
        return Shape(flags=Flag.BAD, error=str(error))


def _longitude_kind(wcs: WCS) -> str:
    """Return the first letters of an image's longitude: HPLN, CRLN, HGLN or RA."""
    kind = str(wcs.wcs.lngtyp).strip("-")
    if kind not in _DRAWERS:
        raise RegionError(
            "bad image header",
            why=f"longitudes of kind {kind or '(none)'} are not drawn",
            cure="Give one of " + ", ".join(_DRAWERS) + ".",
        )
    return kind


def border_pixels(wcs: WCS) -> Floats:
    """Return points around an image's outermost pixels, in pixels from 1, shape (4 SIDE, 2)."""
    along = np.arange(POINTS_PER_SIDE) / POINTS_PER_SIDE
    still = np.zeros(POINTS_PER_SIDE)
    square = np.concatenate(
        [
            np.column_stack([along, still]),
            np.column_stack([still + 1, along]),
            np.column_stack([1 - along, still + 1]),
            np.column_stack([still, 1 - along]),
        ]
    )
    out: Floats = 0.5 + square * np.array(wcs.pixel_shape, dtype=float)
    return out


def _count_pixels(wcs: WCS) -> int:
    return int(np.prod(np.array(wcs.pixel_shape, dtype=np.int64)))


def _to_world(wcs: WCS, pixels: Floats, shift: float = 0.0) -> Floats:
    """Return longitude (shifted) and latitude in degrees, shape (n, 2), NaN beyond the map."""
    units = np.array([unit.to("deg") for unit in wcs.wcs.cunit])
    out: Floats = wcs.all_pix2world(pixels, 1) * units + np.array([shift, 0.0])
    return out


def to_disc_plane(angles: Floats, ratio: float) -> Floats:
    """Return helioprojective longitudes and latitudes (degrees) in the disc plane, shape (n, 2).

    A direction at 90 degrees from the Sun's centre or more stays as far out as one at 90.
    """
    along, up = np.radians(angles).T
    plane: Floats = np.column_stack([np.cos(up) * np.sin(along), np.sin(up)])
    far_side = np.cos(up) * np.cos(along) <= 0
    plane[far_side] /= np.maximum(1e-12, np.hypot(*plane[far_side].T))[:, None]
    out: Floats = plane / ratio
    return out


def _draw_helioprojective(wcs: WCS, header: ImageHeader, solar_radius: float | None) -> Shape:
    """Return the part of the Sun that a helioprojective image shows."""
    scene, assumed = observer_scene(header, solar_radius)
    ring = to_disc_plane(_to_world(wcs, border_pixels(wcs)), float(scene[RATIO]))
    if not np.isfinite(ring).all():
        raise RegionError(
            "bad image header",
            why="the image is wider than its projection",
            cure="Correct the scale or the projection in the header.",
        )
    ring = drop_vertices(
        ring if ring_area(ring) > 0 else ring[::-1], _tolerance(wcs) / float(scene[RATIO])
    )
    inside, state, joined = cut_by_limb(ring, ALLOWED)
    if state == OUTSIDE:
        return Shape(flags=Flag.OFF_LIMB | assumed, pixels=_count_pixels(wcs))
    flags = assumed | (Flag.CLIPPED if state in (CUT, WHOLE) else NO_FLAGS)
    flags |= Flag.JOINED if joined else NO_FLAGS

    def pieces(order: int) -> str | None:
        return cover_rings(split_into_quarters(inside, scene), order)

    return from_ring(to_sphere(inside, scene), pieces, flags, _count_pixels(wcs))


def drop_vertices(ring: Floats, tolerance: float) -> Floats:
    """Return a ring of the plane without the vertices that lie within a tolerance of its sides."""
    whole = np.ascontiguousarray(ring)
    return np.ascontiguousarray(whole[douglas_peucker(whole, tolerance)])


def _tolerance(wcs: WCS) -> float:
    """Return half a pixel in radians, at most what sides may be off on the sphere."""
    return min(ALLOWED, math.radians(float(proj_plane_pixel_scales(wcs).min())) / 2)


def _draw_carrington(wcs: WCS, header: ImageHeader, _: float | None) -> Shape:
    """Return the field of a map in Carrington coordinates."""
    return _draw_map(wcs, 0.0)


def _draw_stonyhurst(wcs: WCS, header: ImageHeader, _: float | None) -> Shape:
    """Return the field of a map in Stonyhurst coordinates, turned to Carrington ones."""
    return _draw_map(wcs, earth_meridian(header))


def _draw_sky(wcs: WCS, header: ImageHeader, _: float | None) -> Shape:
    """Return the field of an image of the sky, in the right ascension that it uses."""
    return _draw_map(wcs, 0.0)


_DRAWERS: Final = {
    "HPLN": _draw_helioprojective,
    "CRLN": _draw_carrington,
    "HGLN": _draw_stonyhurst,
    "RA": _draw_sky,
}


def _draw_map(wcs: WCS, shift: float) -> Shape:
    """Return the field of a map on its own sphere, its longitudes shifted by some degrees."""
    if _is_box(wcs):
        return _draw_box(wcs, shift)
    world = _to_world(wcs, border_pixels(wcs), shift)

    def write_moc(order: int) -> str:
        return _cover_samples(wcs, shift, order)

    if np.isfinite(world).all():
        ring = unit_vectors(world[:, 0], world[:, 1])
        flat, narrow = gnomonic(ring)
        ring = ring[douglas_peucker(flat, _tolerance(wcs))] if narrow else ring
        return from_ring(ring, write_moc, pixels=_count_pixels(wcs))
    limits = (0.0, 360.0, -90.0, 90.0)
    return Shape(limits=limits, flags=Flag.NO_POLYGON, cover=write_moc, pixels=_count_pixels(wcs))


def _is_box(wcs: WCS) -> bool:
    """Return whether rows and columns of a map are parallels and meridians."""
    turn = wcs.pixel_scale_matrix
    straight = abs(turn[0, 1]) + abs(turn[1, 0]) < 1e-9 * np.abs(turn).max()
    cylindric = str(wcs.wcs.ctype[0])[-3:] in _CYLINDRIC and wcs.sip is None
    return bool(straight and cylindric and abs(wcs.wcs.crval[1]) < 1e-9)


def _draw_box(wcs: WCS, shift: float) -> Shape:
    """Return a map between meridians and parallels; what lies beyond the poles is no part of it."""
    wide, high = (float(n) for n in wcs.pixel_shape)
    first, last = (
        wcs.wcs.crval[0] + (edge - wcs.wcs.crpix[0]) * wcs.pixel_scale_matrix[0, 0]
        for edge in (0.5, wide + 0.5)
    )
    column = np.column_stack([np.full(2, wcs.wcs.crpix[0]), [0.5, high + 0.5]])
    up = np.sign(wcs.pixel_scale_matrix[1, 1])
    ends = _to_world(wcs, column)[:, 1] * up
    south, north = np.sort(np.where(np.isfinite(ends), ends, [-90.0, 90.0]) * up)
    found = make_box(min(first, last) + shift, max(first, last) + shift, south, north)
    return Shape(
        found.degrees,
        found.limits,
        found.area,
        found.flags,
        found.cover,
        _count_pixels(wcs),
        found.error,
    )


def _cover_samples(wcs: WCS, shift: float, order: int) -> str:
    """Return the coverage of the directions of pixels, at least four a cell along each axis."""
    from astropy import units

    with requires_extra("footprints"):
        from mocpy import MOC

    scale = math.degrees(math.sqrt(math.pi / 3)) / 2**order / 4
    counts = [
        math.ceil(size * max(1e-9, float(np.hypot(*column))) / scale) + 1
        for size, column in zip(wcs.pixel_shape, wcs.pixel_scale_matrix.T, strict=True)
    ]
    grid = np.meshgrid(
        *(
            0.5 + size * np.linspace(0, 1, count)
            for size, count in zip(wcs.pixel_shape, counts, strict=True)
        )
    )
    world = _to_world(wcs, np.column_stack([axis.ravel() for axis in grid]), shift)
    world = world[np.isfinite(world).all(axis=1)]
    lon, lat = (world * units.deg).T
    return moc_text(MOC.from_lonlat(lon, lat, max_norder=order))
