"""Whether a load changed little of a table, by the ledger and PostgreSQL's own count."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from epnkit.dachs.cluster import Cluster
from epnkit.loading.grammar.vacuum import leave_out_vacuum
from epnkit.loading.state.schema import create_state_schema

#: A table of a thousand rows, plain or in two parts.
_PLAIN = "CREATE TABLE s.epn_core (n integer)"
_DIVIDED = """
    CREATE TABLE s.epn_core (n integer) PARTITION BY RANGE (n);
    CREATE TABLE s.low PARTITION OF s.epn_core FOR VALUES FROM (0) TO (500);
    CREATE TABLE s.high PARTITION OF s.epn_core FOR VALUES FROM (500) TO (2000);
"""
_FILL = "INSERT INTO s.epn_core SELECT generate_series(1, 1000)"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="epnkit-") as directory:
        made = Cluster(Path(directory) / "p", durable=False)
        made.start()
        with closing(made.connect()) as link:
            create_state_schema(link)
        yield made
        made.stop()


@pytest.fixture(params=[_PLAIN, _DIVIDED], ids=["plain", "divided"])
def link(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Any]:
    with closing(cluster.connect()) as link, link.cursor() as cursor:
        cursor.execute("TRUNCATE epnkit.runs CASCADE; CREATE SCHEMA s")
        cursor.execute(f"{request.param}; {_FILL}")
        yield link
        cursor.execute("DROP SCHEMA s CASCADE")


def _enter(link: Any, changed: int, state: str = "done", service: str = "s") -> None:
    with link.cursor() as cursor:
        cursor.execute(
            "INSERT INTO epnkit.runs (service, kind, state, ended, read, changed)"
            " VALUES (%s, 'load', %s, clock_timestamp(), %s, %s)",
            (service, state, changed, changed),
        )


def _is_left(link: Any) -> bool:
    table = SimpleNamespace(connection=link, tableName="s.epn_core")
    leave_out_vacuum(table, "s")
    return hasattr(table, "importFinished")


def _execute(link: Any, statement: str) -> None:
    with link.cursor() as cursor:
        cursor.execute(statement)


def test_changes_add_up_until_the_table_is_analysed(link: Any) -> None:
    _enter(link, 5)
    assert not _is_left(link)  # its rows were never counted
    _execute(link, "VACUUM ANALYZE s.epn_core")
    assert _is_left(link)
    _enter(link, 9)
    _enter(link, 1000, "failed")
    assert _is_left(link)
    _enter(link, 1)
    assert not _is_left(link)
    _execute(link, "ANALYZE s.epn_core")
    assert _is_left(link)


def test_what_was_never_counted_is_vacuumed(link: Any) -> None:
    """Neither rows, nor, after a crash that PostgreSQL's counts did not outlive, the changes."""
    assert not _is_left(link)
    _execute(link, "ANALYZE s.epn_core")
    _enter(link, 9)
    assert _is_left(link)
    _execute(link, "SELECT pg_stat_reset()")
    assert _is_left(link)  # the ledger has nine changes in all
    _enter(link, 1)
    assert not _is_left(link)


def test_runs_of_other_services_do_not_count(link: Any) -> None:
    _execute(link, "ANALYZE s.epn_core")
    _enter(link, 1000, service="t")
    assert _is_left(link)
