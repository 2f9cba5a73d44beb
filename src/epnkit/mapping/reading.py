"""Steps that conversions share: what was given, what could be read, numbers in and out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

from epnkit.mapping.outcome import Outcome


def refuse_unread(given: pl.Series, values: pl.Series, what: str) -> Outcome:
    """Make the outcome in which whatever was given and has no value could not be read.

    Parameters
    ----------
    given : polars.Series
        What was to be read; null and blank texts count as nothing given.
    values : polars.Series
        What was read; null if nothing was.
    what : str
        What it should have been, with its article: ``a time``.
    """
    return Outcome.checked(
        pl.Series(given.name, given).set(~is_present(given), None)
        if given.dtype == pl.String
        else given,
        values,
        f"is not {what}",
    )


def is_present(given: pl.Series) -> pl.Series:
    """Return where something was given: neither null nor a blank text."""
    if given.dtype == pl.String:
        return (given.str.strip_chars() != "").fill_null(value=False)
    return given.is_not_null()


def first_reason(*outcomes: Outcome) -> pl.Series:
    """Return each record's first reason among several outcomes."""
    reasons = [outcome.reasons for outcome in outcomes]
    return pl.select(pl.coalesce(*(pl.lit(r) for r in reasons)).alias("reason")).to_series()


def map_distinct(given: pl.Series, convert: Callable[[str], str | None]) -> pl.Series:
    """Convert texts one by one, each different one once.

    Parameters
    ----------
    given : polars.Series
        Strings.
    convert : callable
        From one text to another, or to None.
    """
    different = given.drop_nulls().unique(maintain_order=True)
    made = pl.Series([convert(text) for text in different], dtype=pl.String)
    return given.replace_strict(different, made, default=None, return_dtype=pl.String)


def numbers(values: pl.Series) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return numbers as an array, NaN if there is none."""
    floats = values.cast(pl.Float64, strict=False).fill_null(float("nan"))
    return np.asarray(floats.to_numpy(), dtype=np.float64)


def from_numbers(array: np.ndarray[tuple[int], np.dtype[np.float64]], name: str) -> pl.Series:
    """Return an array as a column, null if it isn't finite."""
    return pl.Series(name, np.where(np.isfinite(array), array, np.nan), nan_to_null=True)
