"""``epnkit stream serve`` as a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from epnkit.dachs.private import PrivateDachs


@contextmanager
def run_stream_server(dachs: PrivateDachs, *more: str | Path) -> Iterator[str]:
    """Serve the data sets of a DaCHS; give the server's address.

    Parameters
    ----------
    dachs : PrivateDachs
        The DaCHS.
    *more : str or pathlib.Path
        Further words of the command.
    """
    with socket.create_server(("127.0.0.1", 0)) as opened:
        port = opened.getsockname()[1]
    words = ["stream", "serve", "--dachs", str(dachs.root), "--port", str(port), *map(str, more)]
    program = subprocess.Popen(
        [Path(sys.executable).with_name("epnkit"), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    address = f"http://127.0.0.1:{port}"
    assert program.stdout is not None
    line = program.stdout.readline()
    assert f"data sets at {address}/hapi" in line, line + program.stdout.read()
    _await(f"{address}/hapi/capabilities")
    yield address
    program.send_signal(signal.SIGINT)
    with program.stdout as rest:
        assert program.wait(30) == 0, rest.read()


def _await(url: str) -> None:
    for _ in range(300):
        try:
            requests.get(url, timeout=5).raise_for_status()
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
