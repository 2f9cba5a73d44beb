"""Numbers that went through single precision on their way."""

from __future__ import annotations

import numpy as np
import polars as pl

from epnkit.mapping.outcome import Outcome
from epnkit.mapping.reading import as_floats, refuse_unread, without_nan


def round_to_single_precision(given: pl.Series) -> Outcome:
    """Return back the decimal that was meant by a number of single precision.

    A FLOAT column or a CDF file that holds 676.8 hands out 676.7999877929688: a number that
    single precision holds exactly becomes the shortest decimal that it stands for. One that it
    does not hold, so one that was never single, stays as it is.

    Parameters
    ----------
    given : polars.Series
        Numbers, or texts of numbers; null stays null, and whole numbers stay what they are.

    Returns
    -------
    Outcome
        Numbers, and the reason if something is none.

    Examples
    --------
    >>> round_to_single_precision(pl.Series([676.7999877929688, 0.1])).values.to_list()
    [676.8, 0.1]
    """
    values = as_floats(given)
    read = refuse_unread(without_nan(given), values, "a number")
    if given.dtype.is_integer():
        return read
    array = values.fill_null(np.nan).to_numpy()
    with np.errstate(over="ignore"):
        single = array.astype(np.float32)
    held = single.astype(np.float64) == array
    shortest = single[held].astype("U").astype(np.float64)
    cleaned = array.copy()
    cleaned[held] = shortest
    return Outcome(pl.Series(given.name, cleaned).fill_nan(None), read.reasons)


#: Its name in services that were written for epnkit 0.1.
without_single_noise = round_to_single_precision
