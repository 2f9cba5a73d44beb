"""The web server of a DaCHS: whether it runs, and telling it to read its services anew."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

from epnkit.dachs.instance import Place

#: DaCHS's unit; it has no way to reload, but the process takes a signal.
_UNIT = "dachs.service"


def process(place: Place) -> int | None:
    """Give the process number of a running web server: as noted, or as systemd knows it."""
    private = place.private
    notes = [place.state / "web.pid"] if private is None else [private.server_note]
    for note in notes:
        if note.is_file() and _is_dachs(int(note.read_text().strip() or 0)):
            return int(note.read_text())
    return _of_systemd() if private is None else None


def reload(place: Place) -> str:
    """Tell the web server to forget what it read, and say what came of it."""
    number = process(place)
    if number is None:
        return "no web server runs: nothing to tell"
    try:
        os.kill(number, signal.SIGHUP)
    except PermissionError:
        return f"the web server is another's: as root, do kill -HUP {number}"
    return f"process {number} reads its services anew"


def _is_dachs(number: int) -> bool:
    """Tell whether a process is there and is DaCHS: a number may have gone to another."""
    try:
        words = (Path("/proc") / str(number) / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return any(word.endswith(b"/dachs") for word in words)


def _of_systemd() -> int | None:
    program = shutil.which("systemctl")
    if program is None:
        return None
    asked = [program, "show", "--property=MainPID", "--value", _UNIT]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    number = int(done.stdout.strip() or 0)
    return number if number and _is_dachs(number) else None
