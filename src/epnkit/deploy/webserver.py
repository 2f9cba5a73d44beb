"""The web server of a DaCHS: finding its process, and reloading its services."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

from epnkit.dachs.instance import DachsInstance

#: DaCHS's unit; it has no way to reload, but the process takes a signal.
_UNIT = "dachs.service"


def find_process(instance: DachsInstance) -> int | None:
    """Return the process number of a running web server, from its pid file or systemd."""
    private = instance.private
    pid_files = [instance.state / "web.pid"] if private is None else [private.server_pid_file]
    for path in pid_files:
        if path.is_file() and _is_dachs(int(path.read_text().strip() or 0)):
            return int(path.read_text())
    return _ask_systemd() if private is None else None


def reload(instance: DachsInstance) -> str:
    """Let the web server reload its services, and report the result."""
    number = find_process(instance)
    if number is None:
        return "no web server is running"
    try:
        os.kill(number, signal.SIGHUP)
    except PermissionError:
        return f"the web server belongs to another account: as root, run kill -HUP {number}"
    return f"process {number} reloads its services"


def _is_dachs(number: int) -> bool:
    """Return whether a process exists and is DaCHS: its number may have been reused."""
    try:
        words = (Path("/proc") / str(number) / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return any(word.endswith(b"/dachs") for word in words)


def _ask_systemd() -> int | None:
    program = shutil.which("systemctl")
    if program is None:
        return None
    command = [program, "show", "--property=MainPID", "--value", _UNIT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    number = int(done.stdout.strip() or 0)
    return number if number and _is_dachs(number) else None
