"""Steps that conversions share: what was given, what could be read, numbers in and out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

from epnkit.mapping.outcome import Outcome
from epnkit.times.texts import PADDING

#: Below this a float holds every whole number.
_LARGEST = 2.0**53


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
    if not (given.is_not_null() & values.is_null()).any():
        return Outcome.fine(values)
    if given.dtype == pl.String or isinstance(given.dtype, pl.List):
        absent = ~is_present(given)
        given = given.zip_with(~absent, given.clear(len(given))) if absent.any() else given
    return Outcome.checked(given, values, f"is not {what}")


def is_present(given: pl.Series) -> pl.Series:
    """Return where something was given: neither null, nor a blank text, nor an empty list."""
    if given.dtype == pl.String:
        return (given.str.strip_chars() != "").fill_null(value=False)
    if isinstance(given.dtype, pl.List):
        return (given.list.len() > 0).fill_null(value=False)
    return given.is_not_null()


def without_nan(given: pl.Series) -> pl.Series:
    """Return numbers with null for those that are none (NaN): nothing was given there."""
    return given.fill_nan(None) if given.dtype.is_float() else given


def only_value(given: pl.Series) -> pl.Series:
    """Return the values of lists of one, null for other lists; what is no list stays as it is."""
    if isinstance(given.dtype, pl.Array):
        given = given.arr.to_list()
    if not isinstance(given.dtype, pl.List):
        return given
    first = given.list.first()
    return first.set((given.list.len() != 1).fill_null(value=False), None).alias(given.name)


def as_texts(given: pl.Series) -> pl.Series:
    """Write values as texts; null for several values, bytes that are no UTF-8, and no number.

    Parameters
    ----------
    given : polars.Series
        Of any type: a source that gives numbers today may give a list of them tomorrow.

    Examples
    --------
    >>> as_texts(pl.Series([[7], [], [7, 8]])).to_list()
    ['7', None, None]
    """
    given = only_value(given)
    if given.dtype == pl.String:
        return given
    if given.dtype == pl.Binary:
        return pl.Series(given.name, [_decode(each) for each in given], dtype=pl.String)
    if isinstance(given.dtype, pl.Duration):
        return given.dt.to_string("iso")
    if given.dtype.is_float():
        given = given.set(~given.is_finite().fill_null(value=True), None)
    return given.cast(pl.String)


def as_times(given: pl.Series) -> pl.Series:
    """Make datetimes of dates, and texts of all else, as ``epnkit.times`` reads them.

    Examples
    --------
    >>> from datetime import date
    >>> as_times(pl.Series([date(2014, 5, 1)])).to_list()
    [datetime.datetime(2014, 5, 1, 0, 0)]
    """
    return given.cast(pl.Datetime("us") if given.dtype.is_temporal() else pl.String)


def _decode(value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None


def as_floats(given: pl.Series) -> pl.Series:
    """Read values as numbers; null if there is none, or several.

    Parameters
    ----------
    given : polars.Series
        Numbers, flags or texts of numbers, with blanks around them or not; a time is no number.

    Examples
    --------
    >>> as_floats(pl.Series([" 12.5 ", "12,5", None])).to_list()
    [12.5, None, None]
    """
    given = only_value(given)
    if given.dtype == pl.Binary:
        given = as_texts(given)
    if given.dtype == pl.String:
        given = given.str.strip_chars(PADDING)
    elif not (given.dtype.is_numeric() or given.dtype in (pl.Boolean, pl.Null)):
        return pl.Series(given.name, [None], dtype=pl.Float64).new_from_index(0, len(given))
    return given.cast(pl.Float64, strict=False)


def as_integers(given: pl.Series) -> pl.Series:
    """Read values as whole numbers; null if there is none, or one with a fraction.

    Examples
    --------
    >>> as_integers(pl.Series([3.0, 3.5])).to_list(), as_integers(pl.Series(["7 ", "x"])).to_list()
    ([3, None], [7, None])
    """
    given = only_value(given)
    if given.dtype.is_integer():
        return given.cast(pl.Int64, strict=False)
    floats = as_floats(given)
    fits = (floats == floats.floor()) & (floats.abs() < _LARGEST)
    rounded = floats.set(~fits.fill_null(value=True), None).cast(pl.Int64, strict=False)
    if given.dtype != pl.String:
        return rounded
    # Also those that a float cannot hold.
    whole = given.str.strip_chars(PADDING).cast(pl.Int64, strict=False)
    return whole.zip_with(whole.is_not_null(), rounded)


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
    floats = as_floats(values).fill_null(float("nan"))
    return np.asarray(floats.to_numpy(), dtype=np.float64)


def from_numbers(array: np.ndarray[tuple[int], np.dtype[np.float64]], name: str) -> pl.Series:
    """Return an array as a column, null if it isn't finite."""
    return pl.Series(name, np.where(np.isfinite(array), array, np.nan), nan_to_null=True)
