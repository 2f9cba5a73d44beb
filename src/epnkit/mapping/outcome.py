"""What a conversion gives: the values, and for each that could not be read, the reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

_MILLISECONDS_OF_DAY = 86_400_000

#: Polars fails to write dates more than 262,000 years from the year 0.
_WRITABLE_DAYS = 250_000 * 365


@dataclass(frozen=True)
class Outcome:
    """The values of one column of granules.

    Parameters
    ----------
    values : polars.Series
        A value a record; null if the record has none, or if it could not be read.
    reasons : polars.Series
        A String series of the same length: null if all is well, and else why not.
    rule : int, optional
        The rule of EPN-TAP that the refused values break.
    """

    values: pl.Series
    reasons: pl.Series
    rule: int | None = None

    @classmethod
    def fine(cls, values: pl.Series) -> Outcome:
        """Return values of which none is refused."""
        return cls(
            values, pl.Series(values.name, [None], dtype=pl.String).new_from_index(0, len(values))
        )

    @classmethod
    def checked(cls, given: pl.Series, values: pl.Series, complaint: str) -> Outcome:
        """Refuse what was given and came out null.

        Parameters
        ----------
        given, values : polars.Series
            What the records hold, and what was read from it.
        complaint : str
            What the value is not, such as ``"is not a time"``; the value is put before it.

        Examples
        --------
        >>> given, values = pl.Series(["1", "x"]), pl.Series([1, None])
        >>> Outcome.checked(given, values, "is not a number").reasons.to_list()
        [None, "'x' is not a number"]
        """
        lost = given.is_not_null() & values.is_null()
        if not lost.any():
            return cls.fine(values)
        text = pl.Series([f"{value} {complaint}" for value in represent(given.filter(lost))])
        reasons = pl.Series(values.name, [None], dtype=pl.String).new_from_index(0, len(values))
        return cls(values, reasons.scatter(lost.arg_true(), text))


def represent(values: pl.Series) -> list[str]:
    """Write values for a message; Python has no dates beyond the year 9999, so they stay texts."""
    if isinstance(values.dtype, pl.Datetime | pl.Date):
        days = values.cast(pl.Datetime("ms")).to_physical() // _MILLISECONDS_OF_DAY
        near = days.abs() < _WRITABLE_DAYS
        texts = values.set(~near, None).cast(pl.String)
        return texts.fill_null("a time that is too far to be written").to_list()
    if values.dtype == pl.Time:
        return values.cast(pl.String).to_list()
    values = values.arr.to_list() if isinstance(values.dtype, pl.Array) else values
    return [repr(value)[:80] for value in values.to_list()]


#: A conversion of fields to one column of granules, or to several: a series, an outcome, or a
#: dictionary, tuple or dataclass of them.
Conversion = Callable[..., Any]
