"""Windows in segments, pages by key, and continuing after any of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import polars as pl
import pytest

from epnkit.errors import SourceError, TransientSourceError
from epnkit.sources.base import ALL, Window
from epnkit.sources.transport.paging import (
    BatchAndCheckpoint,
    Checkpoint,
    Page,
    SeenFilter,
    Segment,
    read_by_key,
    read_segments,
    require_cursor,
    split_window,
)
from epnkit.sources.transport.retry import RetryPolicy, resume

NO_PAUSE = RetryPolicy(attempts=3, first=0.0)

Text = Segment[str, str]


def split(window: Window, cursor: str | None, key: tuple[str, ...] = ("id",)) -> list[Text]:
    return split_window(
        window,
        cursor,
        key,
        every="all",
        inside=lambda name: f"{name} inside",
        absent=lambda name: f"{name} absent",
        where="here",
    )


def test_a_window_falls_into_records_with_a_cursor_and_those_without() -> None:
    with_value = Segment("t inside", ("t", "id"))
    assert split(ALL, "t") == [with_value, Segment("t absent", ("id",))]
    assert split(Window("a", nulls=False), "t") == [with_value]
    assert split(ALL, None) == [Segment("all", ("id",))]


def test_a_cursor_that_is_in_the_key_orders_once() -> None:
    segments = split(ALL, "t", ("id", "t"))
    assert [segment.order for segment in segments] == [("t", "id"), ("id", "t")]


@pytest.mark.parametrize("window", [Window(low=1), Window(high=1), Window(nulls=False)])
def test_a_window_needs_a_cursor_and_says_how_to_name_one(window: Window) -> None:
    with pytest.raises(SourceError, match=r"here: a window needs a cursor.*service\.py"):
        split(window, None)
    with pytest.raises(SourceError, match="needs a cursor"):
        require_cursor(None, window, "here")


def fetch(segment: Text, last: tuple[int, ...], size: int = 3) -> Page | None:
    """Give ten records of a segment, in pages."""
    numbers = list(range(last[0] + 1 if last else 0, 10))[:size]
    if not numbers:
        return None
    frame = pl.DataFrame({"name": [f"{segment.condition} {n}" for n in numbers]})
    return Page(frame, (numbers[-1],))


EVERY = [f"{condition} {n}" for condition in ("t inside", "t absent") for n in range(10)]


def read_pages(segment: Text, checkpoint: Checkpoint) -> Iterator[BatchAndCheckpoint]:
    return read_by_key(fetch, segment, checkpoint, "here")


def test_reading_continues_after_any_page() -> None:
    segments = split(ALL, "t")
    steps = list(read_segments(segments, read_pages))
    assert [name for batch, _ in steps for name in batch["name"]] == EVERY
    for number, (_, checkpoint) in enumerate(steps, 1):
        rest = read_segments(segments, read_pages, checkpoint)
        head = [name for batch, _ in steps[:number] for name in batch["name"]]
        assert head + [name for batch, _ in rest for name in batch["name"]] == EVERY


@pytest.mark.parametrize("number", range(10))
def test_a_failure_at_any_page_loses_and_doubles_nothing(number: int) -> None:
    requests = iter(range(100))

    def fail_once(segment: Text, last: tuple[int, ...]) -> Page | None:
        if next(requests) == number:
            raise TransientSourceError("it broke", cure="Try again")
        return fetch(segment, last)

    def read(segment: Text, checkpoint: Checkpoint) -> Iterator[BatchAndCheckpoint]:
        return read_by_key(fail_once, segment, checkpoint, "here")

    batches = resume(partial(read_segments, split(ALL, "t"), read), NO_PAUSE)
    assert [name for batch in batches for name in batch["name"]] == EVERY


def test_a_record_without_a_key_ends_reading_with_a_cure() -> None:
    def fetch_null(_segment: Text, last: tuple[object, ...]) -> Page:
        assert not last, "read on after a record that no page can follow"
        return Page(pl.DataFrame({"name": ["a"]}), ("t", None))

    steps = read_by_key(fetch_null, split(ALL, "t")[0], Checkpoint(), "here")
    assert next(steps)[0].height == 1
    with pytest.raises(SourceError, match=r"a record has no 'id'.*Name a key that every record"):
        next(steps)


def test_what_was_seen_is_dropped_as_often_as_it_was_seen() -> None:
    seen = SeenFilter(["a", "a", "b"])
    assert seen.find_new(["a", "c", "a", "a", "b", "b"]) == [False, True, False, True, False, True]
    assert seen.find_new(["a"]) == [True]
