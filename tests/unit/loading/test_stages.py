"""What a batch of records becomes, stage by stage."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from epnkit.loading.prepare.preparation import Preparation
from epnkit.mapping import Mapping
from epnkit.service import Service

#: A mapping that every rule accepts, but for what a test adds.
COLUMNS: dict[str, Any] = {
    "granule_uid": pl.format("spot_{}", pl.col("id")),
    "granule_gid": "sunspot",
    "obs_id": pl.format("image_{}", pl.col("id")),
    "dataproduct_type": "im",
    "target_name": "Sun",
    "target_class": "star",
    "time_min": 2450000.5,
    "time_max": 2450000.5,
}


def prepare(records: pl.DataFrame, **columns: Any) -> list[tuple[Any, ...]]:
    """Give rule, field and reason of each refusal."""
    mapping = Mapping({str(name): value for name, value in (COLUMNS | columns).items()})
    service = Service("spots", frame="body", mapping=mapping, key=("id",))
    found = Preparation(service).prepare(records)
    assert len(found.granules) + len(found.refusals) == len(records)
    return found.refusals.select("rule", "field", "reason").rows()


#: DaCHS's mixin declares processing_level as required, beyond the ten of EPN-TAP 2.0, section 3.
NO_LEVEL = (None, "processing_level", "it has no value, and the tables of DaCHS require one")


@pytest.mark.parametrize("columns", [{}, {"processing_level": pl.col("level")}])
def test_a_level_that_dachs_requires_is_missed_before_the_database(columns: dict[str, Any]) -> None:
    records = pl.DataFrame(
        {"id": [1, 2], "level": [None, None]}, schema_overrides={"level": pl.Int32}
    )
    assert prepare(records, **columns) == [NO_LEVEL, NO_LEVEL]


def test_a_level_that_some_records_have() -> None:
    records = pl.DataFrame({"id": [1, 2, 3], "level": [3, None, 5]})
    assert prepare(records, processing_level=pl.col("level")) == [NO_LEVEL]
