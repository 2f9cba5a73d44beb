"""Servers that answer wrongly, slowly or never, by sockets: no well-kept server would."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


@contextmanager
def serve(handle: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """Accept connections, each handled in a thread of its own; give the URL.

    The handler is given the connection, and what is set when it has to end.
    """
    ended = threading.Event()
    threads: list[threading.Thread] = []

    def handle_one(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            handle(connection, ended)

    def accept() -> None:
        while not ended.is_set():
            with suppress(TimeoutError):
                connection, _ = listening.accept()
                connection.settimeout(30)
                threads.append(threading.Thread(target=handle_one, args=[connection]))
                threads[-1].start()

    with socket.socket() as listening:
        listening.settimeout(0.1)
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            ended.set()
            for thread in (accepting, *threads):
                thread.join()


@contextmanager
def answer(head: bytes, body: bytes, *, forever: bool = False) -> Iterator[str]:
    """Answer everybody the same; with ``forever`` go on sending a byte at a time."""

    def handle(connection: socket.socket, ended: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n" + body)
        while forever and not ended.wait(0.1):
            connection.sendall(b" ")
        # Closing with something unread would reset the connection, and lose the answer.
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    with serve(handle) as url:
        yield url


@contextmanager
def answer_always(text: str) -> Iterator[str]:
    """Serve one text, whatever is asked for; give the URL of a TAP service."""
    with answer(b"Content-Type: application/x-votable+xml", text.encode()) as url:
        yield f"{url}/tap"


@contextmanager
def answer_never() -> Iterator[str]:
    """Accept connections and say nothing; give the URL of a TAP service."""

    def handle(connection: socket.socket, ended: threading.Event) -> None:
        ended.wait()

    with serve(handle) as url:
        yield f"{url}/tap"


@contextmanager
def answer_slowly() -> Iterator[str]:
    """Send a header now and then, without end; give the URL of a TAP service."""

    def handle(connection: socket.socket, ended: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while not ended.wait(0.2):
            connection.sendall(b"X-Wait: 1\r\n")

    with serve(handle) as url:
        yield f"{url}/tap"
