"""A value that does not fit the type of its field is named, and its record is kept."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import pytest

from epnkit.sources.base import UNREADABLE
from epnkit.sources.values.documents import build_frame, infer_types

TYPES: dict[str, pl.DataType] = {
    "i": pl.Int64(),
    "x": pl.Float64(),
    "d": pl.Datetime("us"),
    "l": pl.List(pl.Int64()),
}


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("i", "7", 7),
        ("i", 7.0, 7),
        ("i", [7], 7),
        ("i", "1_000", None),
        ("i", "٣", None),
        ("i", 7.5, None),
        ("i", 2**63, None),
        ("i", float("inf"), None),
        ("x", "1e3", 1000.0),
        ("x", "1_0.5", None),
        ("x", "1,5", None),
        ("x", [1.5, 2.5], None),
        ("d", "2014-05-06T07:08:09Z", dt.datetime(2014, 5, 6, 7, 8, 9)),
        ("d", "06-May-2014 07:08:09", dt.datetime(2014, 5, 6, 7, 8, 9)),
        ("d", "2014-05-06+02:00", None),
        ("d", "2014-W19-2", None),
        ("d", "9999-12-31T23:59:59.9999999", None),
        ("d", 20140506, None),
        ("l", 3, [3]),
        ("l", [[3]], None),
    ],
)
def test_a_later_value_is_of_the_field_s_type_or_named(
    field: str, value: Any, expected: object
) -> None:
    frame = build_frame([{field: value}, {}], TYPES, "documents")
    found = frame[field].to_list()
    assert found == [expected, None]
    if expected is None:
        assert frame[UNREADABLE][0].startswith(f"{field}: ")
    else:
        assert UNREADABLE not in frame.columns


def test_one_odd_value_changes_no_other() -> None:
    documents: list[dict[str, Any]] = [{"a": 1}, {"a": 2.5}, {"a": None}, {"a": "x"}, {"a": [1]}]
    assert infer_types(documents[:3]) == {"a": pl.Float64()}
    assert infer_types(documents[:4]) == {"a": pl.String()}
    frame = build_frame(documents[:4], infer_types(documents[:4]), "documents")
    assert frame["a"].to_list() == ["1", "2.5", None, "x"]
