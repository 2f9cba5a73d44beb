"""Granules copied in other forms: what the table gets is what PostgreSQL reads from text."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from epnkit.dachs.cluster import Cluster
from epnkit.dachs.pgsphere import create_pgsphere
from epnkit.loading.prepare.columns import TRACKING_COLUMNS
from epnkit.loading.table.target import Target
from epnkit.loading.table.validated_polygons import SAMPLES, install_polygon_functions

#: MOCs of which granules have one each.
MOCS = ("0/1 3 1/8 21", "3/81 84-85", "4/321 333 2/1")

_TABLES = """
    CREATE SCHEMA s;
    CREATE TABLE s.epn_core (granule_uid text, coverage smoc, s_region spoly);
    CREATE TABLE epnkit.granules_s (granule_uid text, epnkit_key text, epnkit_digest bigint,
        epnkit_links text, epnkit_content uuid);
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Run a PostgreSQL with pgsphere, the functions for polygons."""
    with tempfile.TemporaryDirectory(prefix="epnkit-") as directory:
        cluster = Cluster(Path(directory) / "p", durable=False)
        cluster.start()
        try:
            with closing(cluster.connect(autocommit=False)) as opened:
                create_pgsphere(opened)
                opened.autocommit = True
                with opened.cursor() as cursor:
                    cursor.execute("CREATE ROLE gavoadmin")
                    install_polygon_functions(opened)
            yield cluster
        finally:
            cluster.stop()


@pytest.fixture
def target(cluster: Cluster) -> Iterator[Target]:
    """Give a new table, in a transaction that is rolled back."""
    with closing(cluster.connect(autocommit=False)) as opened:
        with opened.cursor() as cursor:
            cursor.execute(_TABLES)
        columns = ("granule_uid", "coverage", "s_region")
        yield Target(opened, "s", "epn_core", columns, validated_columns=("s_region",))


def _make(count: int, coverages: list[str | None], regions: list[str | None]) -> pl.DataFrame:
    numbers = range(count)
    made = pl.DataFrame(
        {
            "granule_uid": [f"u{number}" for number in numbers],
            "coverage": [coverages[number % len(coverages)] for number in numbers],
            "s_region": [regions[number % len(regions)] for number in numbers],
        },
        schema={"granule_uid": pl.String, "coverage": pl.String, "s_region": pl.String},
    )
    zero = "00000000-0000-0000-0000-000000000000"
    values = {"text": pl.lit(""), "bigint": pl.lit(0), "uuid": pl.lit(zero)}
    return made.with_columns(values[kind].alias(n) for n, kind in TRACKING_COLUMNS.items())


@pytest.mark.parametrize(
    ("coverages", "regions"),
    [
        ([*MOCS, None], [*SAMPLES, None]),
        ([*MOCS, None], [None]),
        ([None], [None]),
        ([f"5/{number}" for number in range(100)], [*SAMPLES]),
        (
            [f"5/{number}" for number in range(100)],
            [f"{{({n}d,1d),({n + 1}d,1d),({n}d,2d)}}" for n in range(100)],
        ),
    ],
)
@pytest.mark.parametrize("validated", [True, False])
def test_the_table_gets_the_values_of_the_text_in_their_order(
    target: Target, coverages: list[str | None], regions: list[str | None], validated: bool
) -> None:
    if not validated:
        target = replace(target, validated_columns=())
    granules = _make(100, coverages, regions)
    for some in (granules[:60], granules[60:]):  # the second finds the tables of the first
        target.copy_direct(some)
    found = target.query("SELECT granule_uid, coverage::text, s_region::text FROM s.epn_core")
    written = granules.select("granule_uid", "coverage", "s_region").rows()
    read = [target.query("SELECT %s, %s::smoc::text, %s::spoly::text", row)[0] for row in written]
    assert found == read


def test_of_shared_values_the_bad_one_costs_its_own_granules_only(target: Target) -> None:
    granules = _make(40, [*MOCS, "3/nothing"], [None])
    copied, refused = target.copy_accepted(granules, direct=True)
    assert copied == 30
    assert [number for number, _ in refused] == [*range(3, 40, 4)]
    assert all("MOC" in reason for _, reason in refused), refused
    (count,) = target.query("SELECT count(*) FROM s.epn_core WHERE coverage IS NULL")[0]
    assert count == 0


def test_more_batches_take_no_more_locks(target: Target) -> None:
    counts: list[int] = []
    for _ in range(4):
        target.copy_accepted(_make(40, [*MOCS], [*SAMPLES[:2]]), direct=True)
        counts += target.query("SELECT count(*) FROM pg_locks WHERE locktype = 'relation'")[0]
    assert len({*counts[1:]}) == 1, counts
