"""Ctrl-C while a program is waited for."""

from __future__ import annotations

import signal


def heed_interrupts() -> None:
    """Let Ctrl-C end a wait for another program at once.

    Polars puts a handler of its own in front of Python's, after which the kernel goes on with a
    system call that was interrupted (``SA_RESTART``): a wait would only end with the program.
    """
    signal.siginterrupt(signal.SIGINT, True)
