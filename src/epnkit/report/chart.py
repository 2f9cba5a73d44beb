"""Footprints on a map of longitude and latitude: a sample of them, drawn one over the other."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg2 import sql

from epnkit.report.plots import Tick

#: How many footprints are drawn at most.
DRAWN = 1000

#: The ticks of a map.
LONGITUDES = [Tick(100 * degrees / 360, str(degrees)) for degrees in range(0, 361, 60)]
LATITUDES = [Tick(100 * (degrees + 90) / 180, str(degrees)) for degrees in range(-90, 91, 45)]

#: How many vertices of one are drawn at most.
_VERTICES = 60

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")

#: A sample that is the same every time, and needs no sorting of the whole table; what is too many
#: of it is left out anywhere, not at the table's end.
_SAMPLE = """
    SELECT s_region::text FROM {table} TABLESAMPLE BERNOULLI ({share}) REPEATABLE (1)
    WHERE s_region IS NOT NULL ORDER BY hashtext(granule_uid) LIMIT {limit}
"""

#: The frames of a map, told by the UCD of c1 that DaCHS gives the table.
_FRAMES = {
    "pos.bodyrc.lon": ("Longitude (deg)", "Latitude (deg)"),
    "pos.eq.ra": ("Right ascension (deg)", "Declination (deg)"),
}


@dataclass(frozen=True)
class Map:
    """Footprints, drawn.

    Parameters
    ----------
    paths : list of str
        Each footprint in the words of SVG, in a box of 360 by 180 whose y runs from +90 down.
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


def footprints(connection: Any, service: str) -> Map | None:
    """Draw a sample of a service's footprints; None where there are none on a sphere.

    Parameters
    ----------
    connection : psycopg2 connection
        To DaCHS's database, as its administrator.
    service : str
        The service.
    """
    types = _column_types(connection, service)
    labels = _FRAMES.get(_ucd_of_c1(connection, service))
    if types.get("s_region") != "spoly" or labels is None:
        return None
    table = sql.Identifier(service, "epn_core")
    covered = "s_region IS NULL AND coverage IS NOT NULL" if "coverage" in types else "false"
    counts = f"SELECT count(s_region), count(*) FILTER (WHERE {covered}) FROM {{table}}"  # noqa: S608 - ours
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(counts).format(table=table))
        there, left_out = cursor.fetchone()
        if not there:
            return None
        # Half as many again: how many a share of all rows holds varies.
        share = min(100.0, 150.0 * DRAWN / there)
        cursor.execute("SELECT set_sphere_output('DEG')")
        parts = {"share": sql.Literal(share), "limit": sql.Literal(DRAWN), "table": table}
        cursor.execute(sql.SQL(_SAMPLE).format(**parts))
        paths = [drawing(read_polygon(text)) for (text,) in cursor.fetchall()]
    return Map(paths, there, len(paths), left_out, *labels)


def read_polygon(text: str) -> NDArray[np.float64]:
    """Read pgsphere's text of a polygon in degrees, ``{(1d , 2d),…}``; shape (n, 2)."""
    numbers = [float(number) for number in _NUMBER.findall(text)]
    return np.array(numbers).reshape(-1, 2)


def drawing(vertices: NDArray[np.float64]) -> str:
    """Draw a ring of longitudes and latitudes, at both sides where it crosses the edge.

    Parameters
    ----------
    vertices : array, shape (n, 2)
        In degrees, without a repetition of the first.
    """
    kept = vertices[:: max(1, len(vertices) // _VERTICES)]
    closed = np.vstack([kept, kept[:1]])
    closed[:, 0] = np.degrees(np.unwrap(np.radians(closed[:, 0])))
    turns = round((closed[-1, 0] - closed[0, 0]) / 360)
    ring = _around_pole(closed) if turns else closed[:-1]
    low, high = ring[:, 0].min(), ring[:, 0].max()
    shifts = [shift for shift in (-720, -360, 0, 360, 720) if high + shift > 0 > low + shift - 360]
    return "".join(_path(ring[:, 0] + shift, 90 - ring[:, 1]) for shift in shifts)


def _around_pole(closed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Close a ring that goes once around a pole, by way of the map's edge at that pole."""
    pole = 90.0 if closed[:, 1].mean() > 0 else -90.0
    return np.vstack([closed, [closed[-1, 0], pole], [closed[0, 0], pole]])


def _path(x: Iterable[float], y: Iterable[float]) -> str:
    return "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True)) + "z"


def _column_types(connection: Any, service: str) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, udt_name FROM information_schema.columns"
            " WHERE table_schema = %s AND table_name = 'epn_core'",
            (service,),
        )
        return dict(cursor.fetchall())


def _ucd_of_c1(connection: Any, service: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ucd FROM tap_schema.columns WHERE table_name = %s AND column_name = 'c1min'",
            (f"{service}.epn_core",),
        )
        found = cursor.fetchone()
    return str(found[0]).partition(";")[0] if found else ""
