"""The parts of a load in several processes: made, filled, broken off and taken away."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import polars as pl
import psycopg2
import pytest

from epnkit.dachs.cluster import Cluster
from epnkit.deploy import state
from epnkit.errors import LoadError
from epnkit.loading.grammar.rollback import RollbackOnError
from epnkit.loading.prepare.columns import KEY, REFUSAL
from epnkit.loading.prepare.counts import Counts
from epnkit.loading.prepare.packing import PackedBatch
from epnkit.loading.prepare.preparation import PreparedBatch
from epnkit.loading.state import ledger
from epnkit.loading.state.schema import create_state_schema
from epnkit.loading.table import parallel_copy as parts
from epnkit.loading.table.parallel_copy import ParallelCopy
from epnkit.loading.table.target import Target

LEFT = "SELECT count(*) FROM pg_tables WHERE tablename LIKE 'part!_%' ESCAPE '!'"

GRANULES = pl.DataFrame(
    {
        "granule_uid": ["a", "b", "c"],
        "must": ["1", None, "2"],
        "epnkit_key": ["a", "b", "c"],
        "epnkit_digest": pl.Series([None] * 3, dtype=pl.Int64),
        "epnkit_links": ["{}"] * 3,
        "epnkit_content": ["00000000-0000-0000-0000-000000000001"] * 3,
    }
)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="epnkit-") as directory:
        made = Cluster(Path(directory) / "p", durable=False)
        made.start()
        yield made
        made.stop()


@pytest.fixture
def own(cluster: Cluster) -> Iterator[Any]:
    """Give a connection that commits by itself, to a table that nothing was loaded into."""
    with closing(cluster.connect()) as link:
        with link.cursor() as cursor:
            cursor.execute(
                "DROP SCHEMA IF EXISTS epnkit CASCADE; DROP SCHEMA IF EXISTS thing CASCADE;"
                "CREATE SCHEMA thing;"
                "CREATE TABLE thing.epn_core (granule_uid text NOT NULL, must text NOT NULL)"
            )
        create_state_schema(link)
        yield link


@pytest.fixture
def target(cluster: Cluster, own: Any) -> Iterator[Target]:
    with closing(cluster.connect(autocommit=False)) as link:
        made = Target(link, "thing", "epn_core", ("granule_uid", "must"))
        made.open_tracking(new_table=True)
        made.make_staging()
        yield made


def count_left(own: Any) -> int:
    with own.cursor() as cursor:
        cursor.execute(LEFT)
        return int(cursor.fetchone()[0])


def test_a_part_refuses_what_the_table_refuses(cluster: Cluster, target: Target) -> None:
    batch = PreparedBatch(
        GRANULES,
        pl.DataFrame(schema=REFUSAL),
        Counts(read=3),
        PackedBatch.of(GRANULES[KEY], GRANULES),
    )
    with ParallelCopy(target, partial(cluster.connect, autocommit=False), 2) as made:
        ((_, copied, refused),) = made.copy(iter([batch]))
        made.merge_into_staging()
    assert (copied, [number for number, _ in refused]) == (2, [1])
    assert target.query("SELECT granule_uid FROM epnkit_staging ORDER BY 1") == [("a",), ("c",)]


def test_parts_that_do_not_all_open_leave_no_connection(cluster: Cluster, target: Target) -> None:
    opened: list[Any] = []

    def connect() -> Any:
        if len(opened) == 2:
            raise psycopg2.OperationalError("FATAL: too many connections")
        opened.append(cluster.connect(autocommit=False))
        return opened[-1]

    with pytest.raises(psycopg2.OperationalError), ParallelCopy(target, connect, 3):
        pass
    assert [bool(each.closed) for each in opened] == [True, True]


#: In a process of its own, since DaCHS changes the locale of the one that imports it.
REFUSED = """
from gavo import base
from epnkit.loading.grammar import common
def refuse(profile):
    raise base.ReportableError("sorry, too many clients already")
base.getDBConnection = refuse
common.open_part_connection()
"""


def test_too_many_connections_are_told_with_a_cure() -> None:
    done = subprocess.run([sys.executable, "-c", REFUSED], capture_output=True, text=True)
    said = "LoadError.*too many clients already.*--jobs.*max_connections"
    assert re.search(said, done.stderr), done.stderr


def test_who_holds_a_part_is_told(cluster: Cluster, target: Target, own: Any) -> None:
    with ParallelCopy(target, partial(cluster.connect, autocommit=False), 1):
        pass
    with closing(cluster.connect(autocommit=False)) as orphan:
        orphan.cursor().execute("INSERT INTO epnkit.part_thing_0 (must, granule_uid) VALUES (1, 2)")
        pid = orphan.info.backend_pid
        with pytest.raises(LoadError, match=rf"pg_terminate_backend\({pid}\)"):
            parts.drop_parts(own, "thing", lock_timeout="50ms")
    parts.drop_parts(own, "thing")
    assert count_left(own) == 0


def test_a_load_that_fails_leaves_no_part(cluster: Cluster, target: Target, own: Any) -> None:
    run = ledger.Run(1, "thing", own)
    undoing = RollbackOnError(target.connection, run)
    with ParallelCopy(target, partial(cluster.connect, autocommit=False), 2) as made:
        made.merge_into_staging()
    assert count_left(own) == 2  # they are gone in the transaction that took over alone
    undoing.__exit__(LoadError, LoadError("nothing came", cure="Wait."), None)
    assert count_left(own) == 0


def test_removing_a_service_removes_its_parts(cluster: Cluster, target: Target, own: Any) -> None:
    with ParallelCopy(target, partial(cluster.connect, autocommit=False), 2):
        pass
    target.connection.rollback()
    with own.cursor() as cursor:
        cursor.execute("CREATE SCHEMA IF NOT EXISTS dc; CREATE TABLE dc.rdmeta (sourcerd text)")
        cursor.execute(
            "INSERT INTO epnkit.runs (service, kind, state) VALUES ('other', 'load', 'done')"
        )
    instance = SimpleNamespace(connect=lambda: closing(cluster.connect()))
    state.remove_state(cast(Any, instance), "thing")
    assert count_left(own) == 0
