"""Refusals come back as they went, in their order."""

from __future__ import annotations

import polars as pl

from epnkit.loading.prepare.columns import REFUSAL
from epnkit.loading.state.refusals import Refusals


def make_batch(*keys: str) -> pl.DataFrame:
    return pl.DataFrame({"record_key": list(keys)}).select(
        pl.col(name) if name == "record_key" else pl.lit(None, dtype).alias(name)
        for name, dtype in REFUSAL.items()
    )


def test_they_come_back_in_their_order() -> None:
    refusals = Refusals()
    assert list(refusals) == []
    assert refusals.first == {}
    refusals.append(make_batch("a", "b"))
    refusals.append(make_batch())
    assert [len(each) for each in refusals] == [2]
    refusals.append(make_batch("c"))
    assert [key for each in refusals for key in each["record_key"]] == ["a", "b", "c"]
    assert refusals.first["record_key"] == "a"
