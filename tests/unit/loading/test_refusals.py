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


def test_reasons_that_are_alike_count_together_and_the_first_is_named() -> None:
    reasons = [("c1min", f"'x{n}' is no position") for n in range(3)]
    reasons += [("level", "it has no value"), *((f"f{n}", "it is odd") for n in range(4))]
    batch = make_batch(*(f"k{n}" for n in range(len(reasons)))).with_columns(
        field=pl.Series([field for field, _ in reasons]),
        reason=pl.Series([reason for _, reason in reasons]),
    )
    refusals = Refusals()
    refusals.append(batch)
    said = refusals.count_reasons().split("; ")
    assert said[0] == "3 c1min: is no position"
    assert said[1] == "1 level: it has no value"
    assert said[-2:] == ["2 reasons more", "the first is k0: 'x0' is no position"]
    assert len(list(refusals)) == 1
