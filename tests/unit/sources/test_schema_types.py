"""A schema names types so that they are found again."""

from __future__ import annotations

import polars as pl
import pytest

from epnkit.sources.sql.column_types import SqlColumn, build_frame, parse_type

TYPES: list[pl.DataType] = [
    pl.Boolean(),
    pl.Int64(),
    pl.Float64(),
    pl.String(),
    pl.Date(),
    pl.Time(),
    pl.Datetime("us"),
    pl.Duration("us"),
    pl.Binary(),
]


@pytest.mark.parametrize(
    "dtype", [*TYPES, *map(pl.List, TYPES), pl.List(pl.List(pl.Int64()))], ids=str
)
def test_a_named_type_is_the_type(dtype: pl.DataType) -> None:
    assert parse_type(str(dtype)) == dtype


def test_a_record_with_a_list_becomes_a_row_of_its_type() -> None:
    columns = [SqlColumn("targets", parse_type("List(String)"))]
    assert build_frame([(["Io", "Jupiter"],)], columns)["targets"].to_list() == [["Io", "Jupiter"]]
