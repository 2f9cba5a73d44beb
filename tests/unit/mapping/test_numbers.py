"""Single precision leaves its marks, and they are taken off."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from epnkit.mapping.numbers import round_to_single_precision


def test_the_decimal_that_was_meant_comes_back() -> None:
    noisy = [float(np.float32(value)) for value in (676.8, 6.173e-7, 0.01, 44.0)]
    assert noisy[0] != 676.8
    meant = round_to_single_precision(pl.Series(noisy)).values.to_list()
    assert meant == [676.8, 6.173e-7, 0.01, 44.0]


def test_nulls_and_numbers_that_were_never_single_stay() -> None:
    values = [None, 676.8, 0.1 + 0.2, float("inf")]
    assert round_to_single_precision(pl.Series(values)).values.to_list() == values


@given(st.lists(st.floats(width=32, allow_nan=False)))
def test_nothing_moves_by_more_than_single_precision(values: list[float]) -> None:
    found = round_to_single_precision(pl.Series(values, dtype=pl.Float64)).values.to_numpy()
    assert np.array_equal(found.astype(np.float32), np.array(values, np.float32))
