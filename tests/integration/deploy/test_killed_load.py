"""A load that is killed leaves no import behind, and no run that seems to go on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from epnkit.dachs.private import PrivateDachs
from tests.integration.deploy.test_afternoon import Afternoon

#: A query that gives its first row after a very long time.
ENDLESS = (
    "SELECT f.* FROM flares f WHERE f.event_no > (WITH RECURSIVE n(i) AS"
    " (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n)"
)

#: How often it is looked whether something has happened, and for how long, in seconds.
PAUSE, PATIENCE = 0.2, 120.0


def wait_until(happened: Iterator[bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not next(happened):
        assert time.monotonic() < end
        time.sleep(PAUSE)


def list_imports(name: str) -> list[str]:
    """List the processes that import a service."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode().split("\0")
        except OSError:  # it has just ended
            continue
        if "imp" in words and f"{name}/q" in words and "setpriv" not in words[0]:
            found.append(path.parent.name)
    return found


@contextmanager
def start_load(dachs: PrivateDachs, name: str) -> Iterator[subprocess.Popen[bytes]]:
    words = [sys.executable, "-c", "from epnkit.cli import main; main()", "load", name]
    process = subprocess.Popen(words, env={**os.environ, "EPNKIT_DACHS": str(dachs.root)})
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_killed_load_leaves_nothing_that_runs(scratch: PrivateDachs) -> None:
    story = Afternoon(scratch)
    story.make_table()
    folder = str(story.folder.parent)
    story.run("new", "flares", "--from", str(story.table), "--into", folder, "--accept")
    story.run("deploy", str(story.folder), "--no-publish")
    source = scratch.inputs / "flares" / "source.toml"
    source.write_text(source.read_text().replace("SELECT * FROM flares", ENDLESS))
    with start_load(scratch, "flares") as load:
        wait_until(bool(list_imports("flares")) for _ in iter(int, 1))
        wait_until("running" in story.run("status", "flares") for _ in iter(int, 1))
        os.kill(load.pid, signal.SIGKILL)
        load.wait()
        wait_until(not list_imports("flares") for _ in iter(int, 1))
    wait_until("running" not in story.run("status", "flares", status=1) for _ in iter(int, 1))
    assert "nothing of it remains; load again" in story.run("status", "flares", status=1)
