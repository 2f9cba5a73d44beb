"""Ending a connection whose server sends nothing: database drivers would wait for ever."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from epnkit.sources.config.credentials import Secret
from epnkit.sources.sql.driver_errors import describe_connection
from epnkit.sources.transport.retry import SourceTimeoutError

Result = TypeVar("Result")

#: How many seconds longer we wait than the server may work: its own error is the better one.
_GRACE = 1.0

#: How many seconds ending a query over another connection may take.
_CANCELLING = 5.0


class Watchdog:
    """Calls a driver with a time limit.

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

    #: Ends what the server is busy with, if it doesn't end that by itself.
    cancel: Callable[[], None] | None = None

    def __init__(self, secret: Secret, seconds: float) -> None:
        self._secret, self._seconds = secret, seconds
        self._foreign: set[tuple[int, str]] = set()
        self._own: set[tuple[int, str]] | None = None

    @contextmanager
    def track_sockets(self) -> Iterator[None]:
        """Find out which sockets a connection has: those that are new at its end."""
        self._foreign, self._own = _list_sockets(), None
        yield
        self._own = _list_sockets() - self._foreign

    def call(self, action: Callable[[], Result]) -> Result:
        """Do something that waits for the server.

        Raises
        ------
        SourceTimeoutError
            When it sent nothing for too long.
        """
        timed_out = threading.Event()
        limit = min(self._seconds + _GRACE, threading.TIMEOUT_MAX)
        timer = threading.Timer(limit, self._end_connection, (timed_out,))
        timer.daemon = True
        timer.start()
        try:
            return action()
        finally:
            timer.cancel()
            if timed_out.is_set():  # whatever the driver made of it
                raise self._timeout_error() from None

    def _timeout_error(self) -> SourceTimeoutError:
        return SourceTimeoutError(
            f"the database sent nothing for {self._seconds:g} s",
            where=describe_connection(self._secret),
            cure="See that the network lets its answers through; if the query takes longer, give"
            " it an index on cursor and key, or raise `timeout` in the source file",
        )

    def _end_connection(self, timed_out: threading.Event) -> None:
        sockets = list(self._connection_sockets())
        if sockets:
            timed_out.set()
            self._cancel_query()
        for each in sockets:
            with suppress(OSError), each:
                each.shutdown(socket.SHUT_RDWR)

    def _cancel_query(self) -> None:
        """Ask the server to end its work, and wait seconds only: it may be unreachable."""
        if self.cancel is not None:
            ending = threading.Thread(target=self.cancel, daemon=True)
            ending.start()
            ending.join(_CANCELLING)

    def _connection_sockets(self) -> Iterator[socket.socket]:
        """Yield the sockets of the connection, each under a number of its own."""
        now, families = _list_sockets(), {socket.AF_INET, socket.AF_INET6}
        if self._own is not None:  # while it opens, a new one may belong to others
            families.add(socket.AF_UNIX)
        for number, _ in now - self._foreign if self._own is None else now & self._own:
            with suppress(OSError):
                end = socket.socket(fileno=os.dup(number))
                if end.family in families:
                    yield end
                else:
                    end.close()


def _list_sockets() -> set[tuple[int, str]]:
    """List this process's sockets: number, and what distinguishes it from others of that number."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            name = str(entry.readlink())
            if name.startswith("socket:"):
                found.add((int(entry.name), name))
    return found
