"""Coordinates, angles and distances (sections 2.1.4, 2.2.5, 3.1): rules 73 to 81, 85, 88, 89."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import polars as pl

from epnkit.epncore.rowrules.base import Check, GranuleRows
from epnkit.epncore.rulebook import Severity

_ENDS = ("min", "max")
_GLOBES = ("subobserver", "subsolar")

#: STC-S in a frame that no body has.
_OF_THE_SKY = r"(?i)^\s*\w+\s+(ICRS|FK4|FK5|J2000|B1950|GALACTIC|ECLIPTIC)\b"


def checks(rows: GranuleRows) -> Iterator[Check]:
    """Return the checks of coordinates, of viewing angles and of distances."""
    yield from _ranges(rows)
    yield from _spherical(rows)
    yield from _angles(rows)
    yield from _distances(rows)
    yield from _frames(rows)
    yield from _extent(rows)


def _ranges(rows: GranuleRows) -> Iterator[Check]:
    angular = rows.is_in_frame("celestial", "body")
    for end in _ENDS:
        yield from _range(rows, f"c1{end}", (0, 360), angular)
        yield from _range(rows, f"c2{end}", (-90, 90), angular)
        yield from _range(rows, f"solar_longitude_{end}", (0, 360), severe=False)
    for globe, end in product(_GLOBES, _ENDS):
        yield from _range(rows, f"{globe}_longitude_{end}", (0, 360))
        yield from _range(rows, f"{globe}_latitude_{end}", (-90, 90))
    yield from _range(rows, "ra", (0, 360))
    yield from _range(rows, "dec", (-90, 90))


def _range(
    rows: GranuleRows,
    name: str,
    ends: tuple[int, int],
    where: pl.Expr | None = None,
    *,
    severe: bool = True,
) -> Iterator[Check]:
    if not rows.has(name):
        return
    broken = ~pl.col(name).is_between(*ends)
    broken = broken if where is None else broken & where
    # section 2.2.5 itself gives -90 for a solar longitude
    severity: Severity | None = None if severe else "SHOULD"
    yield Check(73, name, broken, f"is not between {ends[0]} and {ends[1]}", severity=severity)


def _spherical(rows: GranuleRows) -> Iterator[Check]:
    spherical = rows.is_in_frame("spherical")
    radial = rows.is_in_frame("spherical", "cylindrical")
    for end in _ENDS:
        if rows.has(f"c1{end}"):
            yield Check(79, f"c1{end}", radial & (pl.col(f"c1{end}") < 0), "is a negative radius")
        if rows.has(f"c2{end}"):
            broken = spherical & ~pl.col(f"c2{end}").is_between(0, 180)
            yield Check(79, f"c2{end}", broken, "is not a colatitude")


def _angles(rows: GranuleRows) -> Iterator[Check]:
    ranges = {"incidence": (0, 90), "emergence": (0, 90), "phase": (-180, 180)}
    for (name, ends), end in product(ranges.items(), _ENDS):
        if rows.has(f"{name}_{end}"):
            broken = ~pl.col(f"{name}_{end}").is_between(*ends)
            message = f"is not between {ends[0]} and {ends[1]}"
            yield Check(88, f"{name}_{end}", broken, message)
    names = [f"{name}_{end}" for name, end in product(ranges, _ENDS)]
    if rows.has(*names):
        yield _triangle()


def _triangle() -> Check:
    """Phase lies between the difference and the sum of incidence and emergence."""
    largest = pl.col("incidence_max") + pl.col("emergence_max")
    least = pl.max_horizontal(
        pl.col("incidence_min") - pl.col("emergence_max"),
        pl.col("emergence_min") - pl.col("incidence_max"),
    )
    nearest = pl.min_horizontal(pl.col("phase_min", "phase_max").abs())
    farthest = pl.max_horizontal(pl.col("phase_min", "phase_max").abs())
    broken = (nearest > largest) | (farthest < least)
    message = "does not agree with incidence and emergence"
    return Check(88, "phase_min", broken, message, shows=("incidence_max", "emergence_max"))


def _distances(rows: GranuleRows) -> Iterator[Check]:
    quantities = ("target_distance", "earth_distance", "sun_distance", "radial_distance")
    for quantity, end in product(quantities, _ENDS):
        name = f"{quantity}_{end}"
        if rows.has(name):
            yield Check(89, name, pl.col(name) < 0, "is negative")
    for target in ("Earth", "Sun"):
        name = f"{target.lower()}_distance_min"
        if rows.has(name, "target_name"):
            broken = (pl.col("target_name") == target) & pl.col(name).is_not_null()
            yield Check(89, name, broken, f"is the distance of the target {target}")


def _frames(rows: GranuleRows) -> Iterator[Check]:
    name = "spatial_coordinate_description"
    if rows.has(name):
        code = pl.col(name).str.contains(r"^IAU[0-9]{4}:[0-9]+$")
        wrong = code & ~pl.col(name).str.ends_with("00") & rows.is_in_frame("body")
        yield Check(85, name, wrong, "is not a planetocentric frame")


def _extent(rows: GranuleRows) -> Iterator[Check]:
    if not rows.has("c1min", "c1max", "c2min", "c2max"):
        return
    width = (pl.col("c1max") - pl.col("c1min")) % 360
    poles = (pl.col("c2min") == -90) & (pl.col("c2max") == 90)
    images = rows.list_contains("dataproduct_type", "im")
    half = rows.is_in_frame("body") & images & poles & (width == 180)
    yield Check(80, "c1min", half, "is the box of half a globe", shows=("c1max", "c2min", "c2max"))
    wide = (pl.col("c1min") != pl.col("c1max")) & (pl.col("c2min") != pl.col("c2max"))
    bare = rows.is_empty("s_region") & rows.is_empty("coverage")
    broken = rows.is_in_frame("celestial", "body") & wide & bare
    yield Check(81, "s_region", broken, "is empty for an area, and so is coverage")
    if rows.has("s_region") and rows.granules["s_region"].dtype == pl.String:
        named = pl.col("s_region").str.contains(_OF_THE_SKY)
        message = "names a frame of the sky, though the row is on a body"
        yield Check(81, "s_region", rows.is_in_frame("body") & named, message)
