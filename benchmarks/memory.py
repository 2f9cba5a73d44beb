"""The memory that a process has, and the highest that it had."""

from __future__ import annotations

from pathlib import Path


def peak(process: str = "self") -> int:
    """Read the highest memory of a process, in KiB.

    It is not ``ru_maxrss``, which a new process inherits from the one that started it.

    Parameters
    ----------
    process : str
        The number of the process; this one by default.

    Raises
    ------
    OSError, ValueError
        If it has ended.
    """
    return _read("VmHWM:", process)


def resident(process: str = "self") -> int:
    """Read the memory that a process has now, in KiB; see :func:`peak`."""
    return _read("VmRSS:", process)


def anonymous(process: str = "self") -> int:
    """Read the memory that a process has now without mapped files, in KiB; see :func:`peak`."""
    return _read("RssAnon:", process)


def _read(name: str, process: str) -> int:
    words = (Path("/proc") / process / "status").read_text().split()
    return int(words[words.index(name) + 1])
