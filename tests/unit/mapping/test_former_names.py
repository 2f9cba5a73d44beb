"""Services that were written for epnkit 0.1: their words still mean what they did."""

from __future__ import annotations

import polars as pl
import pytest

from epnkit import mapping

FORMER = {
    "contour": "chain_code_footprint",
    "identified": "file_identifier",
    "joined": "identifier",
    "of": "compute",
    "stamp": "compact_time",
    "without_single_noise": "round_to_single_precision",
}


@pytest.mark.parametrize("former", FORMER)
def test_a_function_is_found_by_its_former_name(former: str) -> None:
    assert getattr(mapping, former) is getattr(mapping, FORMER[former])
    assert former not in mapping.__all__


def test_columns_of_ones_own_may_be_called_extra() -> None:
    records = pl.DataFrame({"id": ["a"], "n": [3]})
    columns: dict[str | tuple[str, ...], object] = {
        "granule_uid": pl.col("id"),
        "pixels": pl.col("n"),
        "colour": "red",
    }
    declared = mapping.Mapping(columns, extra={"pixels": "integer", "colour": "text"})
    both = mapping.Mapping(columns, {"pixels": "integer"}, extra={"colour": "text"})
    assert declared.own_columns == both.own_columns == {"pixels": "integer", "colour": "text"}
    assert declared.apply(records).granules.rows() == [("a", 3, "red")]
