"""Identifiers of granules: safe in a URL, unique, and cut from times without rounding."""

from __future__ import annotations

import hashlib
import re

import polars as pl

from epnkit.mapping.outcome import Outcome
from epnkit.mapping.reading import as_texts, first_reason, is_present, map_distinct, refuse_unread
from epnkit.mapping.texts import ascii_of

#: Date and time of day in a text, with any marks or none between their figures.
_STAMP = (
    r"^\s*(?P<year>[0-9]{4})[-/.]?(?P<month>[0-9]{2})[-/.]?(?P<day>[0-9]{2})"
    r"(?:[T _]?(?P<hour>[0-9]{2}):?(?P<minute>[0-9]{2})(?::?(?P<second>[0-9]{2}))?)?"
)

#: Identifiers that are safe as they are.
_SAFE = r"^[._~-]*[A-Za-z0-9][A-Za-z0-9._~-]*$"


def compact_time(given: pl.Series) -> Outcome:
    """Cut ``YYYYMMDD_HHMMSS`` from times; fractions of a second are cut off, never rounded.

    Parameters
    ----------
    given : polars.Series
        Texts of times, datetimes or dates. A zone is not looked at.

    Examples
    --------
    >>> compact_time(pl.Series(["2012-05-01T07:46:59.9", "20120501"])).values.to_list()
    ['20120501_074659', '20120501_000000']
    """
    if isinstance(given.dtype, pl.Datetime | pl.Date):
        made = given.cast(pl.Datetime("us")).dt.strftime("%Y%m%d_%H%M%S")
        return refuse_unread(given, made, "a time")
    parts = as_texts(given).str.extract_groups(_STAMP).struct.unnest()
    day = parts["year"] + parts["month"] + parts["day"]
    clock = (parts[name].fill_null("00") for name in ("hour", "minute", "second"))
    hour, minute, second = clock
    return refuse_unread(given, day + "_" + hour + minute + second, "a time")


def safe(given: pl.Series, *, distinct: bool = False) -> Outcome:
    """Make identifiers that need no escape in a URL.

    Letters lose their accents, blanks become ``_``, and everything else that a URL would escape
    becomes ``-``; the case is kept, because ``mk`` and ``mK`` differ.

    Parameters
    ----------
    given : polars.Series
        Identifiers as the source has them.
    distinct : bool
        Whether two that differ may not become the same: a changed one then ends with eight
        figures of its hash, the same in every run.

    Returns
    -------
    Outcome
        Strings, and the reason if nothing is left of one.

    Examples
    --------
    >>> safe(pl.Series(["Nançay 1/2"])).values.to_list()
    ['Nancay_1-2']
    """
    texts = as_texts(given)
    kept = texts.str.contains(_SAFE).fill_null(value=False)
    changed = map_distinct(texts.set(kept, None), lambda text: _make_safe(text, distinct))
    made = texts.zip_with(kept, changed)
    return refuse_unread(given, made, "an identifier: no letter or figure is in it")


def without_ending(given: pl.Series) -> Outcome:
    """Make identifiers of the names of files: the ending goes, and that of a compression.

    Parameters
    ----------
    given : polars.Series
        Names or paths; a dot within the stem stays.

    Examples
    --------
    >>> without_ending(pl.Series(["rad_v1.2.fits.gz"])).values.to_list()
    ['rad_v1.2']
    """
    written = as_texts(given)
    bare = written.str.replace(r"(?i)\.(gz|bz2|z|xz)$", "")
    made = safe(bare.str.replace(r"\.[A-Za-z][A-Za-z0-9]{0,4}$", ""))
    return Outcome(made.values, first_reason(made, refuse_unread(given, written, "one text")))


def last_part(given: pl.Series) -> pl.Series:
    """Return the name of a file alone, of its path or its address.

    Examples
    --------
    >>> last_part(pl.Series(["https://host.example/2012/a.fits?x=1"])).to_list()
    ['a.fits']
    """
    return as_texts(given).str.extract(r"([^/?#]+)/?(?:[?#].*)?$", 1)


def identifier(*parts: pl.Series, separator: str = "_") -> Outcome:
    """Join the parts of an identifier, and make it safe.

    Parameters
    ----------
    *parts : polars.Series
        Columns; an identifier needs all of them.
    separator : str
        What stands between them.

    Examples
    --------
    >>> identifier(pl.Series(["ar", "ar"]), pl.Series([12, None])).values.to_list()
    ['ar_12', None]
    """
    columns = [as_texts(part).alias(str(number)) for number, part in enumerate(parts)]
    whole = pl.DataFrame(columns).select(pl.concat_str(pl.all(), separator=separator)).to_series()
    missing = ~_are_all_present(columns)
    found = safe(whole.set(missing, None))
    reasons = found.reasons.set(missing, "a part of the identifier is missing")
    return Outcome(found.values, reasons)


def refuse_duplicates(identifiers: pl.Series) -> Outcome:
    """Keep the first of each identifier, and give the others a reason."""
    again = identifiers.is_not_null() & ~identifiers.is_first_distinct()
    return Outcome.checked(identifiers, identifiers.set(again, None), "is another granule's name")


def _are_all_present(columns: list[pl.Series]) -> pl.Series:
    return (
        pl.DataFrame([is_present(column).alias(column.name) for column in columns])
        .select(pl.all_horizontal(pl.all()))
        .to_series()
    )


def _make_safe(text: str, distinct: bool) -> str | None:
    plain = re.sub(r"\s+", "_", ascii_of(text.strip()))
    plain = re.sub(r"[^A-Za-z0-9._~-]+", "-", plain)
    if not re.search(r"[A-Za-z0-9]", plain):
        return None
    if plain == text or not distinct:
        return plain
    return f"{plain}-{hashlib.blake2s(text.encode(), digest_size=4).hexdigest()}"


#: Their names in services that were written for epnkit 0.1.
joined, stamp = identifier, compact_time
