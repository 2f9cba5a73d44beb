"""Rings as multi-order coverage maps (MOC 2.0), for what a polygon can't hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from epnkit.modules import requires_extra
from epnkit.regions.arrays import Floats
from epnkit.regions.geometry.disc import to_sphere
from epnkit.regions.geometry.sphere import drop_redundant_vertices, to_degrees

with requires_extra("footprints"):
    import shapely


if TYPE_CHECKING:
    from mocpy import MOC

#: Quarters of the disc: no piece of a region then spans more than 90 degrees, and the lines
#: between them, through the centre of the disc, are great circles.
_QUARTERS = [shapely.box(x, y, x + 2, y + 2) for x in (-2, 0) for y in (-2, 0)]


def moc_text(moc: MOC) -> str:
    """Return a coverage in the MOC standard's ASCII form (MOC 2.0, section 4.3), on one line."""
    text: str = moc.to_string(format="ascii", fold=0)
    return text.replace("\n", " ").strip()


def cover_rings(rings: list[Floats], order: int) -> str | None:
    """Return the coverage of rings (degrees, shape (n, 2)), None without any."""
    if not rings:
        return None
    # Few contours need it, and with it comes matplotlib.
    with requires_extra("footprints"):
        from mocpy import MOC

    covers = [MOC.from_polygon(r[:, 0], r[:, 1], max_depth=order) for r in _with_units(rings)]
    return moc_text(covers[0].union(*covers[1:]) if len(covers) > 1 else covers[0])


def _with_units(rings: list[Floats]) -> list[Floats]:
    """Return rings the unit that mocpy asks for."""
    from astropy import units

    return [ring * units.deg for ring in rings]


def split_into_quarters(outline: Floats, scene: Floats) -> list[Floats]:
    """Return a wide outline of the disc plane as rings in degrees, a quarter of the disc each."""
    shape = shapely.make_valid(shapely.Polygon(outline), method="structure", keep_collapsed=False)
    parts = shapely.get_parts(shapely.get_parts([shape & quarter for quarter in _QUARTERS]))
    rings = [np.asarray(part.exterior.coords)[:-1] for part in parts if part.geom_type == "Polygon"]
    # Cutting leaves slivers, of which mocpy makes nothing good.
    spheres = [
        drop_redundant_vertices(to_sphere(np.ascontiguousarray(ring), scene)) for ring in rings
    ]
    return [to_degrees(sphere) for sphere in spheres if len(sphere) > 2]
