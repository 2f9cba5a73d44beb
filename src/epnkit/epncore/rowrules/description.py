"""What the data are, and of what (sections 2.1.2, 2.1.3, 2.1.6): rules 37 to 51, 92 and 93."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import polars as pl

from epnkit.epncore.rowrules.base import Check, GranuleRows, is_one_of
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


def checks(rows: GranuleRows) -> Iterator[Check]:
    """Return the checks of product types, targets, hosts and the service's title."""
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


def _products(rows: GranuleRows) -> Iterator[Check]:
    kind = "dataproduct_type"
    yield Check(37, kind, pl.col(kind) == "ca", "does not say what the catalogue holds")
    linked = rows.is_empty("access_url") & rows.is_empty("datalink_url")
    broken = linked & ~rows.list_contains(kind, "ci") & pl.col(kind).is_not_null()
    yield Check(38, kind, broken, "lacks ci, though nothing is linked")
    if rows.has("map_projection"):
        projected = pl.col("map_projection").is_not_null() & (pl.col(kind) == "im")
        yield Check(39, kind, projected, "is an image with a map projection")
    for name in ("spatial_coordinate_description", "map_projection"):
        broken = rows.list_contains(kind, "ma") & rows.is_empty(name)
        yield Check(40, kind, broken, f"is a map without {name}")


def _names(rows: GranuleRows) -> Iterator[Check]:
    name = "target_name"
    broken = rows.where(name, lambda value: any(map(_has_wrong_case, items(value))))
    yield Check(44, name, broken, "is not written as the IAU does")
    twice = rows.where(name, _has_duplicates)
    yield Check(45, name, twice, "names a target twice")


def _has_wrong_case(item: str) -> bool:
    return _BY_LOWER.get(item.lower(), item) != item


def _has_duplicates(value: str) -> bool:
    lowered = [item.lower() for item in items(value)]
    return len(set(lowered)) < len(lowered)


def _classes(rows: GranuleRows) -> Iterator[Check]:
    name = "target_name"
    asteroid = rows.list_contains("target_class", "asteroid") & rows.where(
        name, _any_matches(_NUMBERED)
    )
    yield Check(47, name, asteroid, "has a number and a name")
    comet = rows.list_contains("target_class", "comet") & rows.where(
        name, _any_matches(_DISCOVERED)
    )
    yield Check(47, name, comet, "has a discoverer and a designation")
    sun = rows.list_contains(name, "Sun") & ~rows.list_contains("target_class", "star")
    yield Check(50, "target_class", sun, "is not star, though the target is the Sun")
    rings = rows.where(name, lambda value: bool(re.search(r"\brings?\b", value.lower())))
    yield Check(50, name, rings, "names rings: give the planet, and target_region ring")
    sample = rows.list_contains("target_class", "sample") & pl.col(name).is_null()
    yield Check(51, name, sample, "is empty for a sample")


def _any_matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda value: any(map(pattern.match, items(value)))


def _simulations(rows: GranuleRows) -> Iterator[Check]:
    host = "instrument_host_name"
    later = rows.where(host, lambda value: "simulation" in items(value)[1:])
    yield Check(92, host, later, "names simulation after a mission")
    if rows.has("measurement_type"):
        measured = rows.distinct("measurement_type")
        plain = (value for value in measured if "meta.modelled" not in value)
        broken = rows.list_contains(host, "simulation") & is_one_of("measurement_type", plain)
        yield Check(42, "measurement_type", broken, "has no meta.modelled in a simulation")
