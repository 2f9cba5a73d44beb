"""The source changes its schema, or its clock is not ours: nothing is lost without a word."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.property.loading import test_any_history as histories
from tests.property.loading.test_any_history import History

from epnkit.errors import EpnkitError
from epnkit.loading.load import Load
from epnkit.loading.request import Request
from epnkit.service import Cursor

database = histories.database

#: What a query may name: each column, or all that there are.
QUERIES = ("SELECT id, changed, seen, name FROM thing", "SELECT * FROM thing")


@pytest.fixture
def history() -> Iterator[History]:
    """Load three records; give what happens to them."""
    made = History()
    made.empty_tables()
    made.service = replace(made.service, refuse_share=0.2)
    for day in (1, 2, 3):
        made.put(f"2003-01-{day:02d}T00:00:00", f"thing {day}")
    assert made.run(Load, Request())
    yield made
    made.teardown()


def read_table(history: History) -> list[tuple[object, ...]]:
    return query_all(history, "SELECT * FROM thing.epn_core ORDER BY granule_uid")


def query_all(history: History, query: str) -> list[tuple[object, ...]]:
    with closing(history.cluster.connect()) as link, link.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def request_load(history: History, query: str) -> None:
    path = Path(history.directory.name) / "source.toml"
    path.write_text(f'kind = "sql"\nconnection = "thing"\nquery = "{query}"\n')


def is_refused(history: History, field: str) -> None:
    """See that a load names the field, and leaves the table."""
    before = read_table(history)
    history.put("2003-01-09T00:00:00", "late")
    with pytest.raises(EpnkitError, match=field):
        history.run(Load, Request())
    assert read_table(history) == before
    ((state, reason),) = query_all(
        history, "SELECT state, reason FROM epnkit.runs ORDER BY run DESC LIMIT 1"
    )
    assert state == "failed"
    assert field in str(reason)


def is_whole(history: History) -> None:
    """Load once more, and compare the table with the source."""
    assert history.run(Load, Request())
    assert history.table() == history.source()


@pytest.mark.parametrize("query", QUERIES)
def test_a_column_is_dropped(history: History, query: str) -> None:
    request_load(history, query)
    history.write("ALTER TABLE thing RENAME TO kept")
    history.write("CREATE VIEW thing AS SELECT id, changed, seen FROM kept")
    before = read_table(history)
    with pytest.raises(EpnkitError, match="name"):
        history.run(Load, Request())
    assert read_table(history) == before
    history.write("DROP VIEW thing")
    history.write("ALTER TABLE kept RENAME TO thing")
    history.put("2003-01-09T00:00:00", "late")
    is_whole(history)


@pytest.mark.parametrize("query", QUERIES)
def test_a_column_is_renamed(history: History, query: str) -> None:
    request_load(history, query)
    history.write("ALTER TABLE thing RENAME COLUMN seen TO observed")
    is_refused(history, "seen")
    request_load(history, "SELECT id, changed, observed AS seen, name FROM thing")
    assert history.run(Load, Request())
    assert len(history.table()) == 4


def test_a_column_changes_its_type(history: History) -> None:
    history.write("ALTER TABLE thing RENAME COLUMN seen TO was")
    history.write("ALTER TABLE thing ADD COLUMN seen INTEGER")
    history.write("UPDATE thing SET seen = id * 86400, changed = '2003-01-08T00:00:00'")
    before = read_table(history)
    with pytest.raises(EpnkitError, match=r"time_min|seen"):
        history.run(Load, Request())
    assert read_table(history) == before
    history.write("UPDATE thing SET seen = was")
    is_whole(history)


def test_the_cursor_changes_its_type(history: History) -> None:
    """A database compares numbers and texts in some way: nothing would be new, or all."""
    history.write("ALTER TABLE thing RENAME COLUMN changed TO was")
    history.write("ALTER TABLE thing ADD COLUMN changed INTEGER")
    history.write("UPDATE thing SET changed = id")
    before = read_table(history)
    with pytest.raises(EpnkitError, match="changed") as raised:
        history.run(Load, Request())
    assert "the cursor was a text and now is a number" in str(raised.value)
    assert read_table(history) == before
    # The lag is declared anew, since a day cannot be taken from a number.
    history.service = replace(history.service, cursor=Cursor("changed", lag=1))
    history.write("INSERT INTO thing (id, changed, seen, name) VALUES (9, 9, '2003-01-09', 'new')")
    assert history.run(Load, Request(full=True))
    is_whole(history)


def test_an_emptied_source_is_no_other_type(history: History) -> None:
    history.write("DELETE FROM thing")
    assert history.run(Load, Request())
    assert len(history.table()) == 3


def test_a_column_is_added(history: History) -> None:
    request_load(history, QUERIES[1])
    history.write("ALTER TABLE thing ADD COLUMN more TEXT")
    history.write("UPDATE thing SET more = 'more'")
    before = read_table(history)
    assert history.run(Load, Request(full=True))
    assert read_table(history) == before


def test_the_source_s_clock_is_ahead(history: History) -> None:
    """What is written after a record of the future, and says so, is not old."""
    now = datetime.now()
    history.put((now + timedelta(days=500)).isoformat(timespec="seconds"), "of the future")
    is_whole(history)
    history.put((now + timedelta(days=1)).isoformat(timespec="seconds"), "of tomorrow")
    history.put(now.isoformat(timespec="seconds"), "of today")
    is_whole(history)


def test_our_clock_was_ahead_and_the_source_s_too(history: History) -> None:
    """A cursor that two wrong clocks brought beyond the present comes back to it."""
    ahead = (datetime.now() + timedelta(days=500)).isoformat(timespec="seconds")
    with closing(history.cluster.connect()) as link, link.cursor() as cursor:
        cursor.execute("UPDATE epnkit.cursors SET value = %s", (ahead,))
    history.put(datetime.now().isoformat(timespec="seconds"), "of today")
    is_whole(history)
    ((value,),) = query_all(history, "SELECT value FROM epnkit.cursors")
    assert str(value) < ahead


def test_the_date_of_modification_never_goes_back(history: History) -> None:
    dates = "SELECT modification_date, creation_date FROM thing.epn_core WHERE granule_uid ~ '_1$'"
    ((modified, created),) = query_all(history, dates)
    for hours in (-5, 3, -2):
        history.clock = timedelta(hours=hours)
        history.write("UPDATE thing SET name = name || 'x', changed = '2003-01-05T00:00:00'")
        assert history.run(Load, Request())
        before = modified
        ((modified, again),) = query_all(history, dates)
        assert str(modified) > str(before)
        assert again == created
    is_whole(history)
