"""Contours of a catalogue to footprints on the Carrington sphere, a batch at a time."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from epnkit.errors import RegionError
from epnkit.regions._compile import Floats, Integers
from epnkit.regions.chaincode import Codes, explain, pack
from epnkit.regions.coverage import coverages
from epnkit.regions.disc import ARCSEC
from epnkit.regions.draw import Drawn, Manner, draw
from epnkit.regions.flags import Fault, Flag
from epnkit.regions.observers import SOLAR_RADIUS, Place, locate
from epnkit.regions.text import literals, stc
from epnkit.regions.times import Times, to_tt

#: Rows drawn at a time: what bounds the memory, and what one thread takes.
CHUNK = 2000


@dataclass(frozen=True)
class Images:
    """The images in which contours were found; each field has one value, or one a contour.

    Parameters
    ----------
    date_obs : array_like of str or datetime64
        UTC; ISO 8601.
    cdelt1, cdelt2 : array_like
        Arcseconds a pixel along x (solar west) and y (solar north).
    center_x, center_y : array_like
        The Sun's centre, pixels.
    r_sun : array_like
        The Sun's apparent radius, pixels; needed for an observer at ``l1`` only.
    """

    date_obs: Times
    cdelt1: ArrayLike
    cdelt2: ArrayLike
    center_x: ArrayLike
    center_y: ArrayLike
    r_sun: ArrayLike = np.nan


@dataclass(frozen=True)
class Options:
    """How contours are drawn.

    Parameters
    ----------
    observer : {"earth", "l1"} or Observer
        Who looks. HFC took the Earth for every image.
    pixel_base, center_base : int
        The number of the first pixel as the contours count, and as `Images.center_x` counts.
    pixel_anchor : {"center", "corner"}
        What a whole number means: the centre of a pixel, or its lower left corner.
    outline : {"footprint", "center"}
        Around the pixels, or through their centres. The footprint holds the catalogues' area.
    tolerance : float
        How far the outline may leave the pixels' edges, in pixels; 0 keeps every corner.
    solar_radius : float
        Kilometres.
    moc_order : int, optional
        Give every region a coverage of this order; None only those that no polygon can hold.
    wide_order : int
        The order of the coverage for those.
    threads : int
        How many cores are used.
    separator : str, optional
        What parts the codes of a row that has several, and their first pixels (HFC's
        BLOB_SEPARATOR): its parts become one region. None for one code a row.
    """

    observer: Place = "earth"
    pixel_base: int = 0
    center_base: int = 0
    pixel_anchor: Literal["center", "corner"] = "center"
    outline: Literal["footprint", "center"] = "footprint"
    tolerance: float = 0.5
    solar_radius: float = SOLAR_RADIUS
    moc_order: int | None = None
    wide_order: int = 8
    threads: int = 1
    separator: str | None = None

    def __post_init__(self) -> None:
        if not (0 <= self.tolerance <= 100 and 0 < self.solar_radius < 1e8):
            raise RegionError(
                "bad options",
                why=f"tolerance {self.tolerance} px, solar radius {self.solar_radius} km",
                cure="Give a tolerance of 0 to 100 pixels and a radius in kilometres.",
            )


@dataclass(frozen=True)
class Footprints:
    """Regions on the sphere, row by row as the contours were given.

    Attributes
    ----------
    s_region : list of str or None
        pgsphere's literal, as COPY takes it; None where there is no polygon.
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
        return stc(vertices) if len(vertices) else None


def _numbers(value: ArrayLike, count: int) -> Floats:
    """Return one float a row; what is no number becomes NaN."""
    array = np.asarray(value)
    if array.dtype.kind in "OUS":
        array = np.array([_number(item) for item in array.ravel()]).reshape(array.shape)
    return np.broadcast_to(array.astype(float), (count,))


def _number(item: object) -> float:
    try:
        return float(item)  # type: ignore[arg-type]  # whatever a database gave
    except (TypeError, ValueError):
        return np.nan


def _scenes(images: Images, options: Options, count: int) -> tuple[Floats, Integers]:
    """Return what the kernels need of each image, shape (rows, 7), and each row's fault."""
    scale_x, scale_y = (_numbers(v, count) * ARCSEC for v in (images.cdelt1, images.cdelt2))
    shift = float(options.pixel_base - options.center_base)
    shift -= 0.5 if options.pixel_anchor == "corner" else 0.0
    x, y = (_numbers(v, count) + shift for v in (images.center_x, images.center_y))
    days, dated = to_tt(images.date_obs)
    days, dated = np.broadcast_to(days, (count,)), np.broadcast_to(dated, (count,))
    apparent = _numbers(images.r_sun, count) * np.abs(scale_x)
    position = locate(options.observer, days, apparent, options.solar_radius)
    ratio = options.solar_radius / position.distance
    scenes = np.column_stack([x, y, scale_x, scale_y, ratio, position.latitude, position.longitude])
    scaled = np.isfinite(scenes[:, :4]).all(axis=1) & (scale_x * scale_y != 0)
    seen = np.isfinite(scenes[:, 4:]).all(axis=1) & (ratio > 0) & (ratio < 1)
    order = [(~scaled, Fault.IMAGE), (~dated, Fault.DATE), (~seen, Fault.OBSERVER)]
    faults = np.select([bad for bad, _ in order], [fault.value for _, fault in order], 0)
    return scenes, faults.astype(np.int64)


def _starts(x: ArrayLike, y: ArrayLike, faults: Integers) -> Integers:
    """Return the first pixels, shape (rows, 2); a missing one becomes the row's fault."""
    count = faults.size
    both = np.column_stack([_numbers(x, count), _numbers(y, count)])
    bad = ~(np.abs(both) < 1e9).all(axis=1)
    faults[bad & (faults == 0)] = Fault.START.value
    return np.where(bad[:, None], 0.0, np.rint(both)).astype(np.int64)


def _drawn(codes: Codes, first: Integers, scenes: Floats, faults: Integers, o: Options) -> Drawn:
    """Draw all rows, in chunks, over as many threads as were asked for."""
    # A float always: whole numbers would have all kernels compiled once more.
    manner = Manner(o.outline == "center", float(o.tolerance))

    def part(begin: int) -> Drawn:
        rows = slice(begin, begin + CHUNK)
        starts = codes.starts[begin : begin + CHUNK + 1]
        return draw(codes.digits, starts, first[rows], scenes[rows], faults[rows], manner)

    begins = range(0, max(1, faults.size), CHUNK)
    if o.threads == 1:
        return Drawn.joined([part(begin) for begin in begins])
    with ThreadPoolExecutor(o.threads) as pool:
        return Drawn.joined(list(pool.map(part, begins)))


def footprints(
    chain_codes: Sequence[str | None],
    start_x: ArrayLike,
    start_y: ArrayLike,
    images: Images,
    options: Options | None = None,
) -> Footprints:
    """Draw contours on the Carrington sphere.

    Parameters
    ----------
    chain_codes : sequence of str or None, length n
        One chain code a row, or several with `Options.separator` between them.
    start_x, start_y : array_like, shape (n,)
        The first pixel of each; text where a row has several.
    images : Images
        The image of each row, or one for all.
    options : Options, optional
        How to draw.

    Returns
    -------
    Footprints
        A bad row has no region, the flag `Flag.BAD` and its error; it stops nothing.

    Raises
    ------
    RegionError
        The options make no sense. Never because of a row.
    """
    options = options or Options()
    if options.separator:
        # Not at the top: that module draws the parts with this function.
        from epnkit.regions.parts import footprints_of_parts

        return footprints_of_parts(chain_codes, start_x, start_y, images, options)
    scenes, faults = _scenes(images, options, len(chain_codes))
    first = _starts(start_x, start_y, faults)
    drawn = _drawn(pack(chain_codes), first, scenes, faults, options)
    bad = np.flatnonzero(drawn.faults)
    errors: list[str | None] = [None] * len(chain_codes)
    for row in bad.tolist():
        errors[row] = explain(Fault(drawn.faults[row]), chain_codes[row])
    order = options.moc_order
    return Footprints(
        literals(drawn.degrees, drawn.starts),
        coverages(drawn, scenes, order, options.wide_order),
        drawn.limits[:, 0],
        drawn.limits[:, 1],
        drawn.limits[:, 2],
        drawn.limits[:, 3],
        drawn.areas,
        drawn.pixels,
        drawn.flags | np.where(drawn.faults > 0, Flag.BAD.value, 0),
        errors,
        drawn.degrees,
        drawn.starts,
    )
