"""Ctrl-C ends a wait for a program, also after polars was at work."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from tests.support.waiting import wait_until

#: Uses polars, and then waits for a program that takes longer than a test may.
WAIT = """
import subprocess
import polars
from epnkit.dachs.interrupts import heed_interrupts
polars.DataFrame({"a": [1]}).lazy().collect()
heed_interrupts()
subprocess.run(["sh", "-c", "echo begun; exec sleep 600"])
"""


def test_an_interrupt_ends_the_wait() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WAIT],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell that starts the tests in the background has it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        waits = Path(f"/proc/{process.pid}/wchan")
        wait_until(lambda: waits.read_text() == "do_wait")
        process.send_signal(signal.SIGINT)
        try:
            _, said = process.communicate(timeout=60)
        finally:
            process.kill()
    assert "KeyboardInterrupt" in said
