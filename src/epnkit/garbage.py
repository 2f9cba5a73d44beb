"""Pausing the garbage collector while many objects are created that are no garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_LOCK = Lock()

#: How many users keep it paused, and whether it was enabled before the first.
_users, _was_enabled = 0, False


@contextmanager
def gc_paused() -> Iterator[None]:
    """Pause garbage collection, until the last user in any thread has ended.

    The collector searches the youngest objects after every few hundred, and all of them now and
    then: this makes reading a page of thousands of documents half as slow again.
    """
    global _users, _was_enabled
    with _LOCK:
        if _users == 0:
            _was_enabled = gc.isenabled()
            gc.disable()
        _users += 1
    try:
        yield
    finally:
        with _LOCK:
            _users -= 1
            if _users == 0 and _was_enabled:
                gc.enable()
