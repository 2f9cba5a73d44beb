"""The records that are kept: which state of them, which are gone, and how many lie about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime

import pytest
from tests.property.loading import test_any_history as histories
from tests.property.loading.test_any_history import History

from epnkit.errors import LoadError
from epnkit.loading.load import Load
from epnkit.loading.request import Request

database = histories.database

DAY = datetime(2003, 1, 5).isoformat()


@pytest.fixture
def history() -> Iterator[History]:
    made = History()
    made.empty_tables()
    yield made
    made.teardown()


def remap(history: History) -> None:
    """Change the mapping, and take the source away while it is applied."""
    aside = history.catalogue.rename(history.catalogue.with_suffix(".aside"))
    history.map_otherwise(crash=False)
    aside.rename(history.catalogue)


def ask(history: History, query: str) -> list[tuple[object, ...]]:
    with closing(history.cluster.connect()) as link, link.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def last_run(history: History) -> object:
    columns = "read, changed, unchanged, loaded, repeated, quarantined, deleted"
    return ask(history, f"SELECT {columns} FROM epnkit.runs ORDER BY run DESC LIMIT 1")[0]


def test_the_last_state_of_a_record_counts(history: History) -> None:
    for name in "ab":
        history.put(DAY, name)
    assert history.run(Load, Request())
    history.write("UPDATE thing SET name = 'c' WHERE id = 1")
    assert history.run(Load, Request())
    remap(history)
    assert history.table() == {1: "C", 2: "B"}
    assert last_run(history) == (2, 2, 0, 0, 0, 0, 0)
    assert history.waiting() == {}


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
    assert history.waiting() == {2: "bad"}
    remap(history)
    assert history.table() == {1: "A", 2: "BAD"}
    assert history.waiting() == {}
    remap(history)
    assert history.table() == {1: "a"}
    assert history.waiting() == {2: "bad"}


def test_states_that_are_outlived_do_not_lie_about(history: History) -> None:
    for name in "abcd":
        history.put(DAY, name)
    for _ in range(20):
        history.write("UPDATE thing SET name = name || 'x' WHERE id < 4")
        assert history.run(Load, Request())
    ((kept,),) = ask(history, "SELECT sum(count) FROM epnkit.records")
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
