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
from epnkit.loading.grammar.vacuum import leave_vacuum
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


def _enter(link: Any, changed: int, state: str = "done") -> None:
    with link.cursor() as cursor:
        cursor.execute(
            "INSERT INTO epnkit.runs (service, kind, state, ended, read, changed)"
            " VALUES ('s', 'load', %s, clock_timestamp(), %s, %s)",
            (state, changed, changed),
        )


def _is_left(link: Any) -> bool:
    table = SimpleNamespace(connection=link, tableName="s.epn_core")
    leave_vacuum(table, "s")
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


@pytest.mark.parametrize("option", ["autovacuum_enabled = off", "fillfactor = 70"])
def test_nothing_is_left_to_an_autovacuum_that_is_off(link: Any, option: str) -> None:
    _execute(link, "ANALYZE s.epn_core")
    assert _is_left(link)
    _execute(
        link,
        "DO $$ DECLARE part regclass; BEGIN FOR part IN SELECT oid FROM pg_class"
        " WHERE relnamespace = 's'::regnamespace AND relkind = 'r' LOOP"
        f" EXECUTE format('ALTER TABLE %s SET ({option})', part); END LOOP; END $$",
    )
    assert _is_left(link) == option.startswith("fill")


def test_of_two_sources_of_an_import_the_sum_counts(link: Any) -> None:
    _execute(link, "ANALYZE s.epn_core")
    table = SimpleNamespace(connection=link, tableName="s.epn_core")
    for changed, left in ((6, True), (6, False), (0, False)):
        _enter(link, changed)
        leave_vacuum(table, "s")
        assert hasattr(table, "importFinished") == left
