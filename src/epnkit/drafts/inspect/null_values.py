"""Values that stand for none, found by what fields hold beside them."""

from __future__ import annotations

import math
import re

import numpy as np
import polars as pl
from numpy.typing import NDArray

from epnkit.mapping.null_values import set_null_values

#: Texts that say that there is no value.
_TEXTS = frozenset(["n/a", "null", "unk", "nan", "-", "--", "---", "?"])

#: Numbers that no measurement has are that large: -1e31 of CDF, 1e32 of PDS.
_HUGE = 1e27

#: Numbers with fewer digits, such as 99, are values, unless all others have another sign.
_DIGITS = 3

#: The integers that a type's range ends with.
_ENDS = frozenset([-32768.0, -2147483648.0])


def find_null_values(records: pl.DataFrame) -> dict[str, tuple[float | str, ...]]:
    """Find the values that stand for none.

    Numbers do if they are of nines alone, as -999.99, or beyond all measurements, and lie apart
    from all others; texts if they are words for it (``N/A``).

    Parameters
    ----------
    records : polars.DataFrame
        Some records.

    Returns
    -------
    dict of str to tuple
        The values, by the names of the fields that have some.

    Examples
    --------
    >>> areas = pl.DataFrame({"area": [12, -999, 830, 55], "lat": [10.5, -3.0, -20.1, 9.9]})
    >>> find_null_values(areas)
    {'area': (-999,)}
    """
    found = {
        name: (*_find_texts(records[name]), *_find_numbers(records[name]))
        for name in records.columns
    }
    return {name: values for name, values in found.items() if values}


def _find_texts(values: pl.Series) -> list[str]:
    if values.dtype != pl.String:
        return []
    known = values.drop_nulls().str.strip_chars().unique()
    # A sign may be all that a field tells, such as a polarity.
    signs = {"-"} if known.is_in(["+"]).any() else set()
    return sorted(text for text in known if text.lower() in _TEXTS - signs)


def _find_numbers(values: pl.Series) -> list[float | int]:
    if not (values.dtype.is_numeric() or values.dtype == pl.String):
        return []
    words = {"x": tuple(_find_texts(values))}
    given = set_null_values(values.to_frame("x"), words)["x"].drop_nulls()
    read = given.cast(pl.Float64, strict=False)
    if read.null_count():
        return []
    numbers, found = read.to_numpy(), []
    while (filler := _find_filler(numbers)) is not None:
        found.append(_write(filler))
        numbers = numbers[numbers != filler]
    return found


def _find_filler(numbers: NDArray[np.float64]) -> float | None:
    """Return the least or the greatest number, if it is no measurement."""
    if not len(numbers):
        return None
    ends = (float(numbers.min()), float(numbers.max()))
    return next((each for each in ends if _is_filler(each, numbers)), None)


def _is_filler(value: float, numbers: NDArray[np.float64]) -> bool:
    digits = re.sub(r"[^0-9]", "", f"{value:.7g}") if math.isfinite(value) else ""
    huge = abs(value) >= _HUGE
    if not (set(digits) == {"9"} or huge or value in _ENDS):
        return False
    others = numbers[numbers != value]
    if not len(others):
        return value < 0 or huge
    least, greatest = others.min(), others.max()
    apart = min(abs(value - least), abs(value - greatest)) > greatest - least
    plain = apart and len(digits) >= _DIGITS
    if value < 0:
        return bool(value < least and (least >= 0 or plain))
    return bool((apart and huge) or (plain and (numbers == value).sum() > 1))


def _write(value: float) -> float | int:
    """Write a number as short as single precision holds it."""
    short = float(f"{value:.7g}")
    return int(short) if short.is_integer() and abs(short) < _HUGE else short
