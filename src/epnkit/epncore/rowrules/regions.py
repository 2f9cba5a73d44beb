"""Footprints (sections 2.1.4 and 2.2.3): rules 75, 83 and 84."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import astropy.units as u
import numpy as np
import polars as pl
from numpy.typing import NDArray

from epnkit.epncore.rowrules.base import Check, GranuleRows, is_one_of
from epnkit.modules import requires_extra

_N = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_POINT = rf"\(\s*{_N}d\s*,\s*{_N}d\s*\)"
#: A polygon as pgsphere writes it, in degrees; and as it reads it, with blanks.
_PLAIN_POINT = rf"\({_N}d,{_N}d\)"
_PLAIN = rf"^\{{{_PLAIN_POINT}(?:,{_PLAIN_POINT})*\}}$"
_LITERAL = rf"^\s*\{{\s*{_POINT}(?:\s*,\s*{_POINT})*\s*\}}\s*$"
_STC_HEAD = r"(?i)^\s*polygon(?:\s+[a-z_]\w*)*\s+"
#: A polygon in STC-S.
_STC = rf"{_STC_HEAD}{_N}(?:\s+{_N})*\s*$"
#: Shapes that have no orientation, in pgsphere's literals, STC-S, or as MOC (checked elsewhere).
_ROUND = (
    rf"(?i)^\s*(?:circle|position|point)(?:\s+[a-z_]\w*)*(?:\s+{_N}){{2,3}}\s*$"
    rf"|^\s*<\s*{_POINT}\s*,\s*{_N}d\s*>\s*$"
    r"|(?i)^\s*(?:union|box|not|intersection)\b"
    r"|^\s*[0-9]+/[0-9\s,/-]*$"
)

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Rings:
    """Polygons of several rows, one after the other.

    Parameters
    ----------
    rows : ndarray of int, shape (n,)
        The row of each polygon.
    starts : ndarray of int, shape (n,)
        Where each polygon begins among the vertices.
    longitudes, latitudes : ndarray of float, shape (m,)
        The vertices, in degrees.
    """

    rows: NDArray[np.int64]
    starts: NDArray[np.int64]
    longitudes: Floats
    latitudes: Floats


def checks(rows: GranuleRows) -> Iterator[Check]:
    """Return the checks of s_region and coverage."""
    if rows.has("s_region") and rows.granules["s_region"].null_count() < rows.granules.height:
        yield from _outlines(rows)
    if rows.has("coverage") and rows.granules["coverage"].null_count() < rows.granules.height:
        yield from _coverage(rows)


def _outlines(rows: GranuleRows) -> Iterator[Check]:
    region = rows.granules["s_region"]
    numbers, misread = _parse_numbers(region)
    yield _flag_check(83, "s_region", misread, "cannot be read as a region")
    rings, few = _pack_rings(numbers)
    yield _flag_check(83, "s_region", few, "is a polygon with fewer than three vertices")
    off = _spread_to_rows(rings, np.abs(rings.latitudes) > 90, region.len())
    yield _flag_check(83, "s_region", off, "has a latitude beyond a pole")
    turn, centre = _measure_turns(rings)
    body, sky = (_rows_in(rows, frame) for frame in ("body", "celestial"))
    wrong = np.zeros(region.len(), dtype=bool)
    wrong[rings.rows] = (turn <= 0) & body[rings.rows] | (turn >= 0) & sky[rings.rows]
    yield _flag_check(83, "s_region", wrong & ~off, "is not counter-clockwise, or has no area")
    if rows.has("c1min", "c1max"):
        yield _outside(rows, rings, centre, body)


def _flag_check(rule: int, column: str, flags: Flags, message: str) -> Check:
    return Check(rule, column, pl.lit(pl.Series(flags)), message)


def _parse_numbers(region: pl.Series) -> tuple[pl.Series, Flags]:
    """Return the numbers of each polygon, NULL for other shapes, and which rows can't be read."""
    if isinstance(region.dtype, pl.List | pl.Array):
        lists = region.cast(pl.List(pl.Float64))
        points = lists.list.len() <= 3
        odd = (lists.list.len() % 2 == 1) & ~points
        kept = pl.select(pl.when(~(points | odd)).then(lists)).to_series()
        return kept, _as_flags(odd)
    plain = region.str.contains(_PLAIN)
    split = _split_plain(pl.select(pl.when(plain).then(region)).to_series())
    found, misread = _find_numbers(pl.select(pl.when(~plain).then(region)).to_series())
    return pl.select(pl.coalesce(split, found)).to_series(), misread


def _split_plain(region: pl.Series) -> pl.Series:
    """Split polygons as pgsphere writes them, which takes half as long as finding the numbers."""
    listed = region.str.strip_chars("{(d)}").str.replace_many(["d),(", "d,"], [","])
    return listed.str.split(",").cast(pl.List(pl.Float64))


def _find_numbers(region: pl.Series) -> tuple[pl.Series, Flags]:
    literal = region.str.contains(_LITERAL)
    outline = literal | region.str.contains(_STC)
    bare = pl.select(
        pl.when(literal).then(region).when(outline).then(region.str.replace(_STC_HEAD, ""))
    ).to_series()
    numbers = bare.str.extract_all(_N).cast(pl.List(pl.Float64))
    odd = numbers.list.len() % 2 == 1
    misread = ~(outline | region.str.contains(_ROUND)) | odd
    return pl.select(pl.when(~odd).then(numbers)).to_series(), _as_flags(misread)


def _as_flags(flags: pl.Series) -> Flags:
    return flags.fill_null(value=False).to_numpy()


def _pack_rings(numbers: pl.Series) -> tuple[Rings, Flags]:
    """Concatenate polygons, and flag those with too few vertices."""
    lengths = numbers.list.len().fill_null(0).to_numpy().astype(np.int64)
    few = (lengths > 0) & (lengths < 6)
    kept = lengths >= 6
    flat = numbers.filter(pl.Series(kept)).explode().to_numpy()
    counts = lengths[kept] // 2
    starts = np.concatenate(([0], np.cumsum(counts)))[:-1]
    rings = Rings(np.flatnonzero(kept), starts.astype(np.int64), flat[0::2], flat[1::2])
    return rings, few


def _spread_to_rows(rings: Rings, flags: Flags, size: int) -> Flags:
    """Bring flags of vertices to the rows that have one."""
    spread = np.zeros(size, dtype=bool)
    if rings.rows.size:
        spread[rings.rows] = np.logical_or.reduceat(flags, rings.starts)
    return spread


def _measure_turns(rings: Rings) -> tuple[Floats, Floats]:
    """Return the sense of each polygon, and its mean direction.

    Returns
    -------
    turn : ndarray of float, shape (n,)
        Positive where the polygon is counter-clockwise as seen from outside the sphere.
    centre : ndarray of float, shape (3, n)
        The sum of the vertices as unit vectors.
    """
    if not rings.rows.size:
        return np.empty(0), np.empty((3, 0))
    points = _vectors(rings.longitudes, rings.latitudes)
    centre = np.add.reduceat(points, rings.starts, axis=1)
    counts = np.diff(np.append(rings.starts, points.shape[1]))
    # taken from a vertex of its own, the area of a small polygon keeps its digits
    local = points - np.repeat(points[:, rings.starts], counts, axis=1)
    after = np.arange(points.shape[1]) + 1
    after[rings.starts + counts - 1] = rings.starts
    area = np.add.reduceat(_cross(local, local[:, after]), rings.starts, axis=1)
    turn: Floats = (area * centre).sum(axis=0)
    return turn, centre


def _cross(one: Floats, other: Floats) -> Floats:
    """Multiply vectors by components, several times as fast as numpy.cross on columns."""
    (x, y, z), (a, b, c) = one, other
    return np.stack((y * c - z * b, z * a - x * c, x * b - y * a))


def _vectors(longitudes: Floats, latitudes: Floats) -> Floats:
    lon, lat = np.radians(longitudes), np.radians(latitudes)
    flat = np.cos(lat)
    return np.stack((flat * np.cos(lon), flat * np.sin(lon), np.sin(lat)))


def _rows_in(rows: GranuleRows, frame: str) -> Flags:
    size = rows.granules.height
    chosen = rows.granules.select(rows.is_in_frame(frame).fill_null(value=False)).to_series()
    return chosen.to_numpy() if len(chosen) == size else np.repeat(chosen.to_numpy(), size)


def _outside(rows: GranuleRows, rings: Rings, centre: Floats, body: Flags) -> Check:
    """Find bodies' polygons that lie outside the longitudes from c1min eastward to c1max."""
    limits = rows.granules.select("c1min", "c1max").cast(pl.Float64)[rings.rows].to_numpy()
    west, east = limits[:, 0], limits[:, 1]
    middle = np.degrees(np.arctan2(centre[1], centre[0]))
    with np.errstate(invalid="ignore"):
        width, offset = (east - west) % 360, (middle - west) % 360
        aside = (offset > width) & (np.abs(east - west) < 360) & (width > 0)
    broken = np.zeros(rows.granules.height, dtype=bool)
    broken[rings.rows] = aside & body[rings.rows]
    message = "s_region is not between c1min and, eastward of it, c1max"
    return Check(75, "c1min", pl.lit(pl.Series(broken)), message, shows=("c1max",))


def _coverage(rows: GranuleRows) -> Iterator[Check]:
    unread = (value for value in rows.distinct("coverage") if not _is_moc(value))
    yield Check(84, "coverage", is_one_of("coverage", unread), "is not a MOC in ASCII")
    if rows.has("s_region") and rows.granules["s_region"].dtype == pl.String:
        yield _flag_check(
            84, "coverage", _find_disjoint(rows), "has no part in common with s_region"
        )


def _is_moc(value: str) -> bool:
    with requires_extra("footprints"):
        from mocpy import MOC, STMOC

    kind = STMOC if value.lstrip().startswith("t") else MOC
    try:
        kind.from_string(value, format="ascii")
    except (ValueError, TypeError, OSError):
        return False
    return True


def _find_disjoint(rows: GranuleRows) -> Flags:
    """Find rows whose coverage holds no vertex of their polygon."""
    rings, _ = _pack_rings(_parse_numbers(rows.granules["s_region"])[0])
    disjoint = np.zeros(rows.granules.height, dtype=bool)
    ends = np.append(rings.starts[1:], len(rings.longitudes))
    both = rows.granules["coverage"].is_not_null().to_numpy()[rings.rows]
    for place in np.flatnonzero(both):
        row, ring = rings.rows[place], slice(rings.starts[place], ends[place])
        moc = rows.granules["coverage"][int(row)]
        disjoint[row] = _is_disjoint(moc, rings.longitudes[ring], rings.latitudes[ring])
    return disjoint


def _is_disjoint(moc: str, longitudes: Floats, latitudes: Floats) -> bool:
    if not _is_moc(moc) or moc.lstrip().startswith("t") or bool(np.any(np.abs(latitudes) > 90)):
        return False
    with requires_extra("footprints"):
        from mocpy import MOC

    inside = MOC.from_string(moc).contains_lonlat(longitudes * u.deg, latitudes * u.deg)
    return not bool(np.any(inside))
