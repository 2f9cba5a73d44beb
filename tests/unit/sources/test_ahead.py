"""Working ahead, in threads: reading the next step, preparing the next batches."""

from __future__ import annotations

import gc
import threading
from collections.abc import Generator, Iterator
from contextlib import closing

import pytest

from epnkit.sources.transport.prefetch import map_ahead, prefetch


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


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_results_come_in_the_order_of_their_items(threads: int, count: int) -> None:
    slow_first = [threading.Event() for _ in range(count)]

    def square(number: int) -> int:
        # The later of two at the same time is done first.
        if threads > 1 and number + 1 < count and number % threads == 0:
            assert slow_first[number + 1].wait(10)
        slow_first[number].set()
        return number * number

    assert list(map_ahead(square, range(count), threads)) == [n * n for n in range(count)]


def test_what_is_read_for_the_threads_is_closed_before_an_error_is_seen() -> None:
    closed = []

    def items() -> Generator[int]:
        try:
            yield from range(3)
        finally:
            closed.append(threading.current_thread().name)

    def steps() -> Iterator[float]:
        with closing(items()) as read:
            yield from map_ahead(lambda number: 1 / number, read, 2)

    reader = prefetch(steps())
    with pytest.raises(ZeroDivisionError):
        next(reader)
    assert [name.rpartition("_")[0] for name in closed] == ["prefetch"]


def test_the_error_of_an_item_comes_after_the_results_before_it() -> None:
    def invert(number: int) -> float:
        return 1 / number

    results = map_ahead(invert, [1, 2, 0, 4], 2)
    assert [next(results), next(results)] == [1, 0.5]
    with pytest.raises(ZeroDivisionError):
        next(results)


@pytest.mark.timeout(30)
def test_what_is_read_for_the_threads_is_closed_when_it_is_given_up() -> None:
    closed = []

    def items() -> Iterator[int]:
        try:
            yield from range(5)
        finally:
            closed.append(True)

    results = map_ahead(abs, items(), 2)
    assert next(results) == 0
    del results
    assert closed == [True]
