"""Times taken apart: the day, the second of the day, and the scale that they are in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from epnkit.times.forms import EXTENDED_JSON, FIRST_TWO_DIGIT_YEAR, FORMS, MONTHS, PARTS
from epnkit.times.scales import DAY, SCALE_NAMES, Floats, ends_with_leap_second

#: Which number of 05/06/1998 is the day.
DateOrder = Literal["DMY", "MDY"]

#: What counts for nothing around a text: blanks, and the NUL that fills up texts of C.
PADDING = " \t\n\v\f\r\0\u00a0"

#: The form that most catalogues have: 2005-05-01T07:46:55.5Z, with no second of 60.
_PLAIN = (
    r"^[12][0-9]{3}-[0-9]{2}-[0-9]{2}"
    r"[T ](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?Z?$"
)

#: How many of each unit of datetimes are in a second.
_IN_A_SECOND = {"ms": 1e3, "us": 1e6, "ns": 1e9}

#: 0001-01-01 and 9999-12-31, in days since 1970-01-01.
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896

#: The greatest offset of a zone from UTC, in minutes (Kiribati).
_GREATEST_OFFSET = 14 * 60


@dataclass(frozen=True)
class TimeParts:
    """Times taken apart, NaN where a value is no time.

    Parameters
    ----------
    days : numpy.ndarray, shape (n,)
        Days since 1970-01-01.
    seconds : numpy.ndarray, shape (n,)
        Seconds of the day, 86,400 and more in a leap second.
    scale : polars.Series
        The time scale that the value names; null if it names none, ``UTC`` if it has a zone.
    ambiguous : numpy.ndarray of bool, shape (n,)
        Whether it could be either of two days.
    """

    days: Floats
    seconds: Floats
    scale: pl.Series
    ambiguous: NDArray[np.bool_]


def split_times(texts: pl.Series, order: DateOrder | None = None) -> TimeParts:
    """Take texts of times apart.

    Parameters
    ----------
    texts : polars.Series
        Strings; blanks and NULs around them do not count.
    order : {"DMY", "MDY"}, optional
        Which of two numbers is the day, in ``05/06/1998``; without it such texts are ambiguous
        unless one number is beyond 12.
    """
    stripped = texts.str.strip_chars(PADDING)
    plain = stripped.str.contains(_PLAIN).fill_null(value=False)
    if not plain.any():
        return _split_by_form(stripped, order)
    found = _split_plain(stripped.filter(plain))
    if plain.all():
        return found
    others = _split_by_form(stripped.filter(~plain), order)
    return _merge(found, others, plain.to_numpy())


def split_datetimes(given: pl.Series) -> TimeParts:
    """Take datetimes apart, which name no scale.

    Parameters
    ----------
    given : polars.Series
        Datetimes of any unit; of those with a zone, what they are in UTC. Others than those of the
        years 1 to 9999 are none.
    """
    dtype = given.dtype
    if not isinstance(dtype, pl.Datetime):
        raise TypeError(f"{dtype} is no type of datetimes")
    in_a_second = _IN_A_SECOND[dtype.time_unit]
    ticks = given.to_physical().cast(pl.Float64).fill_null(np.nan).to_numpy()
    days = np.floor(ticks / (in_a_second * DAY))
    # No calendar has others, and erfa gives none back for some.
    days = np.where((days >= _FIRST_DAY) & (days <= _LAST_DAY), days, np.nan)
    seconds = (ticks - days * (in_a_second * DAY)) / in_a_second
    scale = pl.Series([None if dtype.time_zone is None else "UTC"], dtype=pl.String)
    return TimeParts(
        days, seconds, scale.new_from_index(0, len(given)), np.zeros(len(given), dtype=np.bool_)
    )


def _split_plain(texts: pl.Series) -> TimeParts:
    """Take texts of :data:`_PLAIN` apart, several times as quickly as by their form."""
    days = texts.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False).cast(pl.Int32)
    hour, minute = (texts.str.slice(start, 2).cast(pl.Float64) for start in (11, 14))
    seconds = texts.str.slice(17).str.strip_suffix("Z").cast(pl.Float64)
    return TimeParts(
        days.cast(pl.Float64).fill_null(np.nan).to_numpy(),
        ((hour * 60.0 + minute) * 60.0 + seconds).to_numpy(),
        texts.str.extract("(Z)$").replace("Z", "UTC"),
        np.zeros(len(texts), dtype=np.bool_),
    )


def _merge(plain: TimeParts, others: TimeParts, is_plain: NDArray[np.bool_]) -> TimeParts:
    """Bring the plain texts and the others into their order again."""
    place = np.argsort(np.concatenate([np.flatnonzero(is_plain), np.flatnonzero(~is_plain)]))
    return TimeParts(
        np.concatenate([plain.days, others.days])[place],
        np.concatenate([plain.seconds, others.seconds])[place],
        plain.scale.append(others.scale).gather(place),
        np.concatenate([plain.ambiguous, others.ambiguous])[place],
    )


def _split_by_form(texts: pl.Series, order: DateOrder | None) -> TimeParts:
    parts = _match_forms(_unwrap_extended_json(texts))
    parts = parts.with_columns(_sort_numbers(order)).with_columns(_century().alias("year"))
    frame = parts.select(
        days=_days(),
        minute=_minute_of_day(),
        seconds=_seconds(),
        offset=_offset(),
        scale=_scale(),
        ambiguous=pl.col("ambiguous").fill_null(value=False),
    )
    days, minute, seconds, offset = (
        frame[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        for name in ("days", "minute", "seconds", "offset")
    )
    total = minute - offset
    carried = np.floor(total / 1440.0)
    days, minute = days + carried, total - carried * 1440.0
    leap = (seconds >= 60.0) & ~(ends_with_leap_second(days) & (minute == 1439.0))
    return TimeParts(
        days,
        np.where(
            leap & (frame["scale"].fill_null("UTC") == "UTC").to_numpy(),
            np.nan,
            minute * 60.0 + seconds,
        ),
        frame["scale"],
        frame["ambiguous"].to_numpy(),
    )


def _unwrap_extended_json(texts: pl.Series) -> pl.Series:
    """Unwrap ``{"$date": ...}``; milliseconds inside become a text of a time."""
    if not texts.str.starts_with("{").any():
        return texts
    inner = texts.str.extract(EXTENDED_JSON, 1)
    ticks = inner.cast(pl.Int64, strict=False).cast(pl.Datetime("ms"))
    iso = ticks.dt.strftime("%Y-%m-%dT%H:%M:%S%.3f")
    return pl.select(pl.coalesce(pl.lit(iso), pl.lit(inner), pl.lit(texts))).to_series()


def _match_forms(texts: pl.Series) -> pl.DataFrame:
    """Split each text by the first form that fits it; the rest is tried with the next form."""
    rest = pl.DataFrame({"row": pl.int_range(len(texts), eager=True), "text": texts})
    rest = rest.filter(pl.col("text").is_not_null())
    found = [pl.DataFrame(schema={"row": pl.Int64, **dict.fromkeys(PARTS, pl.String)})]
    for form in FORMS:
        if not len(rest):
            break
        fits = rest["text"].str.contains(form)
        if fits.any():
            matched = rest.filter(fits)
            groups = matched["text"].str.extract_groups(form).struct.unnest()
            found.append(matched.select("row").hstack(groups))
            rest = rest.filter(~fits)
    parts = pl.concat(found, how="diagonal")
    rows = pl.DataFrame({"row": pl.int_range(len(texts), eager=True)})
    return rows.join(parts, on="row", how="left", maintain_order="left")


def _sort_numbers(order: DateOrder | None) -> list[pl.Expr]:
    """Say which of two numbers is the day: as declared, or as the only order that is possible."""
    first, other = (pl.col(name).cast(pl.Int32) for name in ("first", "other"))
    day_first = {
        "DMY": pl.lit(value=True),
        "MDY": pl.lit(value=False),
        None: pl.when(first > 12)
        .then(True)
        .when(other > 12)
        .then(False)
        .when(first == other)
        .then(True),
    }[order]
    day = pl.when(day_first).then(pl.col("first")).when(~day_first).then(pl.col("other"))
    month = pl.when(day_first).then(pl.col("other")).when(~day_first).then(pl.col("first"))
    return [
        pl.coalesce("day", day).alias("day"),
        pl.coalesce("month", month).alias("month"),
        (pl.col("first").is_not_null() & day_first.is_null()).alias("ambiguous"),
    ]


def _century() -> pl.Expr:
    short = pl.col("yy").cast(pl.Int32)
    century = (FIRST_TWO_DIGIT_YEAR // 100) * 100
    full = short + century + pl.when(short < FIRST_TWO_DIGIT_YEAR % 100).then(100).otherwise(0)
    fits = pl.lit("19") + pl.col("yy_fits")
    return pl.coalesce("year", full.cast(pl.String), fits)


def _days() -> pl.Expr:
    """Count days since 1970; a date that the calendar does not have, or the year 0, gives null."""
    named = pl.col("name").str.to_lowercase().replace_strict(MONTHS, default=None)
    month = pl.coalesce(pl.col("month").str.zfill(2), named)
    calendar = pl.concat_str("year", month, pl.col("day").str.zfill(2), separator="-")
    of_month = calendar.str.to_date("%Y-%m-%d", strict=False)
    of_year = pl.concat_str("year", "doy", separator="-").str.to_date("%Y-%j", strict=False)
    found = pl.coalesce(of_month, of_year)
    return pl.when(found.dt.year() >= 1).then(found.cast(pl.Int32))


def _minute_of_day() -> pl.Expr:
    """Count minutes; 24:00:00 is the midnight that ends the day."""
    minute = pl.col("minute").cast(pl.Int32).fill_null(0)
    hour = _hour()
    midnight = (hour == 24) & (minute == 0) & (_seconds() == 0.0) & pl.col("half").is_null()
    return pl.when(((hour < 24) & (minute < 60)) | midnight).then(hour * 60 + minute)


def _hour() -> pl.Expr:
    """Give the hour of the day; of a clock of twelve hours, 12 AM is midnight and 12 PM noon."""
    hour = pl.col("hour").cast(pl.Int32).fill_null(0)
    after_noon = pl.col("half").str.to_lowercase().str.starts_with("p")
    of_twelve = pl.when(hour.is_between(1, 12)).then(hour % 12 + 12 * after_noon.cast(pl.Int32))
    return pl.when(pl.col("half").is_null()).then(hour).otherwise(of_twelve)


def _seconds() -> pl.Expr:
    seconds = pl.col("second").str.replace(",", ".").cast(pl.Float64).fill_null(0.0)
    return pl.when(seconds < 61.0).then(seconds)


def _offset() -> pl.Expr:
    """Give the minutes by which a zone is ahead of UTC; null for one that no place has."""
    zone = pl.col("zone").str.extract_groups(
        r"^(?P<sign>[+-])(?P<hours>[0-9]{2}):?(?P<minutes>[0-9]{2})?"
    )
    hours, minutes = (
        zone.struct.field(name).cast(pl.Int32).fill_null(0) for name in ("hours", "minutes")
    )
    total = hours * 60 + minutes
    sign = pl.when(zone.struct.field("sign") == "-").then(-1).otherwise(1)
    return pl.when((minutes < 60) & (total <= _GREATEST_OFFSET)).then(sign * total)


def _scale() -> pl.Expr:
    """Name the scale that a text ends with; a zone is one of UTC."""
    zone = pl.col("zone")
    named = zone.replace_strict(SCALE_NAMES, default="UTC", return_dtype=pl.String)
    return pl.when(zone.is_not_null()).then(named)
