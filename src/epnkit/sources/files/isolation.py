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
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from epnkit.errors import SourceError
from epnkit.sources.files.limits import LONGEST
from epnkit.sources.files.readers import Reader
from epnkit.sources.files.worker import Answer

#: How many files are handed over together.
_BATCH = 64

#: The number of the file before the first one is begun.
_NONE = -1

#: What an answer may hold beside what pickle writes without a class.
_ALLOWED = {("datetime", "datetime"), ("datetime", "date")}


class UnreadableFileError(ValueError):
    """A file that could not be read; the text says why."""


class IsolatedReader:
    """Reads files with a reader that runs in another process.

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
        self._process: _Process | None = None

    def read(self, paths: Iterable[Path]) -> Iterator[tuple[Path, Iterator[dict[str, Any]]]]:
        """Read files in their order.

        Yields
        ------
        tuple
            A path, and its documents; going through them raises :class:`UnreadableFileError` where
            the file could not be read on. They must be gone through before the next path.
        """
        waiting = iter(paths)
        while batch := list(islice(waiting, _BATCH)):
            yield from self._read_batch(batch)

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.close()
            self._process = None

    def _read_batch(self, batch: list[Path]) -> Iterator[tuple[Path, Iterator[dict[str, Any]]]]:
        answers = _Answers(self, batch)
        for number, path in enumerate(batch):
            documents = answers.of_file(number)
            yield path, documents
            for _ in drain(documents):
                pass

    def start(self) -> _Process:
        """Give the process, a new one if there is none."""
        if self._process is None:
            self._process = _Process(self._reader, self._seconds)
        return self._process


def drain(documents: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Go through what is left of a file's documents, whatever is wrong with it."""
    with suppress(UnreadableFileError):
        yield from documents


class _Answers:
    """The answers to one batch, read as they are asked for; a process that ended is replaced."""

    def __init__(self, owner: IsolatedReader, batch: list[Path]) -> None:
        self._owner, self._batch = owner, batch
        self._unreadable: dict[int, str] = {}
        self._asked: list[int] = []  # the numbers of the files that the process was given
        self._answers: Iterator[Answer] | None = None

    def of_file(self, number: int) -> Iterator[dict[str, Any]]:
        """Give the documents of a file, whose turn it is."""
        given = 0
        while number not in self._unreadable:
            known = given  # a new process begins the file again
            try:
                for document in self._of_process(number):
                    if known:
                        known -= 1
                        continue
                    given += 1
                    yield document
            except _ProcessEndedError as ended:
                self._replace_process(ended, number)
            else:
                return
        raise UnreadableFileError(self._unreadable[number])

    def _of_process(self, number: int) -> Iterator[dict[str, Any]]:
        if self._answers is None:
            rest = range(number, len(self._batch))
            self._asked = [each for each in rest if each not in self._unreadable]
            self._answers = self._owner.start().read([self._batch[each] for each in self._asked])
        for _, documents, problem, done in self._answers:
            yield from documents
            if problem is not None:
                raise UnreadableFileError(problem)
            if done:
                return

    def _replace_process(self, ended: _ProcessEndedError, number: int) -> None:
        if ended.number is None:
            raise SourceError(
                "the process that reads files cannot work",
                where=str(self._batch[number]),
                why=str(ended),
                cure="Run python -c 'import epnkit.sources.files.worker' to see why.",
            ) from None
        self._unreadable[max(number, self._asked[ended.number])] = str(ended)
        self._answers = None
        self._owner.close()


class _ProcessEndedError(Exception):
    """The process ended, or was ended, while it read a file of the batch."""

    def __init__(self, why: str, number: int | None) -> None:
        super().__init__(why)
        self.number = number


class _Process:
    """One process, and the connection to it."""

    def __init__(self, reader: Reader, seconds: float) -> None:
        self._seconds = seconds
        ours, theirs = socket.socketpair()
        memory = os.memfd_create("epnkit")
        os.ftruncate(memory, 8)
        self._position = mmap.mmap(memory, 8)
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

    def read(self, paths: list[Path]) -> Iterator[Answer]:
        """Hand over a batch, and give the answers."""
        self._position[:] = struct.pack("q", _NONE)
        try:
            self._connection.send([os.fsencode(path) for path in paths])
            done = 0
            while done < len(paths):
                if not self._connection.poll(self._seconds):
                    raise self._make_ended_error(
                        f"reading it takes longer than {self._seconds:g} seconds"
                    )
                for answer in _load(self._connection.recv_bytes()):
                    done += answer[3]
                    yield answer
        except (EOFError, OSError):
            raise self._make_ended_error("reading it ends the process that reads it") from None

    def _make_ended_error(self, why: str) -> _ProcessEndedError:
        (number,) = struct.unpack("q", self._position[:])
        self.close()
        return _ProcessEndedError(why, None if number == _NONE else number)

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
        """Allow dates."""
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is no plain value")
        return super().find_class(module, name)


def _load(content: bytes) -> list[Answer]:
    answers: list[Answer] = _PlainUnpickler(io.BytesIO(content)).load()
    return answers
