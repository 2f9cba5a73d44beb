"""A TCP proxy that breaks connections on purpose, for tests of what a network does."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, Self


@dataclass(frozen=True)
class Fault:
    """What happens to one connection.

    Parameters
    ----------
    kind : {"reset", "close", "stall", "answer"}
        Reset or closed after some bytes of the server's, silent after them, or answered here.
    after : int
        How many bytes of the server's come through before.
    answer : bytes
        What is answered instead of the server.
    """

    kind: Literal["reset", "close", "stall", "answer"]
    after: int = 0
    answer: bytes = b""


def http(status: str, body: bytes = b"", *headers: str) -> Fault:
    """Answer a request with this status line, body and headers."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return Fault("answer", answer="\r\n".join(lines).encode() + b"\r\n\r\n" + body)


class Proxy:
    """A port that passes everything on to another one, except for the given faults.

    Parameters
    ----------
    target : int
        The server's port on 127.0.0.1.
    replaced : dict of bytes to bytes
        What the server says that comes through as something else, of the same length.
    pause : float
        How many seconds whatever the server says is held back.
    """

    def __init__(
        self, target: int, replaced: dict[bytes, bytes] | None = None, pause: float = 0.0
    ) -> None:
        self.target, self.replaced, self.pause = target, replaced or {}, pause
        self.faults: deque[Fault] = deque()
        self.connections = 0
        self.bytes = 0  # of the server's, that came through
        self._silent: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        _end(*self._silent)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            fault = self.faults.popleft() if self.faults else None
            threading.Thread(target=self._serve, args=(client, fault), daemon=True).start()

    def _serve(self, client: socket.socket, fault: Fault | None) -> None:
        if fault is not None and fault.kind == "answer":
            self._answer(client, fault.answer)
            return
        try:
            server = socket.create_connection(("127.0.0.1", self.target))
        except OSError:
            _reset(client)
            return
        for end in (client, server):  # else each small message may wait 40 ms for another's receipt
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=_pump, args=(client, server), daemon=True).start()
        self._pass_back(server, client, fault)

    def _answer(self, client: socket.socket, answer: bytes) -> None:
        with suppress(OSError), client:
            request = b""
            while b"\r\n\r\n" not in request:
                request += client.recv(65536)
            client.sendall(answer)

    def _pass_back(self, server: socket.socket, client: socket.socket, fault: Fault | None) -> None:
        left = None if fault is None else fault.after
        with suppress(OSError):
            while (left is None or left > 0) and (chunk := server.recv(left or 65536)):
                for said, heard in self.replaced.items():
                    chunk = chunk.replace(said, heard)
                time.sleep(self.pause)
                client.sendall(chunk)
                self.bytes += len(chunk)
                left = None if left is None else left - len(chunk)
        if fault is not None and left == 0 and fault.kind == "stall":
            self._silent += [client, server]  # both stay open, and nothing comes any more
        elif fault is not None and left == 0:
            _break(client, server, fault)
        else:
            _end(client, server)


def _break(client: socket.socket, server: socket.socket, fault: Fault) -> None:
    if fault.kind == "reset":
        _reset(client)
    _end(client, server)


def _reset(client: socket.socket) -> None:
    """Close a connection so that the other side sees a reset (RFC 9293 section 3.10.7)."""
    with suppress(OSError):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.shutdown(socket.SHUT_RD)  # ends a read in another thread, which keeps it open
        client.close()


def _end(*ends: socket.socket) -> None:
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            target.sendall(chunk)
    # Also of a client that was killed, and resets its end: its session would stay, with its locks.
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
