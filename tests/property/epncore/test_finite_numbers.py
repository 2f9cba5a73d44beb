"""Random numbers: what is not finite is null or refused, in every column of numbers."""

from __future__ import annotations

import math

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from epnkit.epncore.columns import COLUMNS
from epnkit.mapping.declare import Mapping, compute

NUMBERS = [c.name for c in COLUMNS.values() if c.epn_type in {"double", "float", "integer"}]
ODD = st.sampled_from([math.inf, -math.inf, math.nan, 1e308, -0.0])


@settings(max_examples=300)
@given(st.sampled_from(NUMBERS), st.lists(st.floats() | ODD | st.none(), max_size=20))
def test_numbers_are_finite(name: str, numbers: list[float | None]) -> None:
    records = pl.DataFrame({"x": numbers}, schema={"x": pl.Float64})
    texts = records.select(pl.col("x").cast(pl.String))
    for given_, value in (
        (records, pl.col("x")),
        (texts, pl.col("x")),
        (records, compute(_same, "x")),
    ):
        mapped = Mapping({name: value, "flow": value}, own_columns={"flow": "double"}).apply(given_)
        assert all(n is None or math.isfinite(n) for n in mapped.granules[name])
        assert all(n is None or math.isfinite(n) for n in mapped.granules["flow"])
        refused = {*mapped.refusals["record"]}
        infinite = {k for k, n in enumerate(numbers) if n is not None and math.isinf(n)}
        assert infinite <= refused
        if COLUMNS[name].epn_type != "integer":
            assert refused == infinite


def _same(values: pl.Series) -> pl.Series:
    return values
