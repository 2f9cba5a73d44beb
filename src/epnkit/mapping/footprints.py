"""Footprints as columns of EPNcore: what :mod:`epnkit.regions` draws, for a mapping to declare."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from epnkit.mapping.outcome import Outcome
from epnkit.regions import Flag, Footprints, Images, Options, footprints

#: The columns that a contour gives, in the order of :func:`contour`'s result.
CONTOUR = (
    "s_region", "coverage", "c1min", "c1max", "c2min", "c2max", "area", "pixels", "flags",
)  # fmt: skip

_OPTIONS = Options()


def contour(
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
    refuse: bool = True,
) -> dict[str, Any]:
    """Draw the chain codes of solar images as footprints on the Carrington sphere.

    Parameters
    ----------
    chain_code, start_x, start_y, date_obs, cdelt1, cdelt2, center_x, center_y, r_sun
        Fields of the records, as in :class:`epnkit.regions.Images`; times as text or datetimes.
    options : Options
        How contours are drawn.
    refuse : bool
        Whether a record whose contour cannot be drawn is refused; else it has no footprint.

    Returns
    -------
    dict
        The columns named in :data:`CONTOUR`; ``area`` in square degrees, ``pixels`` a number,
        ``flags`` words joined by ``#``.
    """
    images = Images(
        date_obs.cast(pl.String).to_list() if date_obs.dtype == pl.String else date_obs.to_numpy(),
        *(column.to_numpy() for column in (cdelt1, cdelt2, center_x, center_y, r_sun)),
    )
    codes = chain_code.cast(pl.String).to_list()
    found = footprints(codes, start_x.to_numpy(), start_y.to_numpy(), images, options)
    columns = _columns(found)
    if refuse:
        region = columns["s_region"]
        columns["s_region"] = Outcome(region, pl.Series(found.errors, dtype=pl.String))
    return columns


def _columns(found: Footprints) -> dict[str, Any]:
    words = [Flag(int(flags)).words().replace(" ", "#") or None for flags in found.flags]
    numbers = {
        name: _numbers(getattr(found, name)) for name in ("c1min", "c1max", "c2min", "c2max")
    }
    return {
        "s_region": pl.Series(found.s_region, dtype=pl.String),
        "coverage": pl.Series(found.coverage, dtype=pl.String),
        **numbers,
        "area": _numbers(found.area_deg2),
        "pixels": pl.Series(np.asarray(found.pixels)),
        "flags": pl.Series(words, dtype=pl.String).str.replace_all("-", "_"),
    }


def _numbers(values: Any) -> pl.Series:
    """Round to 1e-9 of a degree, far below any pixel: the last bits say nothing."""
    return pl.Series(np.asarray(values, dtype=float)).fill_nan(None).round(9)
