"""Pairs of minimum and maximum (sections 1.2 and 2.1.4): rules 12, 13, 58, 64, 76 and 86."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from epnkit.epncore.columns import COLUMNS, find_pairs
from epnkit.epncore.rowrules.base import Check, GranuleRows

#: Longitudes of section 2.2.5, whose two ends have a rule of their own.
LONGITUDES = ("subobserver_longitude", "subsolar_longitude", "solar_longitude")

#: The frames in which a coordinate is a longitude or azimuth, so that min > max crosses 0.
_TURNS = {"c1": ("celestial", "body"), "c2": ("cylindrical",), "c3": ("spherical",)}


def checks(rows: GranuleRows) -> Iterator[Check]:
    """Return the checks of pairs: both ends or neither, and their order."""
    for low, high in find_pairs(rows.granules.columns):
        yield _check_both(low, high)
        yield from _check_order(rows, low, high)


def _check_both(low: str, high: str) -> Check:
    rule = 86 if COLUMNS[low].quantity in LONGITUDES else 12
    broken = pl.col(low).is_null() != pl.col(high).is_null()
    return Check(rule, low, broken, "one end is filled and the other is not", shows=(high,))


def _check_order(rows: GranuleRows, low: str, high: str) -> Iterator[Check]:
    quantity = COLUMNS[low].quantity
    # a local time may cross midnight, of which the standard says nothing
    if quantity == "local_time" or (COLUMNS[low].wraps and quantity not in _TURNS):
        return
    exceeds = pl.col(low) > pl.col(high)
    if quantity in _TURNS:
        exceeds &= ~rows.is_in_frame(*_TURNS[quantity])
    rule = 64 if quantity == "spectral_range" else 13
    if quantity == "c2":
        latitudes = rows.is_in_frame("celestial", "body")
        yield _order_breach(76, low, high, exceeds & latitudes)
        exceeds &= ~latitudes
    yield _order_breach(rule, low, high, exceeds)


def _order_breach(rule: int, low: str, high: str, broken: pl.Expr) -> Check:
    return Check(rule, low, broken, "the minimum exceeds the maximum", shows=(high,))
