"""Which of several granules of one uid stays: the same by every way into the table.

The rule stands in SQL three times: for granules that wait to be merged, for those that were copied
straight into a new table, and for those of a dry run, which wait in a file of SQLite.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import polars as pl
import pytest
from tests.support.plain_table import COLUMNS, create_table

from epnkit.dachs.cluster import Cluster
from epnkit.loading.prepare.counts import Counts
from epnkit.loading.spool import Spool
from epnkit.loading.table.merge import merge, read_refused, remove_repeated
from epnkit.loading.table.target import Target

#: Granules in the order of the source: uid, the record's key, and what they hold.
Granules = list[tuple[str, str, str]]


@dataclass(frozen=True)
class Outcome:
    """What became of granules.

    Parameters
    ----------
    left : set of (str, str, str)
        Those that stay, as in :data:`Granules`.
    repeated : int
        How many were repetitions.
    refused : set of (str, str, bool)
        The others: uid, key, and whether it is that of the granule that stays.
    """

    left: set[tuple[str, str, str]]
    repeated: int = 0
    refused: frozenset[tuple[str, str, bool]] = frozenset()


CASES: dict[str, tuple[Granules, Outcome]] = {
    "none twice": ([("a", "1", "x"), ("b", "2", "x")], Outcome({("a", "1", "x"), ("b", "2", "x")})),
    "a repetition": ([("a", "1", "x"), ("a", "1", "x")], Outcome({("a", "1", "x")}, 1)),
    "a later version": (
        [("a", "1", "old"), ("a", "1", "new")],
        Outcome({("a", "1", "new")}, 0, frozenset({("a", "1", True)})),
    ),
    "back to an earlier version": (
        [("a", "1", "x"), ("a", "1", "y"), ("a", "1", "x")],
        Outcome({("a", "1", "x")}, 1, frozenset({("a", "1", True)})),
    ),
    "another record": (
        [("a", "1", "x"), ("a", "2", "y")],
        Outcome({("a", "1", "x")}, 0, frozenset({("a", "2", False)})),
    ),
    "another record with the same content": (
        [("a", "1", "x"), ("a", "2", "x")],
        Outcome({("a", "1", "x")}, 1),
    ),
    "another record between two versions": (
        [("a", "1", "old"), ("a", "2", "y"), ("a", "1", "new"), ("b", "3", "z")],
        Outcome(
            {("a", "1", "new"), ("b", "3", "z")},
            0,
            frozenset({("a", "1", True), ("a", "2", False)}),
        ),
    ),
    "another record with the content of the later version": (
        [("a", "1", "old"), ("a", "2", "new"), ("a", "1", "new")],
        Outcome({("a", "1", "new")}, 1, frozenset({("a", "1", True)})),
    ),
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="epnkit-") as directory:
        made = Cluster(Path(directory) / "p", durable=False)
        made.start()
        yield made
        made.stop()


@pytest.fixture
def target(cluster: Cluster) -> Iterator[Target]:
    """Give an empty table without indices, and its empty tracking table."""
    with closing(cluster.connect(autocommit=False)) as connection:
        made = Target(connection, "thing", "epn_core", tuple(COLUMNS))
        made.execute("CREATE SCHEMA thing; CREATE SCHEMA IF NOT EXISTS epnkit")
        made.execute(create_table("thing").replace(" PRIMARY KEY", ""))
        made.open_tracking(new_table=True)
        yield made
        connection.rollback()


def build(granules: Granules) -> pl.DataFrame:
    """Build granules as a batch holds them; what they hold is their type of product."""
    uids, keys, contents = zip(*granules, strict=True)
    hashed = [uuid5(NAMESPACE_OID, text).hex for text in contents]
    return pl.DataFrame(
        {
            "granule_uid": uids,
            "granule_gid": "thing",
            "obs_id": "thing",
            "dataproduct_type": contents,
            "epnkit_key": keys,
            "epnkit_digest": pl.Series([None] * len(uids), dtype=pl.Int64),
            "epnkit_links": "[]",
            "epnkit_content": hashed,
        }
    )


def read_outcome(target: Target, repeated: int) -> Outcome:
    rows = target.query(
        "SELECT granule_uid, epnkit_key, dataproduct_type"
        " FROM {table} JOIN {tracking} USING (granule_uid)"
    )
    refused: set[Any] = set()
    for some in read_refused(target):
        refused |= {(uid, key, own) for uid, key, _, own in some}
    assert len(rows) == target.query("SELECT count(*) FROM {table}")[0][0]
    return Outcome({*rows}, repeated, frozenset(refused))


def merge_staged(target: Target, granules: pl.DataFrame) -> Outcome:
    target.index_tracking()
    target.make_staging()
    target.copy_staged(granules)
    counts = Counts()
    merge(target, counts, kept=(), modified=None, gone=())
    return read_outcome(target, counts.repeated)


def copy_direct(target: Target, granules: pl.DataFrame) -> Outcome:
    target.copy_direct(granules)
    counts = Counts(loaded=len(granules))
    remove_repeated(target, counts)
    found = read_outcome(target, counts.repeated)
    assert counts.loaded == len(found.left)
    return found


def spool(target: Target, granules: pl.DataFrame) -> Outcome:
    contents = {uuid5(NAMESPACE_OID, text).hex: text for text in granules["dataproduct_type"]}
    with tempfile.TemporaryDirectory() as directory, Spool(directory) as spooled:
        spooled.add(granules)
        repeated, others = spooled.remove_repeated()
        refused = {(uid, key, own) for some in others for uid, key, _, own in some}
        left = {(row[1], row[2], contents[row[3]]) for rows in spooled.chunks(2) for row in rows}
    return Outcome(left, repeated, frozenset(refused))


@pytest.mark.parametrize("way", [merge_staged, copy_direct, spool])
@pytest.mark.parametrize("case", CASES)
def test_the_same_granule_stays_by_every_way(
    target: Target, case: str, way: Callable[[Target, pl.DataFrame], Outcome]
) -> None:
    granules, expected = CASES[case]
    assert way(target, build(granules)) == expected


def test_no_texts_are_an_empty_list_even_if_an_adapter_writes_null(target: Target) -> None:
    assert target.query("SELECT {texts}", (None,)) == [([],)]
    assert target.query("SELECT NOT 'a' = ANY({texts})", ([],)) == [(True,)]
