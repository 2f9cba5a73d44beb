"""Times that stand in the names of files, and whether a file's content agrees with its name."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from epnkit.mapping.outcome import Outcome
from epnkit.mapping.reading import first_reason, refuse_unread
from epnkit.mapping.times import julian_date

#: Two-digit years from this one on are of the 20th century.
_CENTURY = 70


@dataclass(frozen=True)
class Interval:
    """Begin and end of observations.

    Parameters
    ----------
    begin, end : Outcome
        For ``time_min`` and ``time_max``: Julian dates, UTC.
    """

    begin: Outcome
    end: Outcome


#: From one minute to another (``_201601302247_201601310645_``); year, day of year and hour
#: (``R2012180.20``); a day (``_20170329_``), its year of two figures in some (``T790306``).
_FORMS = (
    r"(?:^|[^0-9])(?P<begin>[0-9]{12})_(?P<end>[0-9]{12})(?:[^0-9]|$)",
    r"(?:^|[^0-9])(?P<year>[0-9]{4})(?P<doy>[0-9]{3})\.(?P<hour>[0-9]{2})(?:[^0-9]|$)",
    r"(?:^|[^0-9])(?P<day>(?:19|20)[0-9]{6})(?:[^0-9]|$)",
    r"(?:^|[A-Za-z_])(?P<short>[0-9]{6})(?:[^0-9]|$)",
)

_HOUR = 1.0 / 24.0


def named_interval(names: pl.Series) -> Interval:
    """Read the interval that the names of files hold.

    Parameters
    ----------
    names : polars.Series
        Names with two minutes (``201601302247_201601310645``), a year, day of year and hour
        (``2012180.20``), a day (``20170329``), or a day whose year has two figures (``790306``:
        from 70 on of the 20th century).

    Returns
    -------
    Interval
        Both ends, an hour or a day apart if the name holds one; a name without a time, or with
        one that the calendar does not have, has its reason.

    Examples
    --------
    >>> day = named_interval(pl.Series(["wav_20170329_v02.cdf"]))
    >>> day.begin.values.to_list(), day.end.values.to_list()
    ([2457841.5], [2457842.5])
    """
    found = _extract_groups(names)
    begin = julian_date(found.select(_begin_text()).to_series()).values
    length = found.select(pl.when(pl.col("hour").is_not_null()).then(_HOUR).otherwise(1.0))
    given = julian_date(found["end"]).values
    end = given.zip_with(found["end"].is_not_null(), begin + length.to_series())
    complaint = "a name with a time"
    return Interval(
        refuse_unread(names, begin.alias("begin"), complaint), Outcome.fine(end.alias("end"))
    )


def observed_interval(first: pl.Series, last: pl.Series, names: pl.Series) -> Interval:
    """Return the times of observations from their files, or else from the names.

    A file whose content is of another time than its name is refused, and one whose name holds a
    time that no calendar has: one of the two is wrong.

    Parameters
    ----------
    first, last : polars.Series
        The first and last time within the files, in any form that
        :func:`~epnkit.mapping.times.julian_date` reads; null if nothing.
    names : polars.Series
        Their names; those without a time agree with every content.

    Examples
    --------
    >>> first, last = pl.Series(["2017-03-29T01:00:00"]), pl.Series([None], dtype=pl.String)
    >>> found = observed_interval(first, last, pl.Series(["wav_20170329.cdf"]))
    >>> found.end.values.to_list()
    [2457842.5]
    """
    inner = [julian_date(first), julian_date(last)]
    named = named_interval(names)
    begin, end = (
        own.values.zip_with(own.values.is_not_null(), name.values)
        for own, name in zip(inner, (named.begin, named.end), strict=True)
    )
    unnamed = begin.is_not_null() & ~_has_time(names)
    known = Outcome(begin, named.begin.reasons.set(unnamed, None))
    # What only touches the named interval lies in the next one.
    lasting = named.end.values > named.begin.values
    disjoint = lasting & ((begin >= named.end.values) | (end <= named.begin.values) & (end > begin))
    wrong = Outcome.checked(
        names, begin.set(disjoint.fill_null(value=False), None), "has content of another time"
    )
    reasons = first_reason(inner[0], inner[1], known, wrong)
    return Interval(Outcome(begin, reasons), Outcome.fine(end))


def _extract_groups(names: pl.Series) -> pl.DataFrame:
    """Take the parts of times out of names; null if a form does not fit."""
    groups = [names.str.extract_groups(form).struct.unnest() for form in _FORMS]
    return pl.concat(groups, how="horizontal")


def _has_time(names: pl.Series) -> pl.Series:
    """Return which names hold a time, be it one that no calendar has."""
    return _extract_groups(names).select(~pl.all_horizontal(pl.all().is_null())).to_series()


def _begin_text() -> pl.Expr:
    """Write the begin as a time that can be read."""
    short = pl.col("short")
    century = pl.when(short.str.slice(0, 2).cast(pl.Int32) >= _CENTURY).then(pl.lit("19"))
    return pl.coalesce(
        "begin",
        pl.when(pl.col("hour").cast(pl.Int32) < 24).then(
            pl.format("{}-{}T{}:00", "year", "doy", "hour")
        ),
        "day",
        century.otherwise(pl.lit("20")) + short,
    )
