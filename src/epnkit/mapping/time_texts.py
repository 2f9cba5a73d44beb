"""Reading the texts of times into days, minutes and seconds, leap seconds kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

_Array = np.ndarray[tuple[int], np.dtype[np.float64]]
_Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]

_CLOCK = r"(?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2}(?:[.,]\d*)?))?"
_ZONE = r"\s*(?P<zone>Z|UTC?|[+-]\d{2}:?\d{2}|[+-]\d{2})?"

#: The forms of a time, the first that fits is taken; a missing part is zero.
PATTERNS = (
    # 2005-05-01T07:46:55.5Z, 2005-05-01 07:46, 2005/05/01
    rf"^(?P<year>\d{{4}})[-/](?P<month>\d{{2}})[-/](?P<day>\d{{2}})(?:[T ]\s*{_CLOCK}{_ZONE})?$",
    # 2012-180T20:00:01, 2012 180
    rf"^(?P<year>\d{{4}})[- ]?(?P<doy>\d{{3}})(?:[T ]\s*{_CLOCK}{_ZONE})?$",
    # 2024.06.28_00:00:00.000_TAI
    rf"^(?P<year>\d{{4}})\.(?P<month>\d{{2}})\.(?P<day>\d{{2}})(?:_{_CLOCK}(?:_(?P<zone>TAI|UTC?|Z))?)?$",
    # 20050501, 201504300000, 20050501_074655, 20050501T074655.5Z
    r"^(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"
    rf"(?:[T_ ]?(?P<hour>\d{{2}})(?P<minute>\d{{2}})(?P<second>\d{{2}}(?:[.,]\d*)?)?{_ZONE})?$",
    # 12-Feb-2002, 4 Mar 2010 07:46:55
    r"^(?P<day>\d{1,2})[- ](?P<name>[A-Za-z]{3})[- ](?P<year>\d{4})"
    rf"(?:[T ]\s*{_CLOCK}{_ZONE})?$",
)

_PARTS = ("year", "month", "name", "day", "doy", "hour", "minute", "second", "zone")

#: The months as English catalogues write them.
_MONTHS = {
    name: f"{number:02}"
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}

#: MongoDB's extended JSON, when it comes as a text.
_DATE = r'^\{\s*"\$date"\s*:\s*(?:\{\s*"\$numberLong"\s*:\s*)?"?(?P<inner>[^"}]+)"?\s*\}*$'


@dataclass(frozen=True)
class Moments:
    """Times taken apart, NaN where a text is no time.

    Parameters
    ----------
    days : numpy.ndarray, shape (n,)
        Days since 1970-01-01.
    minutes : numpy.ndarray, shape (n,)
        Whole minutes of the day.
    seconds : numpy.ndarray, shape (n,)
        Seconds of the minute, 60 and more in a leap second.
    atomic : numpy.ndarray of bool, shape (n,)
        Whether it is international atomic time rather than UTC.
    """

    days: _Array
    minutes: _Array
    seconds: _Array
    atomic: _Flags


def read_moments(given: pl.Series) -> Moments:
    """Take the texts of times apart.

    Parameters
    ----------
    given : polars.Series
        Strings.

    Returns
    -------
    Moments
        UTC, or TAI where the text says so.
    """
    parts = _parts(_without_date_form(given.str.strip_chars()))
    frame = parts.select(
        days=_days(),
        minute=_minute_of_day(),
        seconds=_seconds(),
        shift=_shift(),
        atomic=(pl.col("zone") == "TAI").fill_null(value=False),
    )
    days, minute, seconds, shift = (
        frame[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        for name in ("days", "minute", "seconds", "shift")
    )
    total = minute - shift
    carried = np.floor(total / 1440.0)
    return Moments(days + carried, total - carried * 1440.0, seconds, frame["atomic"].to_numpy())


def _without_date_form(texts: pl.Series) -> pl.Series:
    """Unwrap ``{"$date": ...}``; milliseconds inside become a text of a time."""
    if not texts.str.starts_with("{").any():
        return texts
    inner = texts.str.extract(_DATE, 1)
    ticks = inner.cast(pl.Int64, strict=False).cast(pl.Datetime("ms"))
    iso = ticks.dt.strftime("%Y-%m-%dT%H:%M:%S%.3f")
    return pl.select(pl.coalesce(pl.lit(iso), pl.lit(inner), pl.lit(texts))).to_series()


def _parts(texts: pl.Series) -> pl.DataFrame:
    """Split the texts by the first pattern that fits them."""
    column = pl.col("text")
    groups = [column.str.extract_groups(pattern) for pattern in PATTERNS]
    found = (
        texts.alias("text")
        .to_frame()
        .select(group.alias(f"form_{number}") for number, group in enumerate(groups))
    )
    return found.select(
        pl.coalesce(
            *(
                pl.col(f"form_{number}").struct.field(part)
                for number, pattern in enumerate(PATTERNS)
                if f"?P<{part}>" in pattern
            )
        ).alias(part)
        for part in _PARTS
    )


def _days() -> pl.Expr:
    """Count days since 1970; a date that the calendar doesn't have gives null."""
    named = pl.col("name").str.to_lowercase().replace_strict(_MONTHS, default=None)
    month = pl.coalesce("month", named)
    calendar = pl.concat_str("year", month, pl.col("day").str.zfill(2), separator="-")
    of_month = calendar.str.to_date("%Y-%m-%d", strict=False)
    of_year = pl.concat_str("year", "doy", separator="-").str.to_date("%Y-%j", strict=False)
    return pl.coalesce(of_month, of_year).cast(pl.Int32)


def _minute_of_day() -> pl.Expr:
    hour, minute = (pl.col(name).cast(pl.Int32).fill_null(0) for name in ("hour", "minute"))
    return pl.when((hour < 24) & (minute < 60)).then(hour * 60 + minute)


def _seconds() -> pl.Expr:
    seconds = pl.col("second").str.replace(",", ".").cast(pl.Float64).fill_null(0.0)
    return pl.when(seconds < 61.0).then(seconds)


def _shift() -> pl.Expr:
    """Give the minutes by which the zone is ahead of UTC."""
    zone = pl.col("zone").str.extract_groups(
        r"^(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2})?"
    )
    hours, minutes = (
        zone.struct.field(name).cast(pl.Int32).fill_null(0) for name in ("hours", "minutes")
    )
    sign = pl.when(zone.struct.field("sign") == "-").then(-1).otherwise(1)
    return sign * (hours * 60 + minutes)
