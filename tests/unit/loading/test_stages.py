"""What a batch of records becomes, stage by stage."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import polars as pl
import pytest

from epnkit.errors import ConfigurationError
from epnkit.loading.prepare.columns import DIGEST
from epnkit.loading.prepare.packing import unpack
from epnkit.loading.prepare.preparation import Preparation, PreparedBatch
from epnkit.loading.request import Request
from epnkit.loading.table.loaded_records import can_skip_unchanged
from epnkit.mapping import Fold, Mapping
from epnkit.service import Embargo, Service
from epnkit.sources.base import SOURCE_DIGEST, UNREADABLE

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


def make_service(**columns: Any) -> Service:
    mapping = Mapping({str(name): value for name, value in (COLUMNS | columns).items()})
    return Service("spots", frame="body", mapping=mapping, key=("id",))


def prepare(records: pl.DataFrame, **columns: Any) -> list[tuple[Any, ...]]:
    """Give rule, field and reason of each refusal."""
    found = Preparation(make_service(**columns)).prepare(records)
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


class Loaded:
    """What a table is said to hold: key, digest and number of granules of each record."""

    def __init__(self, *rows: tuple[str, int, int]) -> None:
        self.rows = rows

    def find(self, _: pl.Series) -> pl.DataFrame:
        schema = {"key": pl.String, "digest": pl.Int64, "granules": pl.Int64}
        return pl.DataFrame(self.rows, schema=schema, orient="row")


@pytest.mark.parametrize(
    ("rows", "mapped", "unchanged", "extra"),
    [
        ([], ["1", "2", "3"], 0, 0),
        ([("2", 12, 1)], ["1", "3"], 1, 0),
        ([("2", 12, 4), ("3", 99, 1)], ["1", "3"], 4, 3),
        ([("1", 11, 1), ("2", 12, 1), ("3", 13, 2)], [], 4, 1),
        # The digest of another record.
        ([("1", 12, 1), ("2", 11, 1)], ["1", "2", "3"], 0, 0),
    ],
)
def test_what_is_loaded_and_unchanged_is_not_mapped_and_counts(
    rows: list[tuple[str, int, int]], mapped: list[str], unchanged: int, extra: int
) -> None:
    records = pl.DataFrame({"id": [1, 2, 3], SOURCE_DIGEST: [11, 12, 13]})
    service = make_service(processing_level=3)
    found = Preparation(service, find_loaded=Loaded(*rows).find).prepare(records)
    assert found.batch.keys == mapped
    assert len(found.granules) == len(mapped)
    counts = found.counts
    assert (counts.read, counts.unchanged, counts.extra) == (3, unchanged, extra)
    # What the loader counts of the granules that it gets.
    counts.loaded += len(found.granules)
    assert counts.balanced
    assert PreparedBatch.from_bytes(found.to_bytes()).counts == counts


def test_all_records_with_one_key_are_mapped_if_one_has_changed() -> None:
    records = pl.DataFrame({"id": [1, 1, 2, 2], SOURCE_DIGEST: [10, 11, 20, 20]})
    find = Loaded(("1", 11, 1), ("2", 20, 1)).find
    found = Preparation(make_service(processing_level=3), find_loaded=find).prepare(records)
    assert found.batch.keys == ["1", "1"]
    assert unpack(found.batch.content)["id"].to_list() == [1, 1]
    assert found.counts.unchanged == 2


def test_a_record_without_a_digest_is_mapped() -> None:
    records = pl.DataFrame(
        {"id": [1], SOURCE_DIGEST: [None]}, schema_overrides={SOURCE_DIGEST: pl.Int64}
    )
    service = make_service(processing_level=3)
    for given in (records, records.drop(SOURCE_DIGEST)):
        found = Preparation(service, find_loaded=Loaded(("1", 0, 1)).find).prepare(given)
        assert found.batch.keys == ["1"]


def digest_of(records: pl.DataFrame, service: Service | None = None) -> dict[int, int | None]:
    """Give the digest of each record, by its id."""
    made = Preparation(service or make_service(processing_level=3)).prepare(records)
    assert SOURCE_DIGEST not in unpack(made.batch.content).columns
    return {
        int(key): digest for key, digest in made.granules.select("epnkit_key", DIGEST).iter_rows()
    }


def test_epnkit_hashes_what_the_source_does_not() -> None:
    records = pl.DataFrame({"id": [1, 2, 3], "name": ["a", "b", None], "tags": [["x"], [], None]})
    all_of_them = digest_of(records)
    assert len({*all_of_them.values()}) == 3
    assert None not in all_of_them.values()
    for given in (records[1:], records.select("tags", "id", "name"), records[::-1]):
        assert digest_of(given).items() <= all_of_them.items()
    unreadable = pl.Series(UNREADABLE, [None, "name: no text", None])
    noted = digest_of(records.with_columns(unreadable))
    assert [key for key in noted if noted[key] != all_of_them[key]] == [2]
    changed = digest_of(records.with_columns(name=pl.Series(["a", "c", ""])))
    assert [key for key in changed if changed[key] != all_of_them[key]] == [2, 3]


def test_what_epnkit_hashed_is_not_mapped_again_either() -> None:
    records = pl.DataFrame({"id": [1, 2], "name": ["a", "b"]})
    rows = [(str(key), digest, 1) for key, digest in digest_of(records).items() if digest]
    service = make_service(processing_level=3)
    again = records.with_columns(name=pl.Series(["a", "B"]))
    found = Preparation(service, find_loaded=Loaded(*rows).find).prepare(again)
    assert (found.batch.keys, found.counts.unchanged) == (["2"], 1)
    assert unpack(found.batch.content).equals(again[1:])


def test_no_digest_for_what_depends_on_more_than_a_record() -> None:
    records = pl.DataFrame({"id": [1, 1], "name": ["a", "b"]})
    columns: dict[Any, Any] = {**COLUMNS, "processing_level": 3}
    folded = Mapping(columns, fold=Fold(by=("id",), collect=("name",)))
    service = replace(make_service(), mapping=folded)
    assert digest_of(records, service) == {1: None}
    embargoed = replace(
        make_service(processing_level=3), embargo=Embargo(until=pl.lit("2000-01-01"))
    )
    assert digest_of(records[:1], embargoed) == {1: None}


@dataclass
class OfKind:
    """A source that is asked only for what it says of its digests; the rest ends a test."""

    compared_by: str

    def __getattr__(self, name: str) -> Any:
        if name == "digests_cover_records":
            raise AttributeError(name)
        return pytest.fail


@dataclass
class Covering(OfKind):
    digests_cover_records: bool = True


@pytest.mark.parametrize(
    ("source", "expected"),
    [(OfKind("key"), True), (OfKind("digest"), False), (Covering("digest"), True)],
)
def test_digests_that_cover_less_than_a_record_are_not_trusted(source: Any, expected: bool) -> None:
    service = make_service()
    assert can_skip_unchanged(service, source, Request()) == expected
    assert not can_skip_unchanged(service, source, Request(full=True))


@pytest.mark.parametrize(
    ("ids", "expected"), [([1, 2, 3, 4], [1, 3, 2, 4]), ([1, 2, 3, 3], [1, 2, 3, 3])]
)
def test_granules_are_clustered_unless_their_order_tells_which_stays(
    ids: list[int], expected: list[int]
) -> None:
    columns = {"granule_gid": pl.col("channel"), "processing_level": 3}
    service = replace(make_service(**columns), cluster=("granule_gid",))
    records = pl.DataFrame({"id": ids, "channel": ["a", "b", "a", "b"]})
    made = Preparation(service).prepare(records).granules
    assert made["granule_uid"].to_list() == [f"spot_{number}" for number in expected]


def test_a_cluster_of_a_column_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="clustered by chanel, which is no column"):
        replace(make_service(), cluster=("chanel",))
