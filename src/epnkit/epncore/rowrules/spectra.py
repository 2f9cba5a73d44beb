"""Spectral axes (sections 2.1.4 and 2.2.3): rules 63, 65 and 66."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from epnkit.epncore.rowrules.base import Check, GranuleRows

#: Above any resolving power of an instrument: a number in Hz, not a ratio.
IMPLAUSIBLE_RESOLUTION = 1e9


def checks(rows: GranuleRows) -> Iterator[Check]:
    """Return the checks of spectral limits, steps and resolutions."""
    stems = ("spectral_range", "spectral_sampling_step")
    for name in (f"{stem}_{end}" for stem in stems for end in ("min", "max")):
        if rows.has(name):
            broken = (pl.col(name) < 0) | pl.col(name).is_infinite()
            yield Check(63, name, broken, "is not a frequency in Hz")
    yield from _resolution(rows)
    yield from _filter(rows)


def _resolution(rows: GranuleRows) -> Iterator[Check]:
    for name in filter(rows.has, ("spectral_resolution_min", "spectral_resolution_max")):
        value = pl.col(name)
        yield Check(65, name, (value <= 0) | value.is_infinite(), "is not a resolving power")
        huge = (value > IMPLAUSIBLE_RESOLUTION) & value.is_finite()
        yield Check(65, name, huge, "is too large for a ratio: is it in Hz?", severity="SHOULD")


def _filter(rows: GranuleRows) -> Iterator[Check]:
    if rows.has("filter", "dataproduct_type"):
        image = rows.list_contains("dataproduct_type", "im")
        broken = image & pl.col("filter").is_not_null() & rows.is_empty("spectral_range_min")
        yield Check(66, "filter", broken, "an image in a filter without spectral_range")
