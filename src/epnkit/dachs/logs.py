"""Logs of a private DaCHS, which no service of the system rotates."""

from __future__ import annotations

from pathlib import Path

#: From this size on, a log is moved away before its server starts again, in bytes.
LARGEST = 20_000_000


def rotate(log: Path, largest: int = LARGEST) -> None:
    """Move a large log to ``NAME.1``, in place of the one that was there.

    Parameters
    ----------
    log : pathlib.Path
        The log; it need not exist.
    largest : int
        The size that it may have, in bytes.
    """
    if log.is_file() and log.stat().st_size > largest:
        log.rename(log.with_name(f"{log.name}.1"))
