"""Geometries of TFCat: their positions, and what is wrong with them (RFC 7946, section 3.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

#: How deep the positions of each type are within its coordinates.
_DEPTHS: Final = {
    "Point": 0,
    "MultiPoint": 1,
    "LineString": 1,
    "MultiLineString": 2,
    "Polygon": 2,
    "MultiPolygon": 3,
}

#: A geometry of others.
COLLECTION: Final = "GeometryCollection"

#: The fewest positions of a line, and of a ring.
_OF_LINE, _OF_RING = 2, 4


def is_geometry_type(kind: object) -> bool:
    """Say whether a value of JSON is the type of a geometry."""
    return isinstance(kind, str) and (kind in _DEPTHS or kind == COLLECTION)


def read_positions(geometry: object) -> NDArray[np.float64]:
    """Read the positions of a geometry, at least one.

    Parameters
    ----------
    geometry : object
        The geometry, as JSON gives it.

    Returns
    -------
    numpy.ndarray, shape (n, 2)
        Times and spectral coordinates, as the document has them.

    Raises
    ------
    ValueError
        If it is no geometry, or its coordinates do not fit its type; with what to do.
    """
    positions = list(_iterate_positions(geometry))
    if not positions:
        raise ValueError("the geometry has no position, add its coordinates, or take it out")
    for position in positions:
        if not isinstance(position, list) or len(position) != 2:
            shown = str(position)[:60]
            raise ValueError(f"{shown} is no position, write time and spectral coordinate in [ ]")
    if not set(map(type, chain.from_iterable(positions))) <= {int, float}:
        wrong = next(p for p in positions if not {*map(type, p)} <= {int, float})
        raise ValueError(f"{str(wrong)[:60]} is no position, write two numbers without quotes")
    try:
        found = np.array(positions, dtype=np.float64)
    except OverflowError:  # JSON has whole numbers of any length
        found = np.full((1, 2), np.inf)
    if not np.isfinite(found).all():
        raise ValueError("a coordinate is not finite, correct it, or leave the position out")
    return found


def wind_rings(geometry: Mapping[str, Any]) -> dict[str, Any]:
    """Return a geometry whose polygons have outer rings counter-clockwise, and holes clockwise.

    Readers of TFCat may ask for it, and writers often do not know it.

    Parameters
    ----------
    geometry : mapping
        A geometry whose positions :func:`read_positions` can read.

    Examples
    --------
    >>> clockwise = [[0, 0], [0, 1], [1, 1], [0, 0]]
    >>> wind_rings({"type": "Polygon", "coordinates": [clockwise]})["coordinates"]
    [[[0, 0], [1, 1], [0, 1], [0, 0]]]
    """
    kind = geometry["type"]
    if kind == COLLECTION:
        return {**geometry, "geometries": [wind_rings(each) for each in geometry["geometries"]]}
    if not kind.endswith("Polygon"):
        return dict(geometry)
    given = geometry["coordinates"]
    wound = [*map(_wind, given)] if kind == "MultiPolygon" else _wind(given)
    return {**geometry, "coordinates": wound}


def _wind(polygon: list[Any]) -> list[Any]:
    return [
        ring if (_signed_area(ring) >= 0) == (number == 0) else ring[::-1]
        for number, ring in enumerate(polygon)
    ]


def _signed_area(ring: list[Any]) -> float:
    """Return twice the area of a ring; positive if it is counter-clockwise."""
    # From its first position on: of times alone, which are large, little would be left.
    x, y = (np.array(ring, dtype=np.float64) - ring[0]).T
    return float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))


def _iterate_positions(geometry: object) -> Iterator[Any]:
    kind = geometry.get("type") if isinstance(geometry, Mapping) else None
    if not isinstance(geometry, Mapping) or not is_geometry_type(kind):
        raise ValueError(
            f"{str(kind)[:60]!r} is no type of a geometry, write one of {', '.join(_DEPTHS)} or"
            f" {COLLECTION}"
        )
    if kind == COLLECTION:
        for inner in _require_list(geometry.get("geometries"), "geometries"):
            yield from _iterate_positions(inner)
        return
    depth = _DEPTHS[str(kind)]
    for part in _iterate_parts(geometry.get("coordinates"), max(0, depth - 1)):
        if depth == 0:
            yield part
            continue
        _check_part(str(kind), _require_list(part, "coordinates"))
        yield from part


def _iterate_parts(coordinates: Any, depth: int) -> Iterator[Any]:
    """Give what lies so deep in coordinates: a position, or a list of them."""
    if depth == 0:
        yield coordinates
        return
    for inner in _require_list(coordinates, "coordinates"):
        yield from _iterate_parts(inner, depth - 1)


def _check_part(kind: str, positions: list[Any]) -> None:
    count = len(positions)
    if kind.endswith("LineString") and count < _OF_LINE:
        raise ValueError(f"a line has {count} positions, give it two or more, or make it a Point")
    if kind.endswith("Polygon"):
        if count < _OF_RING:
            raise ValueError(f"a ring has {count} positions, give it four or more")
        if positions[0] != positions[-1]:
            raise ValueError("a ring is not closed, end it with its first position")


def _require_list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{name} are no list as deep as the type needs, correct the brackets")
    return value
