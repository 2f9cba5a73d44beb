"""Footprints as columns of EPNcore: what :mod:`epnkit.regions` draws, for a mapping to declare."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from epnkit.mapping.outcome import Outcome
from epnkit.regions import Flag, Footprints, Images, Options, footprints

#: The columns that a contour gives, in the order of :func:`chain_code_footprint`'s result.
CONTOUR = ("s_region", "coverage", "c1min", "c1max", "c2min", "c2max", "area", "pixels", "flags")

_OPTIONS = Options()


def chain_code_footprint(
    chain_code: pl.Series,
    start_x: pl.Series,
    start_y: pl.Series,
    date_obs: pl.Series,
    cdelt1: pl.Series,
    cdelt2: pl.Series,
    center_x: pl.Series,
    center_y: pl.Series,
    r_sun: pl.Series,
    *,
    options: Options = _OPTIONS,
    tolerance: float | None = None,
    refuse: bool = True,
) -> dict[str, Any]:
    """Draw the chain codes of solar images as footprints on the Carrington sphere.

    Parameters
    ----------
    chain_code, start_x, start_y, date_obs, cdelt1, cdelt2, center_x, center_y, r_sun
        Fields of the records, as in :class:`epnkit.regions.Images`; times as text or datetimes.
    options : Options
        How contours are drawn.
    tolerance : float, optional
        How far an outline may leave the pixels' edges, in arcseconds, in place of the options'
        pixels: of a camera with pixels four times finer it drops what it drops of the other's.
        An index over footprints costs the square of their vertices.
    refuse : bool
        Whether a record whose contour cannot be drawn is refused; else it has no footprint.

    Returns
    -------
    dict
        The columns named in :data:`CONTOUR`; ``area`` in square degrees, ``pixels`` a number,
        ``flags`` words joined by ``#``.

    Examples
    --------
    >>> one = {"x": pl.Series([512]), "y": pl.Series([512])}
    >>> image = [pl.Series([value]) for value in (2.6, 2.6, 512.0, 512.0, 369.0)]
    >>> codes, date = pl.Series(["2460"]), pl.Series(["2012-05-01T07:46:59"])
    >>> drawn = chain_code_footprint(codes, one["x"], one["y"], date, *image)
    >>> drawn["pixels"].to_list(), drawn["s_region"].reasons.to_list()
    ([4], [None])
    """
    times = date_obs.cast(pl.String) if date_obs.dtype == pl.String else date_obs
    numbers = [column.to_numpy() for column in (cdelt1, cdelt2, center_x, center_y, r_sun)]
    codes = chain_code.cast(pl.String)
    x, y = start_x.to_numpy(), start_y.to_numpy()
    parts = []
    for rows, chosen in _group_by_tolerance(numbers[0], tolerance, options):
        images = Images(times.gather(rows).to_numpy(), *(each[rows] for each in numbers))
        found = footprints(codes.gather(rows).to_list(), x[rows], y[rows], images, chosen)
        parts.append(as_columns(found).with_columns(pl.Series("row", rows)))
    whole = pl.concat(parts).sort("row")
    columns: dict[str, Any] = {name: whole[name] for name in CONTOUR}
    if refuse:
        columns["s_region"] = Outcome(whole["s_region"], whole["errors"])
    return columns


def _group_by_tolerance(
    cdelt: NDArray[np.float64], tolerance: float | None, options: Options
) -> list[tuple[NDArray[np.int64], Options]]:
    """Part rows by the tolerance in pixels, in quarters of one: there are few kinds of camera."""
    every = np.arange(len(cdelt))
    if tolerance is None:
        return [(every, options)]
    with np.errstate(divide="ignore"):
        pixels = np.round(np.clip(tolerance / np.abs(cdelt), 0.25, 100) * 4) / 4
    # A record without a scale has no footprint, whatever the tolerance.
    known = np.where(np.isnan(pixels), options.tolerance, pixels)
    return [
        (every[known == value], replace(options, tolerance=float(value)))
        for value in np.unique(known)
    ] or [(every, options)]


def as_columns(found: Footprints) -> pl.DataFrame:
    """Return footprints as the columns of :data:`CONTOUR`, and ``errors``."""
    flags = pl.Series(np.asarray(found.flags, dtype=np.int64))
    different = flags.unique()
    words = [Flag(each).words().replace(" ", "#").replace("-", "_") or None for each in different]
    numbers = {name: _round(getattr(found, name)) for name in ("c1min", "c1max", "c2min", "c2max")}
    return pl.DataFrame(
        {
            "s_region": pl.Series(found.s_region, dtype=pl.String),
            "coverage": pl.Series(found.coverage, dtype=pl.String),
            **numbers,
            "area": _round(found.area_deg2),
            "pixels": pl.Series(np.asarray(found.pixels)),
            "flags": flags.replace_strict(different, pl.Series(words, dtype=pl.String)).cast(
                pl.String
            ),
            "errors": pl.Series(found.errors, dtype=pl.String),
        }
    )


def _round(values: Any) -> pl.Series:
    """Round to 1e-9 of a degree, far below any pixel: the last bits say nothing."""
    return pl.Series(np.asarray(values, dtype=float)).fill_nan(None).round(9)


#: Its name in services that were written for epnkit 0.1.
contour = chain_code_footprint
