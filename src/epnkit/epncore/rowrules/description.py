"""What the data are, and of what (sections 2.1.2, 2.1.3, 2.1.6): rules 37 to 51, 92 and 93."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import polars as pl

from epnkit.epncore.rowrules.base import Check, Rows, one_of
from epnkit.epncore.rowrules.enumerations import items

#: Names of the IAU whose case is often lost.
_IAU_NAMES = (
    "Sun Mercury Venus Earth Mars Jupiter Saturn Uranus Neptune Pluto Ceres Eris Haumea Makemake"
    " Moon Phobos Deimos Io Europa Ganymede Callisto Titan Enceladus Triton Charon"
)
_BY_LOWER = {name.lower(): name for name in _IAU_NAMES.split()}

#: A number alone, a number in brackets, or a number before a name (not before a designation).
_NUMBERED = re.compile(r"\(\d+\)|\d+$|\d+ (?![A-Z]{2}\d*$)[A-Z]")
#: A code and designation followed by a discoverer.
_DISCOVERED = re.compile(r"\d+[PDI]/\D|[CPDXAI]/\d+ [A-Z]+\d+.*\(")


def checks(rows: Rows) -> Iterator[Check]:
    """Give the checks of product types, targets, hosts and the service's title."""
    if rows.has("dataproduct_type"):
        yield from _products(rows)
    if rows.has("target_name"):
        yield from _names(rows)
    if rows.has("target_name", "target_class"):
        yield from _classes(rows)
    if rows.has("instrument_host_name"):
        yield from _simulations(rows)
    if rows.has("service_title") and rows.service:
        broken = pl.col("service_title") != rows.service
        yield Check(93, "service_title", broken, f"is not the schema's name {rows.service}")


def _products(rows: Rows) -> Iterator[Check]:
    kind = "dataproduct_type"
    yield Check(37, kind, pl.col(kind) == "ca", "does not say what the catalogue holds")
    linked = rows.empty("access_url") & rows.empty("datalink_url")
    broken = linked & ~rows.lists(kind, "ci") & pl.col(kind).is_not_null()
    yield Check(38, kind, broken, "lacks ci, though nothing is linked")
    if rows.has("map_projection"):
        projected = pl.col("map_projection").is_not_null() & (pl.col(kind) == "im")
        yield Check(39, kind, projected, "is an image with a map projection")
    for name in ("spatial_coordinate_description", "map_projection"):
        broken = rows.lists(kind, "ma") & rows.empty(name)
        yield Check(40, kind, broken, f"is a map without {name}")


def _names(rows: Rows) -> Iterator[Check]:
    name = "target_name"
    broken = rows.matching(name, lambda value: any(map(_miswritten, items(value))))
    yield Check(44, name, broken, "is not written as the IAU does")
    twice = rows.matching(name, _repeats)
    yield Check(45, name, twice, "names a target twice")


def _miswritten(item: str) -> bool:
    return _BY_LOWER.get(item.lower(), item) != item


def _repeats(value: str) -> bool:
    lowered = [item.lower() for item in items(value)]
    return len(set(lowered)) < len(lowered)


def _classes(rows: Rows) -> Iterator[Check]:
    name = "target_name"
    asteroid = rows.lists("target_class", "asteroid") & rows.matching(name, _any(_NUMBERED))
    yield Check(47, name, asteroid, "has a number beside the name")
    comet = rows.lists("target_class", "comet") & rows.matching(name, _any(_DISCOVERED))
    yield Check(47, name, comet, "has a discoverer beside the designation")
    sun = rows.lists(name, "Sun") & ~rows.lists("target_class", "star")
    yield Check(50, "target_class", sun, "is not star, though the target is the Sun")
    rings = rows.matching(name, lambda value: bool(re.search(r"\brings?\b", value.lower())))
    yield Check(50, name, rings, "names rings: give the planet, and target_region ring")
    sample = rows.lists("target_class", "sample") & pl.col(name).is_null()
    yield Check(51, name, sample, "is empty for a sample")


def _any(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda value: any(map(pattern.match, items(value)))


def _simulations(rows: Rows) -> Iterator[Check]:
    host = "instrument_host_name"
    later = rows.matching(host, lambda value: "simulation" in items(value)[1:])
    yield Check(92, host, later, "names simulation after a mission")
    if rows.has("measurement_type"):
        measured = rows.distinct("measurement_type")
        plain = (value for value in measured if "meta.modelled" not in value)
        broken = rows.lists(host, "simulation") & one_of("measurement_type", plain)
        yield Check(42, "measurement_type", broken, "has no meta.modelled in a simulation")
