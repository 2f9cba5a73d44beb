"""Contours in the plane of time and frequency as TFCat, the catalogue format of radio bursts.

TFCat 1.0 (Cecconi et al. 2022, doi:10.25935/6068-8528) is GeoJSON with time and frequency in place
of longitude and latitude.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl

from epnkit.errors import RegionError
from epnkit.mapping.outcome import Outcome
from epnkit.mapping.times import julian_date
from epnkit.regions.contours.chaincode import decode
from epnkit.times.scales import UNIX_EPOCH


def contour(
    code: pl.Series,
    begin: pl.Series,
    end: pl.Series,
    low: pl.Series,
    high: pl.Series,
    observer: pl.Series,
) -> Outcome:
    """Write chain codes of dynamic spectra as TFCat features, one polygon each.

    A code is traced through the centres of pixels; its leftmost pixel lies at the begin, its
    rightmost at the end, its lowest and highest at the limits of frequency.

    Parameters
    ----------
    code : polars.Series
        Chain codes as HFC has them: 0 goes back in time, then counter-clockwise.
    begin, end : polars.Series
        Times of the first and last pixel (UTC), of any form that
        :func:`~epnkit.mapping.times.julian_date` reads.
    low, high : polars.Series
        Frequencies of the lowest and highest pixel, in MHz.
    observer : polars.Series
        Where time is counted: the observatory's name.

    Returns
    -------
    Outcome
        JSON texts; null if anything is missing, and the reason if a code is wrong.

    Examples
    --------
    >>> one = [pl.Series([value]) for value in ("2012-05-01T00:00:00", "2012-05-01T00:01:00")]
    >>> rest = [pl.Series([value]) for value in (20.0, 40.0, "Nancay")]
    >>> contour(pl.Series(["2460"]), *one, *rest).values[0][:42]
    '{"type": "FeatureCollection", "crs": {"typ'
    """
    times = [_unix_seconds(each) for each in (begin, end)]
    rows = zip(code, *times, low, high, observer, strict=True)
    made = [_write_feature(*row) for row in rows]
    texts = pl.Series(code.name, [text for text, _ in made], dtype=pl.String)
    return Outcome(texts, pl.Series(code.name, [why for _, why in made], dtype=pl.String))


def _unix_seconds(times: pl.Series) -> pl.Series:
    return (julian_date(times).values - UNIX_EPOCH) * 86400


def _write_feature(code: str | None, *limits: Any) -> tuple[str | None, str | None]:
    """Return one feature, or the reason why there is none."""
    if code is None or any(each is None for each in limits):
        return None, None
    *ends, observer = limits
    try:
        pixels = decode(code, 0, 0)
    except RegionError as error:
        return None, error.what
    begin, end, low, high = ends
    ring = np.column_stack(
        [
            np.round(_scale_pixels(pixels[:, 0], begin, end), 3),
            np.round(_scale_pixels(pixels[:, 1], low, high), 6),
        ]
    )
    return json.dumps(_document(ring.tolist(), observer)), None


def _scale_pixels(pixels: np.ndarray[Any, Any], first: float, last: float) -> np.ndarray[Any, Any]:
    """Scale pixels to lie between two values; in their middle if all are one."""
    lowest, extent = pixels.min(), np.ptp(pixels)
    if extent == 0:
        return np.full(len(pixels), (first + last) / 2)
    return np.asarray(first + (pixels - lowest) / extent * (last - first))


def _document(ring: list[list[float]], observer: str) -> dict[str, Any]:
    frame = {
        "name": "Time-Frequency",
        "time_coords_id": "unix",
        "spectral_coords": {"type": "frequency", "unit": "MHz"},
        "ref_position_id": observer,
    }
    return {
        "type": "FeatureCollection",
        "crs": {"type": "local", "properties": frame},
        "fields": {},
        "features": [
            {
                "type": "Feature",
                "id": 0,
                "geometry": {"type": "Polygon", "coordinates": [ring]},
                "properties": {},
            }
        ],
    }
