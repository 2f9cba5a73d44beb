"""Starting a server process, waiting until it answers, and ending it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from epnkit.dachs.account import choose_account
from epnkit.errors import DeployError

#: How long a server may take until it answers, in seconds.
PATIENCE = 240.0


@dataclass
class Server:
    """A running server.

    Parameters
    ----------
    name : str
        What it is.
    port : int
        Where it listens on 127.0.0.1.
    process : subprocess.Popen
        The process.
    log : pathlib.Path
        What it writes.
    url : str
        How to reach it.
    """

    name: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path
    url: str

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> None:
        """End the process and wait until it has gone."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, sign)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(30)


def is_listening(port: int) -> bool:
    """Tell whether something listens on a port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def launch(
    name: str,
    argv: list[str | Path],
    port: int,
    directory: Path,
    url: str,
    ready: Callable[[], bool] | None = None,
) -> Server:
    """Start a server, and wait until it answers.

    Parameters
    ----------
    name : str
        Its name, for messages.
    argv : list
        The command line.
    port : int
        The port that it will listen on.
    directory : pathlib.Path
        The working directory; given to the unprivileged account with its content.
    url : str
        Its address.
    ready : callable, optional
        Returns whether it answers; by default, whether it listens.

    Raises
    ------
    DeployError
        When it ends or doesn't answer in time; the end of its log is the reason.
    """
    account = choose_account(directory, *(Path(word) for word in argv if Path(word).is_absolute()))
    account.create_owned(directory)
    log = directory / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 (our own words, no shell)
            account.command(argv),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=directory,
            start_new_session=True,
            # DaCHS sets the locale of whoever imports it to C; Java would write texts by it.
            env={
                **os.environ,
                "HOME": str(directory),
                "TMPDIR": "/tmp",  # noqa: S108 (sockets)
                "LC_ALL": "C.UTF-8",
            },
        )
    server = Server(name, port, process, log, url)
    _wait(server, ready or (lambda: is_listening(port)))
    return server


def _wait(server: Server, ready: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if ready():
            return
        if server.process.poll() is not None:
            raise _start_error(server, "ended")
        time.sleep(0.1)
    server.stop()
    raise _start_error(server, f"did not answer within {PATIENCE:.0f} s")


def _start_error(server: Server, what: str) -> DeployError:
    lines = server.log.read_text(errors="replace").splitlines()
    return DeployError(
        f"{server.name} {what}",
        where=str(server.log),
        why=" / ".join(lines[-5:]) or None,
        cure="Read the whole log.",
    )
