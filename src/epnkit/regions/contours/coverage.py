"""The coverage of contours: of all, or of those that no polygon can hold."""

from __future__ import annotations

import numpy as np

from epnkit.regions.arrays import Floats
from epnkit.regions.contours.draw import DrawnContours
from epnkit.regions.geometry.moc import cover_rings, split_into_quarters


def cover_contours(
    drawn: DrawnContours, scenes: Floats, order: int | None, wide_order: int
) -> list[str | None]:
    """Return the coverage of each row in ASCII, None if none is asked for or needed.

    Parameters
    ----------
    drawn : DrawnContours
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
        pieces = split_into_quarters(outline, np.ascontiguousarray(scenes[row]))
        found[row] = cover_rings(pieces, wide_order if order is None else order)
    if order is not None:
        for row in np.flatnonzero(np.diff(drawn.starts)).tolist():
            ring = drawn.degrees[drawn.starts[row] : drawn.starts[row + 1]]
            found[row] = cover_rings([ring], order)
    return found
