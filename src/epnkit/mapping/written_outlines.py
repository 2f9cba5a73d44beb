"""Outlines as records write them: well-known text (WKT), GeoJSON (RFC 7946), STC-S, corners."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from epnkit.mapping.footprints import as_columns
from epnkit.mapping.outcome import Outcome
from epnkit.mapping.polygons import read_polygon_numbers
from epnkit.mapping.reading import as_texts, first_reason
from epnkit.modules import requires_extra
from epnkit.regions.geometry.moc import cover_rings
from epnkit.regions.shapes.rings import Shape, collect_footprints, from_ring, unit_vectors
from epnkit.regions.shapes.shapes import make_box

Floats = NDArray[np.float64]

#: The columns that :func:`written_outline` gives.
WRITTEN_OUTLINE = ("s_region", "c1min", "c1max", "c2min", "c2max")

_NO_RING: Floats = np.zeros((0, 2))

#: The corners of a rectangle.
_CORNERS, _TRIANGLE = 4, 3

#: Half a turn in degrees.
_HALF_TURN = 180.0


def written_outline(given: pl.Series) -> dict[str, Any]:
    """Read outlines in degrees, and the limits of what they surround.

    Parameters
    ----------
    given : polars.Series
        Texts: ``POLYGON((lon lat, ...))``, also with an SRID before it; a geometry of GeoJSON, or
        the rings of one, ``[[[lon,lat],...]]``; or STC-S, ``POLYGON ICRS lon lat ...``, and what
        else :func:`~epnkit.mapping.polygons.are_polygons` reads. Holes are filled.

    Returns
    -------
    dict
        The columns of :data:`WRITTEN_OUTLINE`. An outline surrounds the smaller part of the sphere;
        where that crosses longitude 0, c1min is more than c1max. Its sides are great circles (STC-S
        1.0, section 4.5.1), but those of a rectangle of WKT or GeoJSON are meridians and parallels,
        as on the maps that these are made for.

    Examples
    --------
    >>> drawn = written_outline(pl.Series(["POLYGON((350 1, 10 1, 10 5, 350 5, 350 1))", "x"]))
    >>> drawn["c1min"].to_list(), drawn["c1max"].to_list()
    ([350.0, None], [10.0, None])
    >>> drawn["s_region"].reasons.to_list()
    [None, "'x' is no polygon in degrees"]
    """
    texts = as_texts(given)
    on_sphere = read_polygon_numbers(texts)
    flat = _read_flat_rings(texts.set(on_sphere.is_not_null(), None))
    pairs = [
        (ring, True) if numbers is None else (_pair(numbers), False)
        for ring, numbers in zip(flat, on_sphere.to_list(), strict=True)
    ]
    rings = [ring for ring, _ in pairs]
    shapes = [_draw(ring, flat=on_map) for ring, on_map in pairs]
    drawn = as_columns(collect_footprints(shapes))
    blank = (texts.str.strip_chars() == "").fill_null(value=False)
    asked = texts.set(blank, None)
    read = pl.Series([len(ring) > 0 for ring in rings], dtype=pl.Boolean)
    unread = Outcome.checked(asked, asked.set(~read, None), "is no polygon in degrees")
    wrong = Outcome.checked(asked, drawn["s_region"], "crosses itself, or holds half of the sphere")
    return {
        **{name: drawn[name] for name in WRITTEN_OUTLINE},
        "s_region": Outcome(drawn["s_region"], first_reason(unread, wrong)),
    }


def _read_flat_rings(texts: pl.Series) -> list[Floats]:
    """Read the outer rings of WKT and GeoJSON, shape (n, 2) each; empty ones of all else."""
    with requires_extra("footprints"):
        import shapely

    plain = texts.str.strip_chars().str.replace(r"(?i)^SRID=[0-9]+;", "").to_list()
    with np.errstate(invalid="ignore", over="ignore"):  # NaN and infinity are refused below
        shapes = shapely.from_wkt([each or None for each in plain], on_invalid="ignore")
    return [_find_ring(shape, text or "") for shape, text in zip(shapes, plain, strict=True)]


def _find_ring(shape: Any, text: str) -> Floats:
    try:
        corners = _read_json(text) if shape is None else list(shape.exterior.coords)
        ring = np.asarray(corners, dtype=float)[:, :2]
    except (AttributeError, ValueError, TypeError, IndexError, KeyError):
        return _NO_RING
    return _require_degrees(ring)


def _pair(numbers: list[float]) -> Floats:
    """Return numbers as corners; none if one lacks its latitude."""
    odd = len(numbers) % 2
    return _NO_RING if odd else _require_degrees(np.reshape(numbers, (-1, 2)))


def _require_degrees(ring: Floats) -> Floats:
    """Return the corners of a ring, each once; none if they are no degrees, or fewer than three."""
    lon, lat = ring.T
    inside = (np.abs(lon) <= 360).all() and (np.abs(lat) <= 90).all()
    closed = len(ring) > 1 and bool((ring[0] == ring[-1]).all())
    open_ring = ring[:-1] if closed else ring
    return open_ring if inside and len(open_ring) >= _TRIANGLE else _NO_RING


def _read_json(text: str) -> Any:
    """Return the corners of the outer ring of a polygon."""
    read = json.loads(text)
    if isinstance(read, dict):
        read = read.get("geometry", read)
        read = read["coordinates"] if read["type"] == "Polygon" else None
    return read[0] if np.ndim(read[0]) == 2 else read


def _draw(ring: Floats, *, flat: bool) -> Shape:
    """Draw an outline; a rectangle on a flat map follows meridians and parallels."""
    if not len(ring):
        return Shape()
    if flat and _is_rectangle(ring):
        (low, high), (south, north) = np.unique(ring[:, 0]), np.unique(ring[:, 1])
        around = high - low > _HALF_TURN
        return make_box(*((high, low) if around else (low, high)), south, north)
    return from_ring(unit_vectors(*ring.T), lambda order: cover_rings([ring], order))


def _is_rectangle(ring: Floats) -> bool:
    """Return whether four corners have two longitudes and two latitudes, one after the other."""
    if len(ring) != _CORNERS or any(len(np.unique(axis)) != _CORNERS / 2 for axis in ring.T):
        return False
    steps = ring != np.roll(ring, -1, axis=0)
    return bool((steps.sum(axis=1) == 1).all())
