"""Values that stand for none: found in a sample, declared in the draft, null in the granules."""

from __future__ import annotations

import polars as pl
import pytest

from epnkit.drafts.inspect.null_values import find_null_values
from epnkit.mapping.declare import Mapping
from epnkit.mapping.null_values import set_null_values


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([10.2, -999.99, 41.0], (-999.99,)),
        ([12, 2500, -999, 3], (-999,)),
        ([-78.2, -21.4, -999.99], (-999.99,)),
        ([1.0, -1e31, 2.0], (-1e31,)),
        ([1, 3, -32768], (-32768,)),
        (["10.5", "-999.9", "N/A", "7"], ("N/A", -999.9)),
        (["UNK", "HRSC"], ("UNK",)),
        ([9999.0, 3.0, 5.0, 9999.0], (9999,)),
        ([-99, 5, 9], (-99,)),
        ([-999, -999], (-999,)),
        ([3.0, -999.9, 9999.9, 9999.9, 4.0], (-999.9, 9999.9)),
        # Measurements.
        ([9999.0, 9000.0, 12.0], None),
        ([-99.0, -98.0, 20.0], None),
        ([99, 1, 3, 99], None),
        ([1.0, 2.0, 9999.0], None),
        (["-", "+"], None),
        (["a", "b"], None),
        ([True, False], None),
        ([None, None], None),
    ],
)
def test_what_stands_for_none(values: list[object], found: tuple[object, ...] | None) -> None:
    assert find_null_values(pl.DataFrame({"x": values})).get("x") == found


def test_single_precision_is_written_short() -> None:
    records = pl.DataFrame({"x": pl.Series([1.5, -999.99, 3.0], dtype=pl.Float32)})
    found = find_null_values(records)
    assert found == {"x": (-999.99,)}
    assert set_null_values(records, found)["x"].to_list() == [1.5, None, 3.0]


def test_a_mapping_makes_nothing_of_them() -> None:
    mapping = Mapping(
        {"phase_min": pl.col("phase").cast(pl.Float64), "target_name": pl.col("target")},
        null_values={"phase": -999.99, "target": ("N/A", "UNK")},
    )
    records = pl.DataFrame({"phase": ["12.5", "-999.990"], "target": ["N/A", "Mars"]})
    assert mapping.apply(records).granules.rows() == [(12.5, None), (None, "Mars")]


def test_a_field_that_the_source_does_not_have_is_missed() -> None:
    assert "emission" in Mapping({"target_name": "Mars"}, null_values={"emission": -999}).fields
