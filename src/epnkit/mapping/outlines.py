"""Fields of view that an archive gives as a box or an outline around the Sun's centre."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from epnkit.mapping.footprints import CONTOUR, as_columns
from epnkit.mapping.outcome import Outcome
from epnkit.mapping.reading import numbers
from epnkit.mapping.times import utc_time
from epnkit.regions.images.outlines import box_ring, outlines, wrap_arcseconds

Floats = NDArray[np.float64]

#: The columns that :func:`sky_outline` gives: those of a contour that it has, and where it is from.
OUTLINE = (*(name for name in CONTOUR if name != "pixels"), "origin")

_NUMBER = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"

#: The least share of box and outline together that both hold, if they are of one field.
_SHARED = 0.5

#: A box of which one side is shorter than this part of the outline's has no width, by mistake.
_SHORT = 0.1


def bounding_box(given: pl.Series) -> pl.Series:
    """Read boxes around the Sun's centre, in any order of their corners.

    Parameters
    ----------
    given : polars.Series
        Two opposite corners, x and y by turns, arcseconds: texts (``(x,y),(x,y)`` or JSON), or
        lists.

    Returns
    -------
    polars.Series
        Lists: least x and y, greatest x and y; beyond half a turn wrapped. Null if there are not
        four numbers.

    Examples
    --------
    >>> bounding_box(pl.Series(["(0.6,-3),(-237,-20)", "[[1,2],[3,1296000.0]]"])).to_list()
    [[-237.0, -20.0, 0.6, -3.0], [1.0, 0.0, 3.0, 2.0]]
    """
    if given.dtype == pl.List(pl.List):
        given = given.list.eval(pl.element().list.explode(empty_as_null=False))
    if given.dtype != pl.List:
        given = given.cast(pl.String).str.extract_all(_NUMBER)
    boxes = [_sort_corners(row) for row in given.cast(pl.List(pl.Float64), strict=False)]
    return pl.Series(given.name, boxes, dtype=pl.List(pl.Float64))


def _sort_corners(row: pl.Series | None) -> list[float] | None:
    if row is None or len(row) != 4 or not row.is_finite().all():
        return None
    ring = box_ring(wrap_arcseconds(row.to_numpy()))
    return [*ring.min(axis=0).tolist(), *ring.max(axis=0).tolist()]


def middle(begin: pl.Series, end: pl.Series) -> pl.Series:
    """Return the times in the middle of intervals; the begin if there is no end.

    Parameters
    ----------
    begin, end : polars.Series
        Times as :func:`epnkit.mapping.times.julian_date` reads them.

    Examples
    --------
    >>> middle(pl.Series(["2023-08-28T20:00:00"]), pl.Series(["2023-08-28T21:00:00"])).to_list()
    [datetime.datetime(2023, 8, 28, 20, 30)]
    """
    first, last = (utc_time(each).values for each in (begin, end))
    return first + (last - first).fill_null(dt.timedelta()) / 2


def sky_outline(outline: pl.Series, box: pl.Series, date: pl.Series) -> dict[str, Any]:
    """Draw outlines around the Sun's centre on the Carrington sphere; boxes if there is none.

    Where both are there and contradict each other, the box counts: it is what the archive
    publishes.  A box without a width is no contradiction, but a mistake.

    Parameters
    ----------
    outline : polars.Series
        Lists of x and y by turns, helioprojective arcseconds; null if not known.
    box : polars.Series
        Texts, as for :func:`bounding_box`.
    date : polars.Series
        When (UTC); texts or datetimes.

    Returns
    -------
    dict
        The columns named in :data:`OUTLINE`; ``origin`` is ``wcs`` or ``bounding_box``, or
        ``bounding_box#wcs_differs``.

    Examples
    --------
    >>> none = pl.Series([None], dtype=pl.List(pl.Float64))
    >>> drawn = sky_outline(none, pl.Series(["(100,100),(-100,-100)"]), pl.Series(["2023-08-28"]))
    >>> drawn["origin"].to_list(), round(drawn["c2max"][0], 1)
    (['bounding_box'], 13.1)
    """
    rings, origins = [], []
    for one, corners in zip(outline, bounding_box(box), strict=True):
        ring, origin = _choose(one, corners)
        rings.append(ring)
        origins.append(origin)
    texts = date.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f") if date.dtype.is_temporal() else date
    times = texts.cast(pl.String).fill_null("")
    found = as_columns(outlines(rings, times.to_numpy()))
    drawn: dict[str, Any] = {name: found[name] for name in OUTLINE[:-1]}
    drawn["s_region"] = Outcome.fine(found["s_region"])
    return drawn | {"origin": pl.Series("origin", origins, dtype=pl.String)}


def _choose(outline: pl.Series | None, box: pl.Series | None) -> tuple[Floats | None, str | None]:
    """Choose what a row's field is drawn of, and say what that is."""
    corners = None if box is None else box_ring(box.to_numpy())
    ring = None if outline is None else numbers(outline).reshape(-1, 2)
    if ring is None:
        return corners, None if corners is None else "bounding_box"
    if corners is None or _agree(ring, corners):
        return ring, "wcs"
    return corners, "bounding_box#wcs_differs"


def _agree(ring: Floats, corners: Floats) -> bool:
    """Return whether an outline and a box are of one field."""
    limits = np.array([ring.min(axis=0), ring.max(axis=0)])
    box = np.array([corners.min(axis=0), corners.max(axis=0)])
    sides, wide = box[1] - box[0], limits[1] - limits[0]
    shared = np.clip(np.minimum(limits[1], box[1]) - np.maximum(limits[0], box[0]), 0, None)
    short = sides < _SHORT * wide
    if short.any():
        return bool((shared >= _SHARED * np.maximum(sides, wide))[~short].any())
    whole = float(sides.prod() + wide.prod() - shared.prod())
    return bool(shared.prod() >= _SHARED * whole)
