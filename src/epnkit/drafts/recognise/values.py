"""What the values of a field may be: times, addresses, media types, units."""

from __future__ import annotations

from typing import Literal

import polars as pl

from epnkit.drafts.inspect.sample import Field
from epnkit.mapping.durations import ISO_DURATION
from epnkit.mapping.spectral import unit_of
from epnkit.mapping.times import Numbers, julian_date
from epnkit.times import DateOrder

#: How great a share of the values has to be of a kind.
SHARE = 0.95

#: What is more than the half.
_MOSTLY = 0.5

#: The endings of files that hold data, and of pictures.
_DATA_FILE = (
    r"(?i)\.(fits?|fts|cdf|asdf|nc|h5|hdf5?|xml|vot|csv|dat|sav|lbl|img|tab)(\.(gz|bz2|Z))?$"
)
#: How paths are written, and names of any files.
_PATH = r"^(\.{0,2}/|[^/\s]+/[^/\s]*/)|^\S*\.[A-Za-z][A-Za-z0-9]{1,3}$"
_PICTURE = r"(?i)\.(png|jpe?g|gif|svg|webp|tiff?)$"

#: Between what bounds numbers are times, per form: the years 1800 to 2100.
_BOUNDS: dict[Numbers, tuple[float, float]] = {
    "julian_date": (2378496.0, 2488070.0),
    "modified_julian_date": (-21504.0, 88069.0),
    "unix_seconds": (1e8, 4.2e9),
    "unix_milliseconds": (1e11, 4.2e12),
}


#: The modified Julian dates of the years 1970 to 2058: fractions of days between them are times.
_RECENT = (40587.0, 73000.0)

#: How texts of times begin.
_DATED = (
    r"^(\{|\d{4}[-/. :_]?\d{2}|\d{2}/\d{2}/\d{2}|\d{7,14}|\d{1,2}[- ][A-Za-z]|\d{4}[- ][A-Za-z]{3}"
    r"|[A-Z][a-z]{2,8}\.? \d{1,2},? \d{4})"
)

#: Dates of which the year is last.
_YEAR_LAST = r"^(\d{1,2})[/.](\d{1,2})[/.](\d{4})\b"

#: Such dates without a time of day.
_DAY_LAST = r"^\d{1,2}[/.]\d{1,2}[/.]\d{4}$"

#: Times of day; in some countries seconds have a comma.
_TIME_OF_DAY = r"^\d{1,2}:\d{2}(:\d{2}([.,]\d*)?)?$"

#: The months of a year.
_MONTHS = 12

#: Words of names of clocks that count from another epoch than Unix's, or that nothing tells of.
OTHER_EPOCHS = ("gps", "tai", "et", "ephemeris", "j2000", "sclk", "met", "tt")

#: Names whose unit ObsCore gives: modified Julian dates.
OBSCORE = frozenset(["t_min", "t_max"])


def share_matching(texts: pl.Series, pattern: str) -> float:
    """Return how great a share of texts fits a pattern."""
    return float(texts.str.contains(pattern).mean() or 0.0) if len(texts) else 0.0  # type: ignore[arg-type]


def are_addresses(field: Field) -> bool:
    """Return whether the values are URLs."""
    return share_matching(field.texts, r"^(https?|ftp)://\S+$") >= SHARE


def are_pictures(field: Field) -> bool:
    """Return whether the values name pictures."""
    return share_matching(field.texts, _PICTURE) >= SHARE


def are_data_files(field: Field) -> bool:
    """Return whether the values name files of data."""
    return share_matching(field.texts, _DATA_FILE) >= SHARE


def are_paths(field: Field) -> bool:
    """Return whether most values are paths, or names of files of whatever kind."""
    return share_matching(field.texts, _PATH) > _MOSTLY


def are_media_types(field: Field) -> bool:
    """Return whether the values are media types."""
    return (
        share_matching(field.texts, r"^(application|image|video|text|audio)/[a-z0-9.+-]+(;.*)?$")
        >= SHARE
    )


def are_spectral_units(field: Field) -> bool:
    """Return whether the values are units of wavelength, frequency or energy."""
    values = field.given.cast(pl.String, strict=False).drop_nulls().unique()
    return len(values) > 0 and all(unit_of(value) is not None for value in values)


def are_times_of_day(field: Field) -> bool:
    """Return whether the values are times of day without a date."""
    clock = isinstance(field.given.dtype, pl.Time | pl.Duration)  # MySQL's are durations
    return clock or share_matching(field.texts, _TIME_OF_DAY) >= SHARE


def are_days(field: Field) -> bool:
    """Return whether the values are dates without a time of day."""
    day = (
        r"^(\d{4}[-/.]?\d{2}[-/.]?\d{2}|\d{1,2}[- ][A-Za-z]{3,9}[- ]\d{4}"
        r"|\d{4}[- ][A-Za-z]{3,9}[- ]\d{1,2}|[A-Za-z]{3,9}\.? \d{1,2},? \d{4})$"
    )
    return field.given.dtype == pl.Date or share_matching(field.texts, day) >= SHARE


def time_form(field: Field) -> Literal["text"] | Numbers | None:
    """Return the form in which the values are times, text (and datetimes) or numbers; else None."""
    given = field.given
    if given.dtype.is_temporal() and not are_times_of_day(field):
        return "text"
    if given.dtype == pl.String and _are_texts_of_times(field):
        return "text"
    return _form_of_numbers(field) if len(field.numbers) else None


def _are_texts_of_times(field: Field) -> bool:
    dated = share_matching(field.texts, _DATED) >= SHARE
    if not dated:
        return False
    read = julian_date(field.texts).values
    return read.null_count() <= (1 - SHARE) * len(read)


def _form_of_numbers(field: Field) -> Numbers | None:
    low, high = field.numbers.min(), field.numbers.max()
    if low is None or high is None:
        return None
    fits = [form for form, (a, b) in _BOUNDS.items() if a <= low and high <= b]  # type: ignore[operator]
    named = set(field.words)
    if named & {*OTHER_EPOCHS}:
        fits = [form for form in fits if not form.startswith("unix")]
    if "modified_julian_date" in fits:
        real = field.given.dtype.is_float() or bool((field.numbers % 1.0 != 0.0).any())
        likely = real and _RECENT[0] <= low and high <= _RECENT[1]  # type: ignore[operator]
        known = "mjd" in named or field.name.lower() in OBSCORE or likely
        return "modified_julian_date" if known else None
    return fits[0] if fits else None


def find_date_order(field: Field) -> DateOrder | None:
    """Return whether dates such as 25/03/2001 begin with the day or the month; None if unknown.

    A number above 12 somewhere shows it.
    """
    if not len(field.texts) or share_matching(field.texts, _YEAR_LAST) < SHARE:
        return None
    first, second = (
        field.texts.str.extract(_YEAR_LAST, part).cast(pl.Int64, strict=False) for part in (1, 2)
    )
    days = [bool((part > _MONTHS).any()) for part in (first, second)]
    return {(True, False): "DMY", (False, True): "MDY"}.get((days[0], days[1]))  # type: ignore[return-value]


def are_ordered_days(field: Field) -> bool:
    """Return whether the values are dates such as 25/03/2001, of which the order is known."""
    return find_date_order(field) is not None and share_matching(field.texts, _DAY_LAST) >= SHARE


def are_durations(field: Field) -> bool:
    """Return whether values are durations in ISO 8601: ``PT3M12S``."""
    return len(field.texts) > 0 and share_matching(field.texts, ISO_DURATION) == 1.0
