"""Programs that a replica needs beside DaCHS for as long as it is shown: servers of its source."""

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

_URL = re.compile(r"https?://[^\s/]+|mysql://\S+")


@dataclass
class Program:
    """A running program.

    Parameters
    ----------
    url : str
        Where it serves.
    process : subprocess.Popen
        The process.
    log : file
        What it writes beside that.
    """

    url: str
    process: subprocess.Popen[str]
    log: IO[bytes]

    def stop(self) -> None:
        """End it, and wait until it has gone."""
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
        Where it ends without a URL; its log is the reason.
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
    said = log.read_text(errors="replace").strip().splitlines()
    raise DeployError(
        f"{' '.join(map(str, words))} does not start",
        where=str(log),
        why=(said or ["silence"])[-1],
        cure=f"Read the whole log, {log}; what it needs is installed by scripts/setup --servers.",
    )


def port(note: Path) -> int:
    """Give the port that a note keeps, or where it is taken another free one, and note it."""
    kept = int(note.read_text()) if note.exists() else 0
    chosen = kept if kept and is_free(kept) else free_port()
    note.write_text(str(chosen))
    return chosen
