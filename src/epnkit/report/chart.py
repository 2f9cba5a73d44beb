"""A sample of footprints on a map of longitude and latitude."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg2 import sql

from epnkit.report.plots import Tick

#: The largest number of footprints on a map.
DRAWN = 1000

#: The ticks of a map.
LONGITUDES = [Tick(100 * degrees / 360, str(degrees)) for degrees in range(0, 361, 60)]
LATITUDES = [Tick(100 * (degrees + 90) / 180, str(degrees)) for degrees in range(-90, 91, 45)]

#: The largest number of vertices of a drawn footprint.
_VERTICES = 60

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")

#: A sample that is the same every time, without sorting the whole table; surplus rows are left out
#: anywhere, not at the table's end.
_SAMPLE = """
    SELECT s_region::text FROM {table} TABLESAMPLE BERNOULLI ({share}) REPEATABLE (1)
    WHERE s_region IS NOT NULL ORDER BY hashtext(granule_uid) LIMIT {limit}
"""

#: What counts as a position: limits on the sphere, and no polygon that would say more.
_POSITIONS = """{alone}c1min BETWEEN 0 AND 360 AND c1max BETWEEN 0 AND 360
    AND c2min BETWEEN -90 AND 90 AND c2max BETWEEN -90 AND 90"""

_COUNT_POINTS = f"SELECT count(*) FROM {{table}} WHERE {_POSITIONS}"  # noqa: S608 - our own words

_SAMPLE_POINTS = f"""
    SELECT c1min, c1max, c2min, c2max
    FROM {{table}} TABLESAMPLE BERNOULLI ({{share}}) REPEATABLE (1)
    WHERE {_POSITIONS} ORDER BY hashtext(granule_uid) LIMIT {{limit}}
"""  # noqa: S608 - our own words

#: The radius of a dot, in degrees of the map.
_DOT = 1.2

#: The axes of a map, by the UCD that DaCHS gives to c1.
_FRAMES = {
    "pos.bodyrc.lon": ("Longitude (deg)", "Latitude (deg)"),
    "pos.eq.ra": ("Right ascension (deg)", "Declination (deg)"),
}


@dataclass(frozen=True)
class FootprintMap:
    """A map with footprints.

    Parameters
    ----------
    paths : list of str
        Each footprint as an SVG path, in a box of 360 by 180 whose y runs from +90 down.
    footprints, drawn : int
        How many there are, and how many of them are drawn.
    covered : int
        Granules with a coverage (MOC) and no polygon, which are not drawn.
    across_label, up_label : str
        Quantity and unit of the axes.
    """

    paths: list[str]
    footprints: int
    drawn: int
    covered: int
    across_label: str
    up_label: str


@dataclass(frozen=True)
class PointMap:
    """A map of positions.

    Parameters
    ----------
    path : str
        All dots as one SVG path, in a box of 360 by 180 whose y runs from +90 down.
    points, drawn : int
        How many granules have a position and no footprint, and how many of them are drawn.
    across_label, up_label : str
        Quantity and unit of the axes.
    """

    path: str
    points: int
    drawn: int
    across_label: str
    up_label: str


def draw_footprints(connection: Any, service: str) -> FootprintMap | None:
    """Draw a sample of a service's footprints; None if it has none on a sphere.

    Parameters
    ----------
    connection : psycopg2 connection
        To DaCHS's database, as its administrator.
    service : str
        The service.
    """
    types = _read_column_types(connection, service)
    labels = _FRAMES.get(_read_ucd_of_c1(connection, service))
    if types.get("s_region") != "spoly" or labels is None:
        return None
    table = sql.Identifier(service, "epn_core")
    covered = "s_region IS NULL AND coverage IS NOT NULL" if "coverage" in types else "false"
    counts = f"SELECT count(s_region), count(*) FILTER (WHERE {covered}) FROM {{table}}"  # noqa: S608 - ours
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(counts).format(table=table))
        count, left_out = cursor.fetchone()
        if not count:
            return None
        # Half as many again: the number of rows in a share varies.
        share = min(100.0, 150.0 * DRAWN / count)
        cursor.execute("SELECT set_sphere_output('DEG')")
        parts = {"share": sql.Literal(share), "limit": sql.Literal(DRAWN), "table": table}
        cursor.execute(sql.SQL(_SAMPLE).format(**parts))
        paths = [draw_outline(read_polygon(text)) for (text,) in cursor.fetchall()]
    return FootprintMap(paths, count, len(paths), left_out, *labels)


def draw_points(connection: Any, service: str) -> PointMap | None:
    """Draw a sample of the positions of granules without a footprint; None if there are none.

    Parameters
    ----------
    connection : psycopg2 connection
        To DaCHS's database, as its administrator.
    service : str
        The service.
    """
    types = _read_column_types(connection, service)
    labels = _FRAMES.get(_read_ucd_of_c1(connection, service))
    if labels is None:
        return None
    alone = "s_region IS NULL AND " if "s_region" in types else ""
    table = sql.Identifier(service, "epn_core")
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(_COUNT_POINTS).format(table=table, alone=sql.SQL(alone)))
        (count,) = cursor.fetchone()
        if not count:
            return None
        share = min(100.0, 150.0 * DRAWN / count)
        parts = {"share": sql.Literal(share), "limit": sql.Literal(DRAWN), "table": table}
        cursor.execute(sql.SQL(_SAMPLE_POINTS).format(alone=sql.SQL(alone), **parts))
        points = [_find_middle(*row) for row in cursor.fetchall()]
    path = "".join(_draw_dot(x, 90 - y) for x, y in points)
    return PointMap(path, count, len(points), *labels)


def _find_middle(west: float, east: float, south: float, north: float) -> tuple[float, float]:
    """Return the middle of limits; it lies across the meridian 0 if the first exceeds the other."""
    return (west + ((east - west) % 360) / 2) % 360, (south + north) / 2


def _draw_dot(x: float, y: float) -> str:
    """Draw a dot in a box of 360 by 180."""
    halves = (f"a{_DOT} {_DOT} 0 1 0 {side * _DOT} 0" for side in (2, -2))
    return f"M{x - _DOT:.1f} {y:.1f}{''.join(halves)}z"


def read_polygon(text: str) -> NDArray[np.float64]:
    """Parse pgsphere's text of a polygon in degrees, ``{(1d , 2d),…}``; shape (n, 2)."""
    numbers = [float(number) for number in _NUMBER.findall(text)]
    return np.array(numbers).reshape(-1, 2)


def draw_outline(vertices: NDArray[np.float64]) -> str:
    """Draw a ring of longitudes and latitudes, on both sides if it crosses the map's edge.

    Parameters
    ----------
    vertices : array, shape (n, 2)
        In degrees, without a repetition of the first.
    """
    thinned = vertices[:: max(1, len(vertices) // _VERTICES)]
    closed = np.vstack([thinned, thinned[:1]])
    closed[:, 0] = np.degrees(np.unwrap(np.radians(closed[:, 0])))
    turns = round((closed[-1, 0] - closed[0, 0]) / 360)
    ring = _close_around_pole(closed) if turns else closed[:-1]
    low, high = ring[:, 0].min(), ring[:, 0].max()
    shifts = [shift for shift in (-720, -360, 0, 360, 720) if high + shift > 0 > low + shift - 360]
    return "".join(_svg_path(ring[:, 0] + shift, 90 - ring[:, 1]) for shift in shifts)


def _close_around_pole(closed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Close a ring around a pole along the map's edge at that pole."""
    pole = 90.0 if closed[:, 1].mean() > 0 else -90.0
    return np.vstack([closed, [closed[-1, 0], pole], [closed[0, 0], pole]])


def _svg_path(x: Iterable[float], y: Iterable[float]) -> str:
    return "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True)) + "z"


def _read_column_types(connection: Any, service: str) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, udt_name FROM information_schema.columns"
            " WHERE table_schema = %s AND table_name = 'epn_core'",
            (service,),
        )
        return dict(cursor.fetchall())


def _read_ucd_of_c1(connection: Any, service: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ucd FROM tap_schema.columns WHERE table_name = %s AND column_name = 'c1min'",
            (f"{service}.epn_core",),
        )
        found = cursor.fetchone()
    return str(found[0]).partition(";")[0] if found else ""
