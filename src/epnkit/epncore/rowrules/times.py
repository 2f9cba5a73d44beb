"""Times and dates (sections 2.1.4, 2.1.6, 2.2.5): rules 52, 53, 57 to 60 and 62."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from epnkit.epncore.columns import COLUMNS
from epnkit.epncore.rowrules.base import Check, Rows

#: Julian Days from the year 999 to the year 3000; an MJD or a Unix time lies far outside.
PLAUSIBLE_JD = (2_086_000.0, 2_817_000.0)

#: DALI 1.1, section 3.3.3; a leap second is a second.
_TIMESTAMP = (
    r"^\d{4}-\d\d-\d\d"
    r"(T([01]\d|2[0-3]):[0-5]\d(:([0-5]\d|60)(\.\d+)?)?Z?)?$"
)

_GRANULE_DATES = ("creation_date", "modification_date", "release_date")
_TARGET_TIMES = ("target_time_min", "target_time_max")


def checks(rows: Rows) -> Iterator[Check]:
    """Give the checks of times and dates."""
    for name in filter(rows.has, ("time_min", "time_max")):
        yield Check(52, name, ~pl.col(name).is_between(*PLAUSIBLE_JD), "is not a Julian Day")
    if rows.has("time_min", "time_max"):
        broken = pl.all_horizontal(pl.col("time_min", "time_max").is_null())
        yield Check(53, "time_min", broken, "has no value")
    yield from _durations(rows)
    yield from _local_time(rows)
    yield from _dates(rows)


def _durations(rows: Rows) -> Iterator[Check]:
    stems = ("time_exp", "time_sampling_step")
    for name in (f"{stem}_{end}" for stem in stems for end in ("min", "max")):
        if rows.has(name):
            yield Check(57, name, pl.col(name) < 0, "is negative")
    if rows.has("time_exp_min", "time_sampling_step_max"):
        broken = pl.col("time_exp_min") > pl.col("time_sampling_step_max")
        message = "the exposure is longer than the time step"
        shows = ("time_sampling_step_max",)
        yield Check(57, "time_exp_min", broken, message, severity="SHOULD", shows=shows)


def _local_time(rows: Rows) -> Iterator[Check]:
    for name in filter(rows.has, ("local_time_min", "local_time_max")):
        low, high = COLUMNS[name].low, COLUMNS[name].high
        broken = ~pl.col(name).is_between(pl.lit(low), pl.lit(high))
        yield Check(59, name, broken, "is not between 0 and 24 h")


def _dates(rows: Rows) -> Iterator[Check]:
    for names, rule in ((_GRANULE_DATES, 60), (_TARGET_TIMES, 58)):
        for name in filter(rows.has, names):
            yield Check(rule, name, ~_written(rows, name), "is not a DALI timestamp")
    if rows.has("creation_date", "modification_date"):
        created, modified = _instant(rows, "creation_date"), _instant(rows, "modification_date")
        message = "is earlier than creation_date"
        yield Check(62, "modification_date", modified < created, message, shows=("creation_date",))


def _is_text(rows: Rows, name: str) -> bool:
    return rows.granules.schema[name] == pl.String


def _written(rows: Rows, name: str) -> pl.Expr:
    value = pl.col(name)
    if not _is_text(rows, name):
        return pl.lit(value=True)
    day = value.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    return value.str.contains(_TIMESTAMP) & (day.is_not_null() | value.is_null())


def _instant(rows: Rows, name: str) -> pl.Expr:
    """Give a date as a time to the second; NULL where it is not written as one."""
    value = pl.col(name)
    if not _is_text(rows, name):
        return value.cast(pl.Datetime("us"), strict=False)
    full = value.str.slice(0, 19).str.replace(r"^(\d{4}-\d\d-\d\d)$", "${1}T00:00:00")
    return full.str.to_datetime("%Y-%m-%dT%H:%M:%S", strict=False, time_unit="us")
