"""Programs that a replica needs besides DaCHS while it is shown: the servers of its source."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from epnkit.dachs.ports import free_port, is_free
from epnkit.errors import DeployError

_URL = re.compile(r"https?://[^\s/]+|(?:mysql|mongodb)://\S+")


@dataclass
class Program:
    """A running program.

    Parameters
    ----------
    url : str
        The address where it serves.
    process : subprocess.Popen
        The process.
    log : file
        The file with its other output.
    """

    url: str
    process: subprocess.Popen[str]
    log: IO[bytes]

    def stop(self) -> None:
        """End it, and wait until it has ended."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        if self.process.stdout is not None:
            self.process.stdout.close()


def start(words: list[str | Path], directory: Path, log: Path) -> Program:
    """Start a Python program, and wait until it prints the URL where it serves.

    Parameters
    ----------
    words : list
        What follows ``python`` on the command line.
    directory : pathlib.Path
        Where it runs.
    log : pathlib.Path
        The file for what it writes to its standard error.

    Raises
    ------
    DeployError
        If it ends without a URL; its log is the reason.
    """
    output = log.open("wb")
    process = subprocess.Popen(  # noqa: S603 - our own words, no shell
        [sys.executable, *words],
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=output,
        text=True,
    )
    for line in process.stdout or ():
        found = _URL.search(line)
        if found:
            return Program(found[0], process, output)
    process.wait()
    output.close()
    if process.stdout is not None:
        process.stdout.close()
    lines = log.read_text(errors="replace").strip().splitlines()
    raise DeployError(
        f"{' '.join(map(str, words))} does not start",
        where=str(log),
        why=(lines or ["it printed nothing"])[-1],
        cure=f"Read the whole log, {log}; what it needs is installed by scripts/setup --servers.",
    )


def choose_port(file: Path) -> int:
    """Return the port that a file remembers, or a free one if it is in use, and save it."""
    last = int(file.read_text()) if file.exists() else 0
    chosen = last if last and is_free(last) else free_port()
    file.write_text(str(chosen))
    return chosen
