"""Loads that must not lose what they did not read, one by one, on a real PostgreSQL."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import polars as pl
import pytest
from tests.property.loading import test_any_history as histories
from tests.property.loading.test_any_history import History
from tests.support.plain_table import COLUMNS

from epnkit.errors import LoadError
from epnkit.loading.dry_run import DryRun, DryRunResult
from epnkit.loading.load import Load
from epnkit.loading.prepare.preparation import Preparation
from epnkit.loading.request import Request
from epnkit.loading.state.declarations import hash_declaration
from epnkit.loading.table.target import Target
from epnkit.sources import open_source

database = histories.database
history = histories.history


def put(history: History, *names: str) -> None:
    for day, name in enumerate(names, start=1):
        history.put(f"2003-01-{day:02d}T00:00:00", name)


def query_one(history: History, query: str) -> object:
    with closing(history.cluster.connect()) as link, link.cursor() as cursor:
        cursor.execute(query)
        (row,) = cursor.fetchall()
        return row[0]


WAITING = "SELECT count(*) FROM epnkit.quarantine WHERE resolved IS NULL"


def test_a_part_of_a_full_load_deletes_nothing(history: History) -> None:
    put(history, "a", "b", "c", "d")
    assert history.run(Load, Request())
    assert history.run(Load, Request(full=True, limit=2))
    assert len(history.table()) == 4


def test_a_part_does_not_move_the_cursor(history: History) -> None:
    put(history, *"abcdefgh")
    assert history.run(Load, Request(limit=2))
    history.write("UPDATE thing SET changed = '2003-01-01T00:00:00' WHERE id = 8")
    assert history.run(Load, Request())
    assert len(history.table()) == 8


def test_what_is_read_again_is_not_gone(history: History) -> None:
    put(history, "a", "b")
    assert history.run(Load, Request())
    assert history.run(Load, Request(keys=("1",), gone=("1",), reconcile=True))
    assert len(history.table()) == 2


def test_a_first_load_that_succeeds_at_last_settles_the_quarantine(history: History) -> None:
    history.service = replace(history.service, refuse_share=0.2)
    put(history, "bad", "bad", "c")
    history.write("UPDATE thing SET seen = 'no date' WHERE name = 'bad'")
    with pytest.raises(LoadError, match="2 of 3 records are refused"):
        history.run(Load, Request())
    assert query_one(history, WAITING) == 2
    history.write("UPDATE thing SET seen = '2003-01-01T00:00:00'")
    assert history.run(Load, Request())
    assert query_one(history, WAITING) == 0


def rehearse(history: History) -> DryRunResult:
    with closing(history.cluster.connect(autocommit=False)) as link:
        source = open_source(history.service.source_file, history.service.order)
        target = Target(link, "thing", "epn_core", tuple(COLUMNS))
        return DryRun(Preparation(history.service), source, target, Request()).run()


@pytest.mark.parametrize("exists", [True, False])
def test_a_dry_run_predicts_that_a_first_load_fails(history: History, exists: bool) -> None:
    history.service = replace(history.service, refuse_share=0.2)
    put(history, "bad", "bad", "c")
    history.write("UPDATE thing SET seen = 'no date' WHERE name = 'bad'")
    if not exists:
        with closing(history.cluster.connect()) as link, link.cursor() as cursor:
            cursor.execute("DROP TABLE thing.epn_core")
    (note,) = rehearse(history).notes
    assert note.startswith("the load would fail: 2 of 3 records are refused")


def test_a_dry_run_predicts_that_a_few_later_ones_may_be_bad(history: History) -> None:
    history.service = replace(history.service, refuse_share=0.2)
    put(history, "a", "b", "c", "d")
    assert history.run(Load, Request())
    history.put("2003-01-09T00:00:00", "bad")
    history.write("UPDATE thing SET seen = 'no date' WHERE name = 'bad'")
    found = rehearse(history)
    assert (found.counts.quarantined, found.notes) == (1, [])


def test_a_few_that_come_later_may_be_bad(history: History) -> None:
    history.service = replace(history.service, refuse_share=0.2)
    put(history, "a", "b", "c", "d")
    assert history.run(Load, Request())
    history.put("2003-01-09T00:00:00", "bad")
    history.write("UPDATE thing SET seen = 'no date' WHERE name = 'bad'")
    assert history.run(Load, Request())
    assert query_one(history, WAITING) == 1
    assert len(history.table()) == 4


def test_a_granule_is_not_overwritten_by_another_record_s(history: History) -> None:
    columns = {**history.service.mapping.columns, "granule_uid": pl.col("name")}
    mapping = replace(history.service.mapping, columns=columns)
    history.service = replace(history.service, mapping=mapping)
    put(history, "same")
    assert history.run(Load, Request())
    history.put("2003-01-09T00:00:00", "same")
    assert history.run(Load, Request())
    assert query_one(history, "SELECT epnkit_key FROM epnkit.granules_thing") == "1"
    assert query_one(history, "SELECT record_key FROM epnkit.quarantine") == "2"
    # When the first is gone, the other takes its place.
    history.write("DELETE FROM thing WHERE id = 1")
    assert history.run(Load, Request(full=True))
    assert query_one(history, "SELECT epnkit_key FROM epnkit.granules_thing") == "2"
    assert query_one(history, WAITING) == 0


def test_a_double_in_another_part_is_refused_as_in_the_same(history: History) -> None:
    columns = {**history.service.mapping.columns, "granule_uid": pl.col("name")}
    mapping = replace(history.service.mapping, columns=columns)
    history.service = replace(history.service, mapping=mapping)
    insert = "INSERT INTO thing VALUES (?, ?, ?, 'same')"
    history.write(insert, 1, "2003-01-01T00:00:00", "2003-01-01T00:00:00")
    assert history.run(Load, Request())
    # Of other records: in the same part as the first one, and in others, now and later.
    for key, seen in enumerate(["2003-01-01", "2003-05-01", "2003-06-01"], start=2):
        history.write(insert, key, "2003-01-02T00:00:00", f"{seen}T00:00:00")
    for _ in range(2):
        assert history.run(Load, Request())
        assert query_one(history, "SELECT time_min FROM thing.epn_core") == 2452640.5
        assert query_one(history, "SELECT epnkit_key FROM epnkit.granules_thing") == "1"
        assert query_one(history, WAITING) == 3
    # The same record may move there.
    history.write("DELETE FROM thing WHERE id > 1")
    history.write("UPDATE thing SET seen = '2003-06-01T00:00:00', changed = '2003-01-03T00:00:00'")
    assert history.run(Load, Request())
    assert query_one(history, "SELECT time_min FROM thing.epn_core") == 2452791.5
    assert query_one(history, "SELECT count(*) FROM thing.epn_core") == 1


@pytest.mark.parametrize("first", [True, False])
def test_of_a_record_that_came_twice_the_last_state_stays(history: History, first: bool) -> None:
    if first:  # DaCHS makes the indices of a new table behind its data
        with closing(history.cluster.connect()) as link, link.cursor() as cursor:
            cursor.execute("ALTER TABLE thing.epn_core DROP CONSTRAINT IF EXISTS epn_core_pkey")
    else:
        put(history, "before")
        assert history.run(Load, Request())
    for day, name in enumerate(["old", "new", "new"], start=2):
        history.write(
            "INSERT INTO thing VALUES (9, ?, '2003-01-01T00:00:00', ?)", f"2003-01-0{day}", name
        )
    assert history.run(Load, Request())
    assert history.table()[9] == "new"
    assert query_one(history, "SELECT repeated FROM epnkit.runs ORDER BY run DESC LIMIT 1") == 1
    reason = "SELECT min(reason) FROM epnkit.quarantine WHERE record_key = '9'"
    assert "the later one is in the table" in str(query_one(history, reason))
    agree = (
        "SELECT count(*) FROM epnkit.granules_thing b JOIN thing.epn_core t USING (granule_uid)"
        " WHERE epnkit_key = '9'"
    )
    assert query_one(history, agree) == 1


def test_what_is_edited_while_it_loads_is_another_declaration(history: History) -> None:
    class Editing(Load):
        def merge_and_resolve(self, *, direct: bool, even_if_few: bool) -> None:
            (self.service.folder / "other.toml").write_text("edited = true\n")
            super().merge_and_resolve(direct=direct, even_if_few=even_if_few)

    put(history, "a")
    was = hash_declaration(history.service.folder)
    assert history.run(Editing, Request())
    assert query_one(history, "SELECT declared::json -> 'files' FROM epnkit.declarations") == was
    assert hash_declaration(history.service.folder) != was


def test_a_table_that_another_grammar_filled_is_taken_over(history: History) -> None:
    put(history, "a", "b")
    assert history.run(Load, Request())
    with closing(history.cluster.connect()) as link, link.cursor() as cursor:
        cursor.execute("DROP TABLE epnkit.granules_thing; DELETE FROM epnkit.cursors")
    assert history.run(Load, Request())
    assert query_one(history, "SELECT count(*) FROM epnkit.granules_thing") == 2
