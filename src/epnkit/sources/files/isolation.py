"""Reading files in a process of its own, under limits of time and memory, used again and again."""

from __future__ import annotations

import io
import mmap
import os
import pickle
import socket
import struct
import subprocess
import sys
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from epnkit.errors import SourceError
from epnkit.sources.files.limits import LONGEST, LONGEST_START
from epnkit.sources.files.readers import Reader, is_bounded
from epnkit.sources.files.walk import FoundFile
from epnkit.sources.files.worker import Answer, describe_error
from epnkit.sources.values.documents import Note

#: How many files are handed over together, at most two lots before their turn; and the most bytes
#: of their names: a connection holds both lots, so that neither side waits for the other.
_LOT, _LOT_BYTES = 64, 32 * 1024

#: What an answer may hold beside what pickle writes without a class.
_ALLOWED = {("datetime", "datetime"), ("datetime", "date"), (Note.__module__, Note.__name__)}


class UnreadableFileError(ValueError):
    """A file that could not be read; the text says why."""


class IsolatedReader:
    """Reads files with a reader that runs in another process, which works in advance.

    A file that ends the process, or takes longer than ``seconds``, is unreadable, and the next one
    is read by a new process.

    Parameters
    ----------
    reader : callable
        Reads one file.
    seconds : float
        How long a file, or a few hundred documents of it, may take.
    """

    def __init__(self, reader: Reader, seconds: float = LONGEST) -> None:
        self._reader, self._seconds = reader, seconds
        self._idle: _Process | None = None

    def read(
        self, files: Iterable[FoundFile]
    ) -> Iterator[tuple[FoundFile, Iterator[dict[str, Any]]]]:
        """Read files in their order.

        Yields
        ------
        tuple
            A file, and its documents; going through them raises :class:`UnreadableFileError` where
            the file could not be read on. They must be gone through before the next file.
        """
        queue = _Queue(self._take_process, self._queue_files(files))
        try:
            while (file := queue.next_file()) is not None:
                documents = self._read_here(file) if file.is_bounded else queue.read_file(file)
                yield file.found, documents
                for _ in drain(documents):
                    pass
        finally:
            self._keep(queue.give_process())

    def close(self) -> None:
        """End the process."""
        self._keep(None)

    def _queue_files(self, files: Iterable[FoundFile]) -> Iterator[_File]:
        for found in files:
            yield _File(found, is_bounded(self._reader, found.path, found.size))

    def _read_here(self, file: _File) -> Iterator[dict[str, Any]]:
        try:
            yield from self._reader(file.found.path)
        except Exception as error:  # noqa: BLE001 (a border, as in the other process)
            raise UnreadableFileError(describe_error(error)) from None

    def _take_process(self) -> _Process:
        """Give the idle process, or a new one: two that read at a time have one each."""
        process, self._idle = self._idle, None
        return process or _Process(self._reader, self._seconds)

    def _keep(self, process: _Process | None) -> None:
        if self._idle is not None:
            self._idle.close()
        self._idle = process


def drain(documents: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Go through what is left of a file's documents, whatever is wrong with it."""
    with suppress(UnreadableFileError):
        yield from documents


@dataclass(slots=True)
class _File:
    """A file, whether it is read here, and why it is not handed over (again).

    Only what may take longer or more than its size says is for the other process.
    """

    found: FoundFile
    is_bounded: bool
    problem: str | None = None


class _Queue:
    """Files in their order; some are handed over before their turn, and again if that ends ill."""

    def __init__(self, take_process: Callable[[], _Process], files: Iterator[_File]) -> None:
        self._take_process, self._files = take_process, files
        self._process: _Process | None = None
        self._taken: deque[_File] = deque()  # not gone through yet
        self._sent: deque[_File] = deque()  # those of them that the process was given

    def next_file(self) -> _File | None:
        """Take the next file, and hand over others if few are left."""
        while len(self._taken) < _LOT and (lot := _take_lot(self._files)):
            self._taken.extend(lot)
            self._send(lot)
        return self._taken.popleft() if self._taken else None

    def read_file(self, file: _File) -> Iterator[dict[str, Any]]:
        """Give the documents of the file that was taken last."""
        given = 0
        while file.problem is None:
            try:
                for document in islice(self._receive(file), given, None):
                    given += 1
                    yield document
            except _ProcessEndedError as ended:
                self._replace_process(ended, file)  # which begins the file again
            else:
                return
        raise UnreadableFileError(file.problem)

    def give_process(self) -> _Process | None:
        """Give the process back, if it may be used again: nothing is left of what it was asked."""
        process, self._process = self._process, None
        if process is not None and self._sent:
            process.close()
            return None
        return process

    def _send(self, files: Iterable[_File]) -> None:
        foreign = [file for file in files if not file.is_bounded and file.problem is None]
        if foreign:
            self._start().send([file.found.path for file in foreign])
            self._sent.extend(foreign)

    def _start(self) -> _Process:
        self._process = self._process or self._take_process()
        return self._process

    def _receive(self, file: _File) -> Iterator[dict[str, Any]]:
        if self._process is None:
            self._send([file, *self._taken])
        process = self._start()
        for documents, problem, is_done in process.receive():
            if is_done:
                self._sent.popleft()
            yield from documents
            if problem is not None:
                raise UnreadableFileError(problem)
            if is_done:
                return

    def _replace_process(self, ended: _ProcessEndedError, file: _File) -> None:
        if ended.number is None:
            raise SourceError(
                "the process that reads files cannot work",
                where=str(file.found.path),
                why=str(ended),
                cure="Run python -c 'import epnkit.sources.files.worker' to see why.",
            ) from None
        self._sent[ended.number].problem = str(ended)
        self._sent.clear()
        self._process = None


def _take_lot(files: Iterator[_File]) -> list[_File]:
    lot: list[_File] = []
    size = 0
    while len(lot) < _LOT and size < _LOT_BYTES and (file := next(files, None)) is not None:
        lot.append(file)
        size += len(file.found.name)
    return lot


class _ProcessEndedError(Exception):
    """The process ended, or was ended, while it read a file: which one of those not answered."""

    def __init__(self, why: str, number: int | None) -> None:
        super().__init__(why)
        self.number = number


class _Process:
    """One process, and the connection to it."""

    def __init__(self, reader: Reader, seconds: float) -> None:
        self._seconds = seconds
        self._done = 0  # how many files it has answered
        self._received: deque[Answer] = deque()
        ours, theirs = socket.socketpair()
        memory = os.memfd_create("epnkit")
        os.ftruncate(memory, 8)
        self._begun = mmap.mmap(memory, 8)
        code = (
            f"import sys; sys.path[:] = {sys.path!r}; sys.argv[0] = 'epnkit-reader'\n"
            "from epnkit.sources.files.worker import main; main()"
        )
        self._process = subprocess.Popen(  # noqa: S603 (ourselves)
            [sys.executable, "-c", code, str(theirs.fileno()), str(memory)],
            pass_fds=(theirs.fileno(), memory),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        theirs.close()
        os.close(memory)
        self._connection = Connection(ours.detach())
        self._connection.send_bytes(pickle.dumps(reader))
        self._end = weakref.finalize(self, _end_process, self._process, self._connection)

    def send(self, paths: list[Path]) -> None:
        """Hand over files; that the process has ended is for :meth:`receive` to find."""
        with suppress(OSError):
            self._connection.send([os.fsencode(path) for path in paths])

    def receive(self) -> Iterator[Answer]:
        """Give the answers, in the order of the files."""
        while True:
            if not self._received:
                self._received.extend(self._wait())
            answer = self._received.popleft()
            self._done += answer[2]
            yield answer

    def _wait(self) -> list[Answer]:
        try:
            # Until it has begun with a file it is starting, which takes long on a busy machine.
            if self._connection.poll(self._seconds) or (
                not self._begun_files() and self._connection.poll(LONGEST_START)
            ):
                return _load(self._connection.recv_bytes())
        except (EOFError, OSError):
            raise self._make_ended_error("reading it ends the process that reads it") from None
        raise self._make_ended_error(f"reading it takes longer than {self._seconds:g} seconds")

    def _make_ended_error(self, why: str) -> _ProcessEndedError:
        begun = self._begun_files()
        self.close()
        return _ProcessEndedError(why, max(0, begun - 1 - self._done) if begun else None)

    def _begun_files(self) -> int:
        (begun,) = struct.unpack("q", self._begun[:])
        return int(begun)

    def close(self) -> None:
        """End the process."""
        self._end()


def _end_process(process: subprocess.Popen[bytes], connection: Connection) -> None:
    connection.close()
    process.kill()
    process.wait()


class _PlainUnpickler(pickle.Unpickler):
    """Reads plain values, and no class: what wrote them has read hostile files."""

    def find_class(self, module: str, name: str) -> Any:
        """Allow dates, and notes of what is wrong."""
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is no plain value")
        return super().find_class(module, name)


def _load(content: bytes) -> list[Answer]:
    answers: list[Answer] = _PlainUnpickler(io.BytesIO(content)).load()
    return answers
