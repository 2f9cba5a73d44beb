"""Fields of view of images and maps, by the world coordinates of their FITS headers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import polars as pl

from epnkit.mapping.footprints import as_columns
from epnkit.mapping.solar_views import FIELD
from epnkit.regions import fields

#: The keywords of an image or map that is not turned; others may be given too.
WORLD_COORDINATES = (
    *("CTYPE1", "CTYPE2", "CUNIT1", "CUNIT2", "CRPIX1", "CRPIX2"),
    *("CRVAL1", "CRVAL2", "CDELT1", "CDELT2", "NAXIS1", "NAXIS2"),
)


def image_field(
    *values: pl.Series, keywords: Sequence[str] = WORLD_COORDINATES
) -> dict[str, pl.Series]:
    """Draw the fields of view of images and maps, each by keywords of its header.

    Helioprojective images need the observer's keywords as well (``DSUN_OBS``, ``HGLN_OBS``,
    ``HGLT_OBS``, ``DATE-OBS``), as :func:`epnkit.regions.fields` reads them.

    Parameters
    ----------
    *values : polars.Series
        The values of the keywords, in their order; null if a header has none.
    keywords : sequence of str
        What the values are, by FITS's names; by default those of :data:`WORLD_COORDINATES`.

    Returns
    -------
    dict
        The columns of :data:`epnkit.mapping.solar_views.FIELD`. Longitudes are between 0 and 360,
        whatever the header counts from: a map across the meridian 0 has ``c1min > c1max``. A header
        without a field has none of them, and the flag ``bad``.

    Examples
    --------
    A patch of 2 x 2 degrees whose longitude counts backwards from the meridian 0:

    >>> header = ("CRLN-CEA", "CRLT-CEA", "deg", "deg", 50.5, 50.5, -27.5, 0, 0.02, 0.02, 100, 100)
    >>> drawn = image_field(*(pl.Series([value]) for value in header))
    >>> drawn["c1min"].to_list(), drawn["c1max"].to_list()
    ([331.5], [333.5])
    """
    named = pl.DataFrame(
        [each.alias(name) for name, each in zip(keywords, values, strict=True)]
    ).iter_rows(named=True)
    headers = [{name: each for name, each in row.items() if each is not None} for row in named]
    return _draw_fields(headers)


def header_field(headers: pl.Series) -> dict[str, pl.Series]:
    """Draw the fields of view of images and maps, each by its header.

    Parameters
    ----------
    headers : polars.Series
        Keywords and values as JSON; null if there is no header.

    Returns
    -------
    dict
        As :func:`image_field` gives them; a row without a header has no flag.

    Examples
    --------
    An image of 100 x 100 arcseconds around the middle of the disc, from half the Earth's distance:

    >>> header = {"CTYPE1": "HPLN-TAN", "CRPIX1": 50.5, "CRVAL1": 0, "CDELT1": 1, "NAXIS1": 100}
    >>> header |= {name.replace("1", "2"): value for name, value in header.items()}
    >>> header |= {"CTYPE2": "HPLT-TAN", "CUNIT1": "arcsec", "CUNIT2": "arcsec"}
    >>> header |= {"DSUN_OBS": 7.48e10, "DATE-OBS": "2022-03-05"}
    >>> header |= {"CRLN_OBS": 200.0, "CRLT_OBS": -4.0}
    >>> drawn = header_field(pl.Series([json.dumps(header), None]))
    >>> drawn["c2min"].round(1).to_list(), drawn["c1max"].round(1).to_list()
    ([-5.5, None], [201.5, None])
    """
    rows = [_NO_FIELD if each is None else _draw_header(each) for each in headers]
    made = pl.DataFrame(rows, schema=_FIELD_TYPES, orient="row")
    return {name: made[name] for name in FIELD}


#: The types of the columns of :data:`FIELD`.
_FIELD_TYPES = {name: pl.Float64() for name in FIELD} | {
    name: pl.String() for name in ("s_region", "coverage", "footprint_flags")
}
_NO_FIELD = (None,) * len(FIELD)


@lru_cache(maxsize=4096)
def _draw_header(text: str) -> tuple[Any, ...]:
    """Draw the field of one header; the granules of a file share it."""
    return tuple(column[0] for column in _draw_fields([json.loads(text)]).values())


def _draw_fields(headers: Sequence[Mapping[str, Any] | None]) -> dict[str, pl.Series]:
    made = as_columns(fields(headers))
    made = made.rename({"area": "footprint_area", "flags": "footprint_flags"})
    return {name: made[name] for name in FIELD}
