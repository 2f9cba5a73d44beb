"""What JHelioviewer takes of a table: images of the Sun, and footprints on it.

It says that it takes any VOTable, and drops those of all but one archive (its document
``docs/jhv-samp-commands.md``).  It draws SunJSON: lines and points in Carrington longitude and
latitude, each document at its time (``docs/jhv-heliocentric-3d-data-interface.md``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from astropy.table import Row, Table

from epnkit.times.scales import UNIX_EPOCH

#: The messages.
LOAD_IMAGES, LOAD_FOOTPRINTS = "jhv.load.image", "jhv.load.sunjson"

#: How many images it is sent, and how many times with footprints: each is kept in memory.
MOST_IMAGES, MOST_TIMES = 50, 200

#: The radius at which footprints are drawn, in solar radii: at 1 the Sun would hide them.
_RADIUS = 1.001

#: The length of straight lines, in degrees: longer ones would go through the Sun.
_STEP = 2.0

#: How footprints look: red, green, blue, opacity; and a width of JHelioviewer's own.
_COLOR, _THICKNESS = [255, 180, 0, 255], 0.004

_NUMBER = re.compile(r"[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?")


def list_images(table: Table) -> list[str]:
    """List the addresses of the images of the Sun, in FITS, in the order of the rows.

    Parameters
    ----------
    table : astropy.table.Table
        Rows, with columns of EPNcore.
    """
    found = [
        _read(row, "access_url")
        for row in table
        if _is_of_sun(row)
        and {*_read(row, "dataproduct_type").split("#")} & {"im", "ma"}
        and re.fullmatch(r"(image|application)/fits", _read(row, "access_format"))
    ]
    return [address for address in dict.fromkeys(found) if address][:MOST_IMAGES]


def write_footprints(table: Table) -> list[str]:
    """Write the footprints on the Sun as SunJSON, a document for each time of observation.

    Parameters
    ----------
    table : astropy.table.Table
        Rows, with columns of EPNcore.

    Returns
    -------
    list of str
        The documents, in the order of their times.
    """
    shapes: dict[str, list[dict[str, Any]]] = {}
    for row in table:
        on_sun = _is_of_sun(row) and _read(row, "spatial_frame_type") == "body"
        if on_sun and (time := _write_time(row)) and (shape := _draw(row)):
            shapes.setdefault(time, []).append(shape)
    return [
        json.dumps({"type": "SunJSON", "time": time, "geometry": shapes[time]})
        for time in sorted(shapes)[:MOST_TIMES]
    ]


def _is_of_sun(row: Row) -> bool:
    return "sun" in _read(row, "target_name").lower().split("#")


def _read(row: Row, name: str) -> str:
    """Read a text of a row; empty if there is none."""
    value = row[name] if name in row.colnames else np.ma.masked
    return "" if value is np.ma.masked else str(value)


def _read_number(row: Row, name: str) -> float:
    """Read a number of a row; NaN if there is none."""
    value = row[name] if name in row.colnames else np.ma.masked
    return float("nan") if value is np.ma.masked else float(value)


def _write_time(row: Row) -> str:
    """Write the time of a row as SunJSON has it: to the second, without a zone."""
    day = _read_number(row, "time_min")
    if not np.isfinite(day):
        return ""
    return str(np.datetime64(round((day - UNIX_EPOCH) * 86400), "s"))


def _draw(row: Row) -> dict[str, Any] | None:
    """Draw a polygon, or a point of one longitude and latitude."""
    region = _read(row, "s_region")
    numbers = np.array([float(each) for each in _NUMBER.findall(region)])
    if re.match(r"(?i)polygon|[-+\d.]", region) and len(numbers) >= 6 and len(numbers) % 2 == 0:
        return _shape("line", _outline(numbers.reshape(-1, 2)))
    west, east, south, north = (
        _read_number(row, name) for name in ("c1min", "c1max", "c2min", "c2max")
    )
    if west == east and south == north:
        return _shape("point", np.array([[west, south]]))
    return None


def _shape(kind: str, places: npt.NDArray[np.float64]) -> dict[str, Any]:
    coordinates = [[_RADIUS, round(lon, 4), round(lat, 4)] for lon, lat in places.tolist()]
    return {"type": kind, "coordinates": coordinates, "colors": [_COLOR], "thickness": _THICKNESS}


def _outline(corners: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Follow the great circles between corners, back to the first, in short steps."""
    lon, lat = np.radians(corners).T
    towards = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)
    points = np.concatenate([*_follow(towards), towards[:1]])
    x, y, z = points.T
    places: npt.NDArray[np.float64] = np.degrees([np.arctan2(y, x), np.arctan2(z, np.hypot(x, y))])
    return places.T


def _follow(towards: npt.NDArray[np.float64]) -> Iterator[npt.NDArray[np.float64]]:
    """Give each edge without its end."""
    for start, end in zip(towards, np.roll(towards, -1, axis=0), strict=True):
        angle = np.degrees(np.arccos(np.clip(start @ end, -1, 1)))
        part = np.arange(0, 1, 1 / max(1, np.ceil(angle / _STEP)))[:, None]
        yield start + part * (end - start)
