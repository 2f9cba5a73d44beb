"""Bringing what was made of records to the types of a table's columns, value by value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import polars as pl

from epnkit.mapping.outcome import Outcome
from epnkit.mapping.reading import (
    as_floats,
    as_integers,
    as_texts,
    first_reason,
    only_value,
    refuse_unread,
    without_nan,
)

#: The first time that a column of times may hold, and the last.
_FIRST, _LAST = dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999999)


def fit_type(outcome: Outcome, wanted: Any) -> Outcome:
    """Bring values to the type of their column.

    A source may give another type than the mapping was written for, because of one record: a list
    for a number, a text for a time. Such a record is refused, and no other.

    Parameters
    ----------
    outcome : Outcome
        Values of any type.
    wanted : polars.DataType
        The type of the column: String, Int64, Float64, or Datetime in microseconds.

    Returns
    -------
    Outcome
        Values of that type; null with a reason for what is none of it, an infinite number, or a
        time outside the years 1 to 9999.

    Examples
    --------
    >>> fit_type(Outcome.fine(pl.Series([[1.5], [1.5, 2.0]])), pl.Float64).values.to_list()
    [1.5, None]
    """
    given = outcome.values
    if given.dtype == wanted:
        return _refuse_special(outcome)
    convert, what = _CONVERSIONS[wanted]
    fitted = convert(given)
    reasons = first_reason(outcome, refuse_unread(without_nan(given), fitted, what))
    return _refuse_special(replace(outcome, values=fitted, reasons=reasons))


def _as_times(given: pl.Series) -> pl.Series:
    """Read texts as times; a number is none, because nothing says what it counts."""
    if isinstance(given.dtype, pl.Datetime | pl.Date):
        return given.cast(pl.Datetime("us"), strict=False)
    from epnkit.mapping.times import utc_time

    single = only_value(given)
    texts = as_texts(single)
    is_text = isinstance(single.dtype, pl.String | pl.Binary)
    return utc_time(texts if is_text else texts.clear(len(texts))).values


def _refuse_special(outcome: Outcome) -> Outcome:
    """Refuse infinite numbers and times that are none of any year; no number (NaN) is null."""
    values = outcome.values
    if isinstance(values.dtype, pl.Datetime):
        within = values.is_between(_FIRST, _LAST)
        what = "a time of the years 1 to 9999"
    elif values.dtype.is_float():
        within, what = values.is_finite(), "a finite number"
    else:
        return outcome
    if within.all():
        return outcome
    kept = values.set(~within.fill_null(value=True), None)
    reasons = first_reason(outcome, refuse_unread(without_nan(values), kept, what))
    return replace(outcome, values=kept, reasons=reasons)


#: How values of another type are read for a column of each type, and what those are not that fail.
_CONVERSIONS: dict[Any, tuple[Callable[[pl.Series], pl.Series], str]] = {
    pl.String: (as_texts, "one text"),
    pl.Int64: (as_integers, "a whole number"),
    pl.Float64: (as_floats, "a number"),
    pl.Datetime("us"): (_as_times, "a time"),
}
