"""Running a command on a pseudo-terminal, and answering what it asks."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

#: How long a command may say nothing before it is taken to hang, in seconds.
PATIENCE = 60.0


class Conversation:
    """A command that believes a person reads and types.

    Parameters
    ----------
    words : str
        The words after ``epnkit``.
    directory : pathlib.Path
        Where it runs.
    environment : mapping
        Variables beyond those of this process.
    """

    def __init__(self, *words: str, directory: Path, environment: Mapping[str, str]) -> None:
        self._master, slave = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from epnkit.cli import main; main()", *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=directory,
            env={**os.environ, **environment, "TERM": "dumb", "COLUMNS": "200"},
        )
        os.close(slave)
        self.said = ""
        self._read = 0

    def answer(self, question: str, text: str) -> str:
        """Wait for a question, and type an answer; give what was printed up to it."""
        while question not in self.said[self._read :]:
            if not self._fetch():
                raise AssertionError(f"{question!r} was not asked:\n{self.said}")
        end = self.said.index(question, self._read) + len(question)
        before, self._read = self.said[self._read : end], end
        os.write(self._master, f"{text}\n".encode())
        return before

    def end(self) -> int:
        """Read the rest, and give the exit status."""
        while self._fetch():
            pass
        os.close(self._master)
        return self._process.wait()

    def _fetch(self) -> bool:
        ready, _, _ = select.select([self._master], [], [], PATIENCE)
        if not ready:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"it says nothing more:\n{self.said}")
        try:
            part = os.read(self._master, 65536)
        except OSError:  # the other side is closed
            return False
        self.said += part.decode(errors="replace").replace("\r\n", "\n")
        return bool(part)
