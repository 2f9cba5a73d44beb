"""Chemistry, events, maps and observers (sections 2.2.3 and 2.3), and the errors of own columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import polars as pl

from epnkit.epncore.rowrules.base import Check, GranuleRows
from epnkit.epncore.rowrules.enumerations import items

_FORMULA = re.compile(r"(?:(?:[A-Z][a-z]?|[()\[\]])[0-9]*)+[+-]*[0-9]*[+-]?$|e-$")
_INCHIKEY = re.compile(r"[A-Z]{14}-[A-Z]{10}-[A-Z]$")
_EVENT_FORMATS = ("text/xml", "application/x-voevent+xml")

#: The codes of the FITS WCS paper II, table 13, and of HEALPix.
_FITS_CODES = (
    "AZP SZP TAN STG SIN ARC ZPN ZEA AIR CYP CEA CAR MER SFL PAR MOL AIT COP COE COD COO"
    " BON PCO TSC CSC QSC HPX XPH"
)
_PROJECTION = rf"^({_FITS_CODES.replace(' ', '|')})$|^\w*(CRS|CS|CONVERSION)\[|\+proj=|^EPSG:|^IAU"


def checks(rows: GranuleRows) -> Iterator[Check]:
    """Return the checks of the columns of extensions and of errors."""
    yield from _chemistry(rows)
    yield from _events(rows)
    yield from _maps(rows)
    if rows.has("observer_country"):
        broken = ~pl.col("observer_country").str.strip_chars().str.contains(r"^[A-Z]{2,3}$")
        yield Check(114, "observer_country", broken, "is not a code of ISO 3166")
    yield from _errors(rows)


def _chemistry(rows: GranuleRows) -> Iterator[Check]:
    for name, rule, pattern, message in (
        ("species", 105, _FORMULA, "is not a plain formula"),
        ("species_inchikey", 110, _INCHIKEY, "is not an InChIKey"),
    ):
        if rows.has(name):
            yield Check(rule, name, rows.where(name, _other_than(pattern)), message)


def _other_than(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda value: not all(map(pattern.match, items(value)))


def _events(rows: GranuleRows) -> Iterator[Check]:
    if not rows.has("dataproduct_type"):
        return
    event = rows.list_contains("dataproduct_type", "ev")
    if rows.has("access_format", "access_url"):
        other = ~pl.col("access_format").is_in(_EVENT_FORMATS)
        broken = event & pl.col("access_url").is_not_null() & other
        yield Check(112, "access_format", broken, "is not XML, though the granule is an event")
    for name in filter(rows.has, ("event_status", "event_cite")):
        broken = ~event & pl.col(name).is_not_null()
        yield Check(112, name, broken, "is filled, though the granule is not an event")


def _maps(rows: GranuleRows) -> Iterator[Check]:
    for name, pattern, message in (
        ("map_projection", _PROJECTION, "is no FITS code, WKT or PROJ string"),
        ("map_scale", r"^1:[0-9]+$", "is not a ratio such as 1:50000"),
    ):
        if rows.has(name):
            broken = ~pl.col(name).str.strip_chars().str.contains(pattern)
            yield Check(113, name, broken, message)


def _errors(rows: GranuleRows) -> Iterator[Check]:
    for column in rows.extra.values():
        named = re.search(r"_error(_min|_max)?$", column.name)
        if named and rows.has(column.name) and column.epn_type in {"float", "double", "integer"}:
            yield Check(25, column.name, pl.col(column.name) < 0, "is a negative error")
