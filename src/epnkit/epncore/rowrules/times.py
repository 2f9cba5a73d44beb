"""Times and dates (sections 2.1.4, 2.1.6, 2.2.5): rules 52, 53, 57 to 60 and 62."""

from __future__ import annotations

import re
from collections.abc import Iterator

import erfa
import polars as pl

from epnkit.epncore.columns import COLUMNS
from epnkit.epncore.rowrules.base import Check, GranuleRows, is_one_of

#: Julian Days from the year 999 to the year 3000; an MJD or a Unix time lies far outside.
PLAUSIBLE_JD = (2_086_000.0, 2_817_000.0)

#: The form of DALI 1.1, section 3.3.3; whether there is such a day and second is asked of erfa.
_TIMESTAMP = r"^[0-9]{4}-[0-9][0-9]-[0-9][0-9](T[0-9][0-9]:[0-9][0-9](:[0-9][0-9](\.[0-9]+)?)?Z?)?$"

_GRANULE_DATES = ("creation_date", "modification_date", "release_date")
_TARGET_TIMES = ("target_time_min", "target_time_max")


def checks(rows: GranuleRows) -> Iterator[Check]:
    """Return the checks of times and dates."""
    for name in filter(rows.has, ("time_min", "time_max")):
        yield Check(52, name, ~pl.col(name).is_between(*PLAUSIBLE_JD), "is not a Julian Day")
    if rows.has("time_min", "time_max"):
        broken = pl.all_horizontal(pl.col("time_min", "time_max").is_null())
        yield Check(53, "time_min", broken, "has no value")
    yield from _durations(rows)
    yield from _local_time(rows)
    yield from _dates(rows)


def _durations(rows: GranuleRows) -> Iterator[Check]:
    stems = ("time_exp", "time_sampling_step")
    for name in (f"{stem}_{end}" for stem in stems for end in ("min", "max")):
        if rows.has(name):
            yield Check(57, name, pl.col(name) < 0, "is negative")
    if rows.has("time_exp_min", "time_sampling_step_max"):
        broken = pl.col("time_exp_min") > pl.col("time_sampling_step_max")
        message = "the exposure is longer than the time step"
        shows = ("time_sampling_step_max",)
        yield Check(57, "time_exp_min", broken, message, severity="SHOULD", shows=shows)


def _local_time(rows: GranuleRows) -> Iterator[Check]:
    for name in filter(rows.has, ("local_time_min", "local_time_max")):
        low, high = COLUMNS[name].low, COLUMNS[name].high
        broken = ~pl.col(name).is_between(pl.lit(low), pl.lit(high))
        yield Check(59, name, broken, "is not between 0 and 24 h")


def _dates(rows: GranuleRows) -> Iterator[Check]:
    for names, rule in ((_GRANULE_DATES, 60), (_TARGET_TIMES, 58)):
        for name in filter(rows.has, names):
            yield Check(rule, name, ~_is_timestamp(rows, name), "is not a DALI timestamp")
    if rows.has("creation_date", "modification_date"):
        created, modified = (
            _as_instant(rows, "creation_date"),
            _as_instant(rows, "modification_date"),
        )
        message = "is earlier than creation_date"
        yield Check(62, "modification_date", modified < created, message, shows=("creation_date",))


def _is_text(rows: GranuleRows, name: str) -> bool:
    return rows.granules.schema[name] == pl.String


def _is_timestamp(rows: GranuleRows, name: str) -> pl.Expr:
    if not _is_text(rows, name):
        return pl.lit(value=True)
    formed = pl.col(name).str.contains(_TIMESTAMP)
    # What polars reads is an instant, but for a second 60, which it takes for one on any day;
    # erfa knows better, but one value at a time.
    read = _as_instant(rows, name).is_not_null() & ~pl.col(name).str.contains(":60", literal=True)
    unread = rows.granules.filter(formed & ~read)[name].unique()
    return formed & (read | is_one_of(name, filter(_is_instant, unread.to_list())))


def _is_instant(value: str) -> bool:
    """Return whether there is such a time in UTC, with a second 60 where one was inserted."""
    parts = [float(part) for part in re.findall(r"[0-9.]+", value)]
    year, month, day, hour, minute, second = parts + [0.0] * (6 - len(parts))
    # Its status, since a warning would be seen, or hidden, in all threads.
    status = erfa.ufunc.dtf2d(
        b"UTC", int(year), int(month), int(day), int(hour), int(minute), second
    )
    return int(status[2]) == 0


def _as_instant(rows: GranuleRows, name: str) -> pl.Expr:
    """Return a date as a time to the second; NULL if it is not written as one."""
    value = pl.col(name)
    if not _is_text(rows, name):
        return value.cast(pl.Datetime("us"), strict=False)
    day = value.str.slice(0, 19).str.replace(r"^([0-9]{4}-[0-9][0-9]-[0-9][0-9])Z?$", "${1}T00:00")
    full = day.str.replace(r"(T[0-9][0-9]:[0-9][0-9])Z?$", "${1}:00")
    return full.str.to_datetime("%Y-%m-%dT%H:%M:%S", strict=False, time_unit="us")
