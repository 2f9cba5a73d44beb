"""The records that are kept: which state of them, which are gone, and how many lie about."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import datetime
from threading import current_thread, main_thread
from typing import Any

import polars as pl
import pytest
from tests.property.loading import test_any_history as histories
from tests.property.loading.test_any_history import History

from epnkit.errors import LoadError
from epnkit.loading.load import Load
from epnkit.loading.request import Request
from epnkit.loading.state.schema import create_state_schema
from epnkit.loading.table.target import Target
from epnkit.mapping.declare import Mapping

database = histories.database
history = histories.history

DAY = datetime(2003, 1, 5).isoformat()


def remap(history: History) -> None:
    """Change the mapping, and take the source away while it is applied."""
    aside = history.catalogue.rename(history.catalogue.with_suffix(".aside"))
    history.change_mapping(crash=False)
    aside.rename(history.catalogue)


def query_history(history: History, query: str) -> list[tuple[object, ...]]:
    with closing(history.cluster.connect()) as link, link.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def read_last_run(history: History) -> object:
    columns = "read, changed, unchanged, loaded, repeated, quarantined, deleted"
    return query_history(history, f"SELECT {columns} FROM epnkit.runs ORDER BY run DESC LIMIT 1")[0]


def test_the_last_state_of_a_record_counts(history: History) -> None:
    for name in "ab":
        history.put(DAY, name)
    assert history.run(Load, Request())
    history.write("UPDATE thing SET name = 'c' WHERE id = 1")
    assert history.run(Load, Request())
    remap(history)
    assert history.table() == {1: "C", 2: "B"}
    assert read_last_run(history) == (2, 2, 0, 0, 0, 0, 0)
    assert history.read_waiting() == {}


def test_a_record_that_is_gone_does_not_come_back(history: History) -> None:
    for name in "ab":
        history.put(DAY, name)
    assert history.run(Load, Request())
    history.write("DELETE FROM thing WHERE id = 1")
    assert history.run(Load, Request(gone=("1",), reconcile=True))
    remap(history)
    assert history.table() == {2: "B"}


def test_a_refused_record_waits_for_a_mapping_that_takes_it(history: History) -> None:
    history.put(DAY, "a")
    history.put_bad()
    assert history.run(Load, Request())
    assert history.read_waiting() == {2: "bad"}
    remap(history)
    assert history.table() == {1: "A", 2: "BAD"}
    assert history.read_waiting() == {}
    remap(history)
    assert history.table() == {1: "a"}
    assert history.read_waiting() == {2: "bad"}


def test_states_that_are_outlived_do_not_lie_about(history: History) -> None:
    for name in "abcd":
        history.put(DAY, name)
    for _ in range(20):
        history.write("UPDATE thing SET name = name || 'x' WHERE id < 4")
        assert history.run(Load, Request())
    ((kept,),) = query_history(history, "SELECT sum(count) FROM epnkit.records")
    assert isinstance(kept, int)
    assert kept < 20
    remap(history)
    assert history.table() == {n: f"{letter}{'X' * 20}" for n, letter in enumerate("ABC", 1)} | {
        4: "D"
    }


def test_what_is_refused_stays_when_outlived_states_are_taken_out(history: History) -> None:
    history.day = 10
    history.put(DAY, "a")
    assert history.run(Load, Request())
    for _ in range(20):
        history.put_bad()
        assert history.run(Load, Request())
        assert not history.not_kept()
    remap(history)
    assert len(history.table()) == 21


def test_no_other_thread_asks_on_the_connection_that_copies(history: History) -> None:
    """psycopg2 lets a query in between the parts of a COPY, and one of both waits for ever."""
    for _ in range(9):
        history.put(DAY, "a")
    assert history.run(Load, Request())
    target_of = Target.query

    def query(target: Target, *words: Any, **parts: Any) -> Any:
        assert current_thread() is main_thread()
        return target_of(target, *words, **parts)

    history.patch.setattr(Target, "query", query)
    assert history.run(Load, Request(remap=True))


def test_a_refused_record_that_is_gone_is_gone(history: History) -> None:
    for name in "ab":
        history.put(DAY, name)
    assert history.run(Load, Request())
    history.write("UPDATE thing SET name = 'bad', seen = 'no date' WHERE id = 1")
    assert history.run(Load, Request())
    history.write("DELETE FROM thing WHERE id = 1")
    assert history.run(Load, Request(gone=("1",), reconcile=True))
    assert history.read_waiting() == {}
    remap(history)
    assert history.table() == {2: "B"}


def test_what_a_failed_load_refused_still_waits(history: History) -> None:
    history.put(DAY, "a")
    history.put(DAY, "b")
    assert history.run(Load, Request())
    history.service = replace(history.service, refuse_share=0.2)
    history.write("UPDATE thing SET name = 'bad', seen = 'no date' WHERE id = 1")
    with pytest.raises(LoadError, match="1 of 2 records are refused"):
        history.run(Load, Request(full=True))
    assert history.read_waiting() == {1: "bad"}
    assert history.run(Load, Request(remap=True))
    assert history.table() == {1: "a", 2: "b"}
    assert history.read_waiting() == {1: "bad"}


def test_a_refused_record_that_nobody_finds_any_more_is_gone(history: History) -> None:
    history.put(DAY, "a")
    history.put_bad()
    history.put_bad()
    assert history.run(Load, Request())
    history.write("DELETE FROM thing WHERE id = 2")
    assert history.run(Load, Request(keys=("2", "3")))
    assert history.read_waiting() == {3: "bad"}
    history.write("DELETE FROM thing WHERE id = 3")
    assert history.run(Load, Request(full=True))
    assert history.read_waiting() == {}


def test_a_failed_load_takes_nothing_from_what_a_finished_one_refused(history: History) -> None:
    history.put(DAY, "a")
    history.put_bad()
    assert history.run(Load, Request())
    history.service = replace(history.service, refuse_share=0.2)
    with pytest.raises(LoadError, match="1 of 2 records are refused"):
        history.run(Load, Request(full=True))
    remap(history)
    assert history.table() == {1: "A", 2: "BAD"}


def test_whole_numbers_and_others_are_numbers(history: History) -> None:
    history.put("2002-01-01T00:00:00", "a")
    history.put(DAY, "b")
    source = history.service.source_file
    text = source.read_text()
    for number in ("7", "2.5"):
        source.write_text(text.replace("seen, name", f"seen, name, {number} AS size"))
        assert history.run(Load, Request())
        history.put(DAY, "c")
    more: dict[str | tuple[str, ...], Any] = {"time_max": 2452640.5 + pl.col("size")}
    history.service = replace(history.service, mapping=Mapping(histories.COMMON | more))
    assert history.run(Load, Request(remap=True))
    said = query_history(history, "SELECT time_max FROM thing.epn_core ORDER BY granule_uid")
    assert said == [(2452647.5,), (2452643.0,), (2452643.0,)]


def test_granules_of_no_record_ask_for_the_source(history: History) -> None:
    history.put(DAY, "a")
    assert history.run(Load, Request())
    with closing(history.cluster.connect()) as link, link.cursor() as cursor:
        cursor.execute("DELETE FROM epnkit.granules_thing; DELETE FROM epnkit.quarantine")
        cursor.execute(
            "INSERT INTO epnkit.granules_thing VALUES ('x', '1', 1, '{}', %s)", (DIGEST,)
        )
    with pytest.raises(LoadError, match="1 granules of the table were not loaded in bulk"):
        history.run(Load, Request(remap=True))


DIGEST = "00000000-0000-0000-0000-000000000001"


def test_a_table_that_was_emptied_or_dropped_is_made_anew(history: History) -> None:
    for name in "ab":
        history.put(DAY, name)
    assert history.run(Load, Request())
    with closing(history.cluster.connect()) as link, link.cursor() as cursor:
        for kind in (Load, Dropped):
            cursor.execute("TRUNCATE thing.epn_core")
            assert history.run(kind, Request(remap=True))
            assert history.table() == {1: "a", 2: "b"}


class Dropped(Load):
    """A load into a table that DaCHS has just made."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.new_table = True


def test_several_records_of_one_key_in_one_load_stay(history: History) -> None:
    for name in "abc":
        history.put(DAY, name)
    history.service = replace(history.service, key=("changed",))
    assert history.run(Load, Request())
    remap(history)
    assert history.table() == {1: "A", 2: "B", 3: "C"}


def test_another_key_asks_for_the_source(history: History) -> None:
    history.put(DAY, "a")
    assert history.run(Load, Request())
    history.service = replace(history.service, key=("name",))
    with pytest.raises(LoadError, match="the service's key has changed since they were loaded"):
        history.run(Load, Request(remap=True))


def test_a_field_of_two_types_asks_for_the_source(history: History) -> None:
    history.put("2002-01-01T00:00:00", "a")
    history.put(DAY, "b")
    assert history.run(Load, Request())
    text = history.service.source_file.read_text()
    history.service.source_file.write_text(text.replace("seen, name", "seen, 7 AS name"))
    history.put(DAY, "b")
    assert history.run(Load, Request())
    with pytest.raises(LoadError, match="name had different types in different loads"):
        history.run(Load, Request(remap=True))


def test_a_field_that_said_nothing_has_the_type_it_has_later(history: History) -> None:
    history.put("2002-01-01T00:00:00", "a")
    history.put(DAY, "b")
    source = history.service.source_file
    text = source.read_text()
    source.write_text(text.replace("seen, name", "seen, name, NULL AS size"))
    assert history.run(Load, Request())
    source.write_text(text.replace("seen, name", "seen, name, 7 AS size"))
    history.put(DAY, "b")
    assert history.run(Load, Request())
    more: dict[str | tuple[str, ...], Any] = {"processing_level": pl.col("size").fill_null(3) - 1}
    history.service = replace(history.service, mapping=Mapping(histories.COMMON | more))
    assert history.run(Load, Request(remap=True))
    assert query_history(
        history, "SELECT processing_level FROM thing.epn_core ORDER BY granule_uid"
    ) == [(2,), (6,), (6,)]


def test_a_load_that_goes_on_keeps_no_other_waiting(history: History) -> None:
    history.put(DAY, "a")
    assert history.run(Load, Request())

    class Looking(Load):
        def execute(self) -> None:
            super().execute()
            with closing(history.cluster.connect()) as own, own.cursor() as cursor:
                cursor.execute("SET lock_timeout = '5s'")
                create_state_schema(own)

    assert history.run(Looking, Request(full=True))


def test_a_granule_without_its_record_is_not_made_up(history: History) -> None:
    history.put(DAY, "a")
    assert history.run(Load, Request())
    before = history.table()
    with closing(history.cluster.connect()) as link, link.cursor() as cursor:
        cursor.execute("DELETE FROM epnkit.records")
    with pytest.raises(LoadError, match="the records of 1 granules are not kept") as refused:
        history.run(Load, Request(remap=True))
    assert "epnkit load thing --full" in str(refused.value)
    assert history.table() == before
    assert history.run(Load, Request(full=True))
    remap(history)
    assert history.table() == {1: "A"}
