"""Ending a connection whose server sends nothing, for which database drivers wait for ever."""

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

#: How many seconds longer than the server's limit to wait: its own error says more.
_GRACE = 1.0

#: How many seconds to wait for the cancellation of a query over another connection.
_CANCELLING = 5.0


class Watchdog:
    """Calls a driver with a time limit.

    Neither psqlodbc nor psycopg2 has a read timeout, and those of servers do not help if the
    network drops what they send. But a driver reports a lost connection, wherever it waits, if its
    socket is shut down.

    Parameters
    ----------
    secret : Secret
        The credential in use, for messages.
    seconds : float
        How long a call may take, in seconds.
    """

    #: Cancels the query at the server, if the server has no time limit for it.
    cancel: Callable[[], None] | None = None

    def __init__(self, secret: Secret, seconds: float) -> None:
        self._secret, self._seconds = secret, seconds
        self._foreign: set[tuple[int, str]] = set()
        self._own: set[tuple[int, str]] | None = None

    @contextmanager
    def track_sockets(self) -> Iterator[None]:
        """Find the sockets of the connection that is opened in this context: the new ones."""
        self._foreign, self._own = _list_sockets(), None
        yield
        self._own = _list_sockets() - self._foreign

    def call(self, action: Callable[[], Result]) -> Result:
        """Call a function that waits for the server.

        Raises
        ------
        SourceTimeoutError
            If it sent nothing for too long.
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
            if timed_out.is_set():  # whatever error the driver raised
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
        """Cancel the query at the server, but do not wait long: it may be unreachable."""
        if self.cancel is not None:
            ending = threading.Thread(target=self.cancel, daemon=True)
            ending.start()
            ending.join(_CANCELLING)

    def _connection_sockets(self) -> Iterator[socket.socket]:
        """Yield duplicates of the sockets of the connection."""
        now, families = _list_sockets(), {socket.AF_INET, socket.AF_INET6}
        if self._own is not None:  # before it is open, a new local socket may belong to others
            families.add(socket.AF_UNIX)
        for number, _ in now - self._foreign if self._own is None else now & self._own:
            with suppress(OSError):
                end = socket.socket(fileno=os.dup(number))
                if end.family in families:
                    yield end
                else:
                    end.close()


def _list_sockets() -> set[tuple[int, str]]:
    """List the process's sockets: the descriptor, and the name by which a later one differs."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            name = str(entry.readlink())
            if name.startswith("socket:"):
                found.add((int(entry.name), name))
    return found
