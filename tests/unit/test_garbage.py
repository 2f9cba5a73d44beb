"""The search for garbage: off as long as anybody wants it off, and on again behind errors."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from epnkit.garbage import gc_paused


@pytest.fixture(autouse=True)
def searching() -> Iterator[None]:
    gc.enable()
    yield
    gc.enable()


def test_it_goes_on_behind_an_error() -> None:
    def read() -> None:
        with gc_paused():
            assert not gc.isenabled()
            raise OSError("cut")

    with pytest.raises(OSError, match="cut"):
        read()
    assert gc.isenabled()


def test_who_is_in_the_middle_does_not_end_it() -> None:
    with gc_paused():
        with gc_paused():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_what_was_off_stays_off() -> None:
    gc.disable()
    with gc_paused():
        pass
    assert not gc.isenabled()


def test_threads_that_overlap_leave_it_on() -> None:
    begun, first_gone = Barrier(2, timeout=10), Barrier(2, timeout=10)

    def first() -> None:
        with gc_paused():
            begun.wait()
        first_gone.wait()

    def last() -> bool:
        with gc_paused():
            begun.wait()
            first_gone.wait()
            return gc.isenabled()

    with ThreadPoolExecutor(2) as threads:
        one, other = threads.submit(first), threads.submit(last)
        one.result()
        assert other.result() is False
    assert gc.isenabled()
