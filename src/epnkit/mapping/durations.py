"""Durations as texts: ISO 8601, as SPASE and HAPI have them."""

from __future__ import annotations

import polars as pl

from epnkit.mapping.outcome import Outcome
from epnkit.mapping.reading import as_texts

#: A duration of parts that are always as long: weeks, days, hours, minutes, seconds (ISO 8601-1,
#: section 5.5.2); months and years are not.
ISO_DURATION = (
    r"^P(?:(?P<weeks>[0-9]+(?:[.,][0-9]+)?)W)?(?:(?P<days>[0-9]+(?:[.,][0-9]+)?)D)?"
    r"(?:T(?:(?P<hours>[0-9]+(?:[.,][0-9]+)?)H)?(?:(?P<minutes>[0-9]+(?:[.,][0-9]+)?)M)?"
    r"(?:(?P<seconds>[0-9]+(?:[.,][0-9]+)?)S)?)?$"
)

#: The parts, in seconds.
_SECONDS = {"weeks": 604800.0, "days": 86400.0, "hours": 3600.0, "minutes": 60.0, "seconds": 1.0}


def duration_seconds(given: pl.Series) -> Outcome:
    """Read durations in ISO 8601 as seconds.

    Parameters
    ----------
    given : polars.Series
        Texts such as ``PT4S``, ``PT3M12.5S``, ``P1DT12H``.

    Returns
    -------
    Outcome
        Seconds, and the reason if a text is no duration, or has months or years, which differ in
        length.

    Examples
    --------
    >>> made = duration_seconds(pl.Series(["PT3M12S", "P1D", "P1M", None]))
    >>> made.values.to_list(), made.reasons.to_list()[2]
    ([192.0, 86400.0, None, None], "'P1M' is no duration in ISO 8601 of days, hours or seconds")
    """
    texts = as_texts(given).str.strip_chars()
    parts = texts.str.extract_groups(ISO_DURATION).struct.unnest()
    each = [
        parts[name].str.replace(",", ".").cast(pl.Float64) * seconds
        for name, seconds in _SECONDS.items()
    ]
    total = pl.select(pl.sum_horizontal(each)).to_series()
    known = parts.select(pl.any_horizontal(pl.all().is_not_null())).to_series()
    asked = texts.set((texts == "").fill_null(value=False), None)
    values = pl.select(pl.when(known).then(total)).to_series()
    what = "is no duration in ISO 8601 of days, hours or seconds"
    return Outcome.checked(asked, values, what)
