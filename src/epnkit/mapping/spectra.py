"""What every dynamic spectrum in a file has: its times and its frequencies."""

from __future__ import annotations

from typing import Any

import polars as pl

from epnkit.mapping.declare import compute
from epnkit.mapping.named_times import observed_interval
from epnkit.mapping.numbers import round_to_single_precision
from epnkit.mapping.spectral import hertz_limits

#: The value of a column that a mapping declares: a field's name, or an expression.
Given = str | pl.Expr


def dynamic_spectrum(
    *,
    first: Given = "epoch_first",
    last: Given = "epoch_last",
    lowest: Given = "Frequency.min",
    highest: Given = "Frequency.max",
    unit: Given = "Frequency.unit",
) -> dict[str | tuple[str, ...], Any]:
    """Declare type, times and frequencies of a dynamic spectrum, for a mapping.

    Parameters
    ----------
    first, last : str or polars.Expr
        The first and the last time in the file; by default those of a CDF file. What the file does
        not hold is taken from its name; if they disagree, the record is refused.
    lowest, highest : str or polars.Expr
        The ends of its frequencies, in any order; by default those of a CDF file's variable
        ``Frequency``. Single precision leaves no trace.
    unit : str or polars.Expr
        Their unit.

    Examples
    --------
    >>> [name for name in dynamic_spectrum() if isinstance(name, str)]
    ['dataproduct_type']
    """
    ends = [compute(round_to_single_precision, end) for end in (lowest, highest)]
    return {
        "dataproduct_type": "ds",
        ("time_min", "time_max"): compute(observed_interval, first, last, "file_name"),
        ("spectral_range_min", "spectral_range_max"): compute(hertz_limits, *ends, unit),
    }
