"""Regions on the sphere: what drawing contours and other shapes gives."""

from __future__ import annotations

from dataclasses import dataclass

from epnkit.regions.arrays import Floats, Integers
from epnkit.regions.flags import Flag
from epnkit.regions.geometry.text import stc_text


@dataclass(frozen=True)
class Footprints:
    """Regions on the sphere, row by row as the contours were given.

    Attributes
    ----------
    s_region : list of str or None
        pgsphere's literal, as COPY takes it; None if there is no polygon.
    coverage : list of str or None
        MOC in ASCII, where it was asked for or no polygon holds the shape.
    c1min, c1max, c2min, c2max : ndarray, shape (rows,)
        Carrington limits in degrees, NaN without a region. c1min is where the region begins in
        increasing longitude: more than c1max when it holds the meridian 0 (EPN-TAP 2.0, section
        on bodies). Carrington longitude grows to solar west, which is east in the IAU's words.
    area_deg2 : ndarray, shape (rows,)
        Area on the sphere in square degrees, NaN without a polygon.
    pixels : ndarray of int64, shape (rows,)
        Pixels of the contour and within it.
    flags : ndarray of int64, shape (rows,)
        Sums of `Flag`.
    errors : list of str or None
        What is wrong with a row.
    degrees : ndarray, shape (vertices, 2)
        Longitude and latitude of all vertices, counter-clockwise.
    starts : ndarray of int64, shape (rows + 1,)
        Where each row's vertices begin, and the end of the last.
    """

    s_region: list[str | None]
    coverage: list[str | None]
    c1min: Floats
    c1max: Floats
    c2min: Floats
    c2max: Floats
    area_deg2: Floats
    pixels: Integers
    flags: Integers
    errors: list[str | None]
    degrees: Floats
    starts: Integers

    def vertices(self, row: int) -> Floats:
        """Return a row's vertices, shape (n, 2), degrees; the numbers of DALI's polygon."""
        return self.degrees[self.starts[row] : self.starts[row + 1]]

    def words(self, row: int) -> str:
        """Return a row's flags as words."""
        return Flag(int(self.flags[row])).words()

    def stc(self, row: int) -> str | None:
        """Return a row's polygon in STC-S, or None."""
        vertices = self.vertices(row)
        return stc_text(vertices) if len(vertices) else None
