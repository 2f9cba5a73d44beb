"""Putting Python's search for garbage off while much is made that is none."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_LOCK = Lock()

#: How many wait for the search to stay off, and whether it was on before the first.
_waiting, _was_on = 0, False


@contextmanager
def put_off() -> Iterator[None]:
    """Do something without the search, which goes on when nobody is left, in any thread.

    Every few hundred objects Python looks through the youngest, and now and then through all: to
    read a page of thousands of documents so takes half as long again.
    """
    global _waiting, _was_on
    with _LOCK:
        if _waiting == 0:
            _was_on = gc.isenabled()
            gc.disable()
        _waiting += 1
    try:
        yield
    finally:
        with _LOCK:
            _waiting -= 1
            if _waiting == 0 and _was_on:
                gc.enable()
