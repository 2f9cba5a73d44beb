"""Angles with minutes and seconds: ``18:36:56.3``, ``+38 47 01``, ``18h36m56.3s``."""

from __future__ import annotations

import polars as pl

from epnkit.mapping.outcome import Outcome
from epnkit.mapping.reading import as_texts

#: Sign, degrees or hours, minutes and seconds.
SEXAGESIMAL = (
    r"^\s*([-+]?)([0-9]{1,3})(?:[:\s]+|\s*[hd°]\s*)([0-9]{1,2})"
    r"(?:(?:[:\s]+|\s*['m′]\s*)([0-9]{1,2}(?:[.,][0-9]*)?))?\s*(?:''|[\"s″])?\s*$"
)

#: Degrees in an hour of right ascension.
_DEGREES = 15.0


def sexagesimal(given: pl.Series, *, hours: bool = False) -> Outcome:
    """Read angles that are written with minutes, and seconds or none, as degrees.

    Parameters
    ----------
    given : polars.Series
        Texts, with a decimal point or comma in the seconds. Blank ones are no angles.
    hours : bool
        Whether what stands before the minutes are hours of right ascension, and not degrees.

    Examples
    --------
    >>> sexagesimal(pl.Series(["-00:30:00", "38 47 01,5"])).values.round(4).to_list()
    [-0.5, 38.7838]
    >>> sexagesimal(pl.Series(["18 36", "x"]), hours=True).reasons.to_list()
    [None, "'x' is no angle with minutes"]
    """
    texts = as_texts(given)
    parts = texts.str.extract_groups(SEXAGESIMAL).struct.unnest()
    sign, *others = parts.get_columns()
    whole, minutes, seconds = (
        part.str.replace(",", ".", literal=True).cast(pl.Float64) for part in others
    )
    angles = whole + minutes / 60.0 + seconds.fill_null(0.0) / 3600.0
    signed = angles.zip_with((sign != "-").fill_null(value=True), -angles)
    made = (signed * _DEGREES if hours else signed).alias(given.name)
    asked = texts.set((texts.str.strip_chars() == "").fill_null(value=False), None)
    return Outcome.checked(asked, made, "is no angle with minutes")
