"""One contour a row to footprints on the Carrington sphere, a chunk at a time."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import ArrayLike

from epnkit.regions.arrays import Floats, Integers
from epnkit.regions.contours.chaincode import Codes, explain_fault, pack_codes
from epnkit.regions.contours.coverage import cover_contours
from epnkit.regions.contours.draw import DrawnContours, OutlineStyle, draw_batch
from epnkit.regions.flags import Fault, Flag
from epnkit.regions.geometry.disc import ARCSEC
from epnkit.regions.geometry.text import polygon_literals
from epnkit.regions.options import Images, Options
from epnkit.regions.results import Footprints
from epnkit.regions.solar.observers import locate_observers
from epnkit.regions.solar.times import to_tt

#: Rows drawn at a time: what bounds the memory, and what one thread takes.
CHUNK = 2000


def _as_floats(value: ArrayLike, count: int) -> Floats:
    """Return one float a row; what is no number becomes NaN."""
    array = np.asarray(value)
    if array.dtype.kind in "OUS":
        array = np.array([_as_float(item) for item in array.ravel()]).reshape(array.shape)
    return np.broadcast_to(array.astype(float), (count,))


def _as_float(item: object) -> float:
    try:
        return float(item)  # type: ignore[arg-type]  # whatever a database gave
    except (TypeError, ValueError):
        return np.nan


def _build_scenes(images: Images, options: Options, count: int) -> tuple[Floats, Integers]:
    """Return what the kernels need of each image, shape (rows, 7), and each row's fault."""
    scale_x, scale_y = (_as_floats(v, count) * ARCSEC for v in (images.cdelt1, images.cdelt2))
    shift = float(options.pixel_base - options.center_base)
    shift -= 0.5 if options.pixel_anchor == "corner" else 0.0
    x, y = (_as_floats(v, count) + shift for v in (images.center_x, images.center_y))
    days, dated = to_tt(images.date_obs)
    days, dated = np.broadcast_to(days, (count,)), np.broadcast_to(dated, (count,))
    apparent = _as_floats(images.r_sun, count) * np.abs(scale_x)
    position = locate_observers(options.observer, days, apparent, options.solar_radius)
    ratio = options.solar_radius / position.distance
    scenes = np.column_stack([x, y, scale_x, scale_y, ratio, position.latitude, position.longitude])
    scaled = np.isfinite(scenes[:, :4]).all(axis=1) & (scale_x * scale_y != 0)
    seen = np.isfinite(scenes[:, 4:]).all(axis=1) & (ratio > 0) & (ratio < 1)
    order = [(~scaled, Fault.IMAGE), (~dated, Fault.DATE), (~seen, Fault.OBSERVER)]
    faults = np.select([bad for bad, _ in order], [fault.value for _, fault in order], 0)
    return scenes, faults.astype(np.int64)


def _first_pixels(x: ArrayLike, y: ArrayLike, faults: Integers) -> Integers:
    """Return the first pixels, shape (rows, 2); a missing one becomes the row's fault."""
    count = faults.size
    both = np.column_stack([_as_floats(x, count), _as_floats(y, count)])
    bad = ~(np.abs(both) < 1e9).all(axis=1)
    faults[bad & (faults == 0)] = Fault.START.value
    return np.where(bad[:, None], 0.0, np.rint(both)).astype(np.int64)


def _draw_chunks(
    codes: Codes, first: Integers, scenes: Floats, faults: Integers, o: Options
) -> DrawnContours:
    """Draw all rows, in chunks, over as many threads as were asked for."""
    # A float always: whole numbers would have all kernels compiled once more.
    style = OutlineStyle(o.outline == "center", float(o.tolerance))

    def part(begin: int) -> DrawnContours:
        rows = slice(begin, begin + CHUNK)
        starts = codes.starts[begin : begin + CHUNK + 1]
        return draw_batch(codes.digits, starts, first[rows], scenes[rows], faults[rows], style)

    begins = range(0, max(1, faults.size), CHUNK)
    if o.threads == 1:
        return DrawnContours.concatenate([part(begin) for begin in begins])
    with ThreadPoolExecutor(o.threads) as pool:
        return DrawnContours.concatenate(list(pool.map(part, begins)))


def footprints_of_contours(
    chain_codes: Sequence[str | None],
    start_x: ArrayLike,
    start_y: ArrayLike,
    images: Images,
    options: Options,
) -> Footprints:
    """Draw rows of one contour each; see `epnkit.regions.footprints`.

    Parameters
    ----------
    chain_codes : sequence of str or None, length n
        One chain code a row.
    start_x, start_y : array_like, shape (n,)
        The first pixel of each.
    images : Images
        The image of each row, or one for all.
    options : Options
        How to draw; its separator is not looked at.
    """
    scenes, faults = _build_scenes(images, options, len(chain_codes))
    first = _first_pixels(start_x, start_y, faults)
    drawn = _draw_chunks(pack_codes(chain_codes), first, scenes, faults, options)
    bad = np.flatnonzero(drawn.faults)
    errors: list[str | None] = [None] * len(chain_codes)
    for row in bad.tolist():
        errors[row] = explain_fault(Fault(drawn.faults[row]), chain_codes[row])
    order = options.moc_order
    return Footprints(
        polygon_literals(drawn.degrees, drawn.starts),
        cover_contours(drawn, scenes, order, options.wide_order),
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
