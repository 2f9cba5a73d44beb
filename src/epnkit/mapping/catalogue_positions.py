"""Positions as catalogues of a body's surface write them: ``N15E30``, and boxes of limits."""

from __future__ import annotations

import polars as pl

from epnkit.mapping.outcome import Outcome
from epnkit.mapping.reading import numbers

#: Latitude and distance from the central meridian, as in NOAA's lists of sunspots and flares.
_POSITION = r"^\s*([NSns])\s*([0-9]{1,2}(?:\.[0-9]+)?)\s*([EWew])\s*([0-9]{1,3}(?:\.[0-9]+)?)\s*$"


def disc_position(given: pl.Series) -> dict[str, Outcome]:
    """Read positions on the Sun's disc, such as ``N15E30``, as Stonyhurst longitude and latitude.

    Parameters
    ----------
    given : polars.Series
        Texts: degrees north or south, then degrees east or west of the central meridian. Blank
        texts are no positions.

    Returns
    -------
    dict of Outcome
        ``c1min``, ``c1max``, ``c2min`` and ``c2max``, in degrees. West is positive, as Stonyhurst
        longitudes are counted (Thompson 2006, A&A 449, 791); c1 is from 0 to 360 (EPN-TAP 2.0).

    Examples
    --------
    >>> made = disc_position(pl.Series(["N15E30", "S08W102"]))
    >>> made["c1min"].values.to_list(), made["c2min"].values.to_list()
    ([330.0, 102.0], [15.0, -8.0])
    """
    parts = given.cast(pl.String).str.extract_groups(_POSITION).struct.unnest()
    vertical, up, horizontal, along = parts.get_columns()
    latitude = _sign(vertical, "S") * up.cast(pl.Float64)
    longitude = (_sign(horizontal, "E") * along.cast(pl.Float64)) % 360.0
    known = (up.cast(pl.Float64) <= 90.0) & (along.cast(pl.Float64) <= 180.0)
    blank = given.cast(pl.String).str.strip_chars() == ""
    asked = given.set(blank.fill_null(value=False), None)
    return {
        f"{name}{end}": Outcome.checked(
            asked, values.set(~known, None).alias(name), "is no position such as N15E30"
        )
        for name, values in (("c1", longitude), ("c2", latitude))
        for end in ("min", "max")
    }


def _sign(marks: pl.Series, negative: str) -> pl.Series:
    return pl.select(
        pl.when(marks.str.to_uppercase() == negative).then(-1.0).otherwise(1.0)
    ).to_series()


def box_region(c1min: pl.Series, c1max: pl.Series, c2min: pl.Series, c2max: pl.Series) -> pl.Series:
    """Draw what lies between two meridians and two parallels, for ``s_region``.

    Parameters
    ----------
    c1min, c1max, c2min, c2max : polars.Series
        Degrees, or texts of them; from c1min in increasing longitude to c1max.

    Returns
    -------
    polars.Series
        Polygons as pgsphere takes them. What has no width or no height, and what is more than a
        polygon can hold, has none.

    Examples
    --------
    >>> box = [pl.Series([each]) for each in (10.0, 12.0, -1.0, 1.0)]
    >>> box_region(*box)[0][:24]
    '{(10.0000000d,-1.0000000'
    """
    from epnkit.regions.shapes.shapes import boxes  # numba, which few services need

    limits = [numbers(each.cast(pl.Float64, strict=False)) for each in (c1min, c1max, c2min, c2max)]
    return pl.Series("s_region", boxes(*limits).s_region, dtype=pl.String)
