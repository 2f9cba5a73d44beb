"""The same shapes as multi-order coverage maps (MOC 2.0), for what a polygon can't hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from epnkit.regions._compile import Floats
from epnkit.regions.contours.draw import Drawn
from epnkit.regions.geometry.disc import to_sphere
from epnkit.regions.geometry.sphere import tidy, to_degrees

if TYPE_CHECKING:
    from mocpy import MOC

#: Quarters of the disc: no piece of a region then spans more than 90 degrees, and the lines
#: between them, through the centre of the disc, are great circles.
_QUARTERS = [shapely.box(x, y, x + 2, y + 2) for x in (-2, 0) for y in (-2, 0)]


def text_of(moc: MOC) -> str:
    """Return a coverage in the MOC standard's ASCII form (MOC 2.0, section 4.3), on one line."""
    text: str = moc.to_string(format="ascii", fold=0)
    return text.replace("\n", " ").strip()


def cover(rings: list[Floats], order: int) -> str | None:
    """Return the coverage of rings (degrees, shape (n, 2)), None without any."""
    if not rings:
        return None
    # Few contours need it, and with it comes matplotlib.
    from mocpy import MOC

    covers = [MOC.from_polygon(r[:, 0], r[:, 1], max_depth=order) for r in _units(rings)]
    return text_of(covers[0].union(*covers[1:]) if len(covers) > 1 else covers[0])


def _units(rings: list[Floats]) -> list[Floats]:
    """Give rings the unit that mocpy asks for."""
    from astropy import units

    return [ring * units.deg for ring in rings]


def quarters(outline: Floats, scene: Floats) -> list[Floats]:
    """Return a wide outline of the disc plane as rings in degrees, a quarter of the disc each."""
    shape = shapely.make_valid(shapely.Polygon(outline), method="structure", keep_collapsed=False)
    parts = shapely.get_parts(shapely.get_parts([shape & quarter for quarter in _QUARTERS]))
    rings = [np.asarray(part.exterior.coords)[:-1] for part in parts if part.geom_type == "Polygon"]
    # Cutting leaves slivers, of which mocpy makes nothing good.
    spheres = [tidy(to_sphere(np.ascontiguousarray(ring), scene)) for ring in rings]
    return [to_degrees(sphere) for sphere in spheres if len(sphere) > 2]


def coverages(drawn: Drawn, scenes: Floats, order: int | None, wide_order: int) -> list[str | None]:
    """Return the coverage of each row in ASCII, None where none is asked for or needed.

    Parameters
    ----------
    drawn : Drawn
        Polygons, and outlines of what no polygon can hold.
    scenes : ndarray, shape (rows, 7)
        The images.
    order : int, optional
        The order for every region; None gives only those without a polygon a coverage.
    wide_order : int
        The order for those.
    """
    found: list[str | None] = [None] * drawn.flags.size
    for row in np.flatnonzero(np.diff(drawn.disc_starts)).tolist():
        outline = drawn.discs[drawn.disc_starts[row] : drawn.disc_starts[row + 1]]
        pieces = quarters(outline, np.ascontiguousarray(scenes[row]))
        found[row] = cover(pieces, wide_order if order is None else order)
    if order is not None:
        for row in np.flatnonzero(np.diff(drawn.starts)).tolist():
            ring = drawn.degrees[drawn.starts[row] : drawn.starts[row + 1]]
            found[row] = cover([ring], order)
    return found
