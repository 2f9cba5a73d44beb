"""HTTP sessions that end at a deadline, whatever the server does.

The timeouts of requests bound each wait for the network, and not their sum: a server that sends one
byte a second is waited for without end.  Here the sockets are shut when the time is over.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

#: How long a connection may take, in seconds.
CONNECT_TIMEOUT = 10.0


class _Sockets:
    """The open sockets of a session."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self.expired = False

    def add(self, opened: socket.socket) -> None:
        """Remember a socket; after the deadline, shut it at once."""
        with self._lock:
            self._sockets.append(opened)
            if self.expired:
                _shut(opened)

    def expire(self) -> None:
        """Shut all sockets, and those that come."""
        with self._lock:
            self.expired = True
            for opened in self._sockets:
                _shut(opened)


def _shut(opened: socket.socket) -> None:
    with suppress(OSError):
        # Not that of TLS, which another thread is reading.
        socket.socket.shutdown(opened, socket.SHUT_RDWR)


class _Adapter(HTTPAdapter):
    """An adapter whose connections hand in their sockets."""

    def __init__(self, sockets: _Sockets) -> None:
        self._sockets = sockets
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Make the pools of connections that are watched."""
        super().init_poolmanager(*arguments, **options)  # type: ignore[no-untyped-call]
        self._watch(self.poolmanager)

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> Any:
        """Make the pools of connections to a proxy, which are watched, too."""
        manager = super().proxy_manager_for(*arguments, **options)  # type: ignore[no-untyped-call]
        self._watch(manager)
        return manager

    def _watch(self, manager: Any) -> None:
        sockets = self._sockets

        class Plain(HTTPConnection):
            def connect(self) -> None:
                super().connect()  # type: ignore[no-untyped-call]
                sockets.add(self.sock)

        class Encrypted(HTTPSConnection):
            def connect(self) -> None:
                super().connect()  # type: ignore[no-untyped-call]
                sockets.add(self.sock)

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class EncryptedPool(HTTPSConnectionPool):
            ConnectionCls = Encrypted

        manager.pool_classes_by_scheme = {"http": PlainPool, "https": EncryptedPool}


class DeadlineSession(requests.Session):
    """A session whose requests fail after a deadline.

    Parameters
    ----------
    seconds : float
        How long all of them may take together.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.sockets = _Sockets()
        self._answers: list[requests.Response] = []
        self._end = time.monotonic() + seconds
        for scheme in ("http://", "https://"):
            self.mount(scheme, _Adapter(self.sockets))

    @property
    def expired(self) -> bool:
        """Whether the deadline is over."""
        return self.sockets.expired

    def request(self, *arguments: Any, **options: Any) -> requests.Response:
        """Make a request, with the time that is left as its timeout."""
        left = max(self._end - time.monotonic(), 0.001)
        options.setdefault("timeout", (min(CONNECT_TIMEOUT, left), left))
        answer = super().request(*arguments, **options)
        self._answers.append(answer)
        return answer

    def close(self) -> None:
        """Close the session, and the answers that were not read to their end."""
        for answer in self._answers:
            answer.close()
        super().close()


@contextmanager
def open_session(seconds: float) -> Iterator[DeadlineSession]:
    """Open a session whose sockets are shut when the time is over."""
    with DeadlineSession(seconds) as session:
        timer = threading.Timer(seconds, session.sockets.expire)
        timer.daemon = True
        timer.start()
        try:
            yield session
        finally:
            timer.cancel()
