"""Reading one step ahead, in a thread."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest

from epnkit.sources.transport.prefetch import prefetch


def test_the_steps_come_in_their_order() -> None:
    assert list(prefetch(iter(range(5)))) == list(range(5))


@pytest.mark.timeout(30)
def test_the_first_step_is_taken_before_it_is_asked_for() -> None:
    taken = threading.Event()

    def steps() -> Iterator[int]:
        taken.set()
        yield 1

    reader = prefetch(steps())
    assert taken.wait(10)
    assert list(reader) == [1]


@pytest.mark.timeout(30)
def test_what_is_never_asked_for_a_step_is_closed_too() -> None:
    closed = []

    def steps() -> Iterator[int]:
        try:
            yield 1
        finally:
            closed.append(True)

    prefetch(steps()).close()
    assert closed == [True]


def test_an_error_comes_where_it_would_have_come() -> None:
    def steps() -> Iterator[int]:
        yield 1
        raise OSError("the line is cut")

    reader = prefetch(steps())
    assert next(reader) == 1
    with pytest.raises(OSError, match="the line is cut"):
        next(reader)


@pytest.mark.timeout(30)
def test_what_is_read_is_closed_when_its_reader_is_given_up() -> None:
    """Also where only the collector finds the reader, as behind the traceback of an error."""
    closed = []

    def steps() -> Iterator[int]:
        try:
            yield from range(5)
        finally:
            closed.append(True)

    reader = prefetch(steps())
    assert next(reader) == 0
    circle = [reader]
    circle.append(circle)  # type: ignore[arg-type]
    del reader, circle
    gc.collect()
    assert closed == [True]


@pytest.mark.timeout(30)
def test_the_thread_itself_may_find_the_reader_given_up() -> None:
    go, closed = threading.Event(), threading.Event()

    def steps() -> Iterator[int]:
        try:
            yield 0
            go.wait(10)
            gc.collect()  # as the collector does by itself, in whichever thread makes things
            yield 1
        finally:
            closed.set()

    reader = prefetch(steps())
    assert next(reader) == 0
    circle = [reader]
    circle.append(circle)  # type: ignore[arg-type]
    gc.disable()
    try:
        del reader, circle
        go.set()
        assert closed.wait(10)
    finally:
        gc.enable()
