"""Ending a connection whose server says nothing: database drivers would wait for ever."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from epnkit.errors import TransientSourceError
from epnkit.sources.credentials import Secret
from epnkit.sources.sql_errors import label

Result = TypeVar("Result")


class Listening:
    """Calls a driver, for a while.

    Neither psqlodbc nor psycopg2 has a timeout for reading, and those of servers do not help when
    the network swallows what they send. A driver whose socket is shut down under it reports a
    lost connection, though, from wherever it waits.

    Parameters
    ----------
    secret : Secret
        The credential in use, for messages.
    seconds : float
        How long a call may take.
    """

    def __init__(self, secret: Secret, seconds: float) -> None:
        self._secret, self._seconds = secret, seconds
        self._foreign: set[tuple[int, str]] = set()
        self._own: set[tuple[int, str]] | None = None

    @contextmanager
    def opening(self) -> Iterator[None]:
        """Find out which sockets a connection has: those that are new at its end."""
        self._foreign, self._own = _sockets(), None
        yield
        self._own = _sockets() - self._foreign

    def to(self, action: Callable[[], Result]) -> Result:
        """Do something that waits for the server.

        Raises
        ------
        TransientSourceError
            When it said nothing for too long.
        """
        silent = threading.Event()
        timer = threading.Timer(self._seconds, self._end, (silent,))
        timer.daemon = True
        timer.start()
        try:
            return action()
        finally:
            timer.cancel()
            if silent.is_set():  # whatever the driver made of it
                raise self._silent() from None

    def _silent(self) -> TransientSourceError:
        return TransientSourceError(
            f"the database said nothing for {self._seconds:g} s",
            where=label(self._secret),
            cure="See that the network lets its answers through; if the query takes longer, give"
            " it an index on cursor and key, or raise `timeout` in the source file",
        )

    def _end(self, silent: threading.Event) -> None:
        now = _sockets()
        for number, _ in now - self._foreign if self._own is None else now & self._own:
            with suppress(OSError), socket.socket(fileno=os.dup(number)) as end:
                if end.family in (socket.AF_INET, socket.AF_INET6):
                    silent.set()
                    end.shutdown(socket.SHUT_RDWR)


def _sockets() -> set[tuple[int, str]]:
    """List this process's sockets: number, and what tells it from others of that number."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            name = str(entry.readlink())
            if name.startswith("socket:"):
                found.add((int(entry.name), name))
    return found
