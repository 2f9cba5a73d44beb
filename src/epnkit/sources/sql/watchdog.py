"""Ending a connection whose server says nothing: database drivers would wait for ever."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from epnkit.sources.config.credentials import Secret
from epnkit.sources.sql.driver_errors import label
from epnkit.sources.transport.retry import SilentSourceError

Result = TypeVar("Result")

#: How many seconds longer we listen than the server may work: its own word is the better one.
_GRACE = 1.0

#: How many seconds ending a query over another connection may take.
_CANCELLING = 5.0


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
        How long a call may take, in seconds.
    """

    #: Ends at the server what it is busy with, where it doesn't end that by itself.
    cancel: Callable[[], None] | None = None

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
        SilentSourceError
            When it said nothing for too long.
        """
        silent = threading.Event()
        heard = min(self._seconds + _GRACE, threading.TIMEOUT_MAX)
        timer = threading.Timer(heard, self._end, (silent,))
        timer.daemon = True
        timer.start()
        try:
            return action()
        finally:
            timer.cancel()
            if silent.is_set():  # whatever the driver made of it
                raise self._silent() from None

    def _silent(self) -> SilentSourceError:
        return SilentSourceError(
            f"the database said nothing for {self._seconds:g} s",
            where=label(self._secret),
            cure="See that the network lets its answers through; if the query takes longer, give"
            " it an index on cursor and key, or raise `timeout` in the source file",
        )

    def _end(self, silent: threading.Event) -> None:
        ends = list(self._ends())
        if ends:
            silent.set()
            self._cancel_there()
        for end in ends:
            with suppress(OSError), end:
                end.shutdown(socket.SHUT_RDWR)

    def _cancel_there(self) -> None:
        """Let the server end its work, but don't wait for that as if it were there for sure."""
        if self.cancel is not None:
            ending = threading.Thread(target=self.cancel, daemon=True)
            ending.start()
            ending.join(_CANCELLING)

    def _ends(self) -> Iterator[socket.socket]:
        """Give the sockets of the connection, each under a number of its own."""
        now, families = _sockets(), {socket.AF_INET, socket.AF_INET6}
        if self._own is not None:  # by Unix sockets others talk, too, while it opens
            families.add(socket.AF_UNIX)
        for number, _ in now - self._foreign if self._own is None else now & self._own:
            with suppress(OSError):
                end = socket.socket(fileno=os.dup(number))
                if end.family in families:
                    yield end
                else:
                    end.close()


def _sockets() -> set[tuple[int, str]]:
    """List this process's sockets: number, and what tells it from others of that number."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            name = str(entry.readlink())
            if name.startswith("socket:"):
                found.add((int(entry.name), name))
    return found
