"""Going through a directory in order, and opening nothing."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import polars as pl

from epnkit.errors import SourceError
from epnkit.sources.base import CursorValue, Window
from epnkit.sources.values.window_ends import comparable


@dataclass(frozen=True, slots=True)
class Found:
    """A file, before it is opened.

    Parameters
    ----------
    path : pathlib.Path
        Where it lies.
    name : str
        The same below the directory that is read, with slashes.
    size : int
        Its size in bytes.
    ticks : int
        When it was last changed, in nanoseconds since 1970.
    """

    path: Path
    name: str
    size: int
    ticks: int

    @property
    def modified(self) -> dt.datetime:
        """When it was last changed, UTC to the microsecond."""
        return dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=self.ticks // 1000)


def walk(
    root: Path, globs: tuple[str, ...], choose: Callable[[list[str]], list[str]], window: Window
) -> Iterator[Found]:
    """Find the files under a directory that changed within a window, in the order of their paths.

    Only the names of the directories on the way to a file are held.

    Parameters
    ----------
    root : pathlib.Path
        The directory.
    globs : tuple of str
        Which names to take.
    choose : callable
        Takes the names in one directory, those of directories with a slash, and leaves some out.
    window : Window
        The window.

    Raises
    ------
    SourceError
        When there is no such directory, or the window's ends are no times.
    """
    if not root.is_dir():
        raise SourceError(
            "there is no such directory",
            where=str(root),
            cure="Correct `directory` in the source file, or mount what holds it",
        )
    within = _within(window)
    for name in _ordered(root, "", choose):
        if any(fnmatchcase(name.rpartition("/")[2], glob) for glob in globs):
            path = root / name
            state = path.stat()
            found = Found(path, name, state.st_size, state.st_mtime_ns)
            if within(found):
                yield found


def _ordered(root: Path, below: str, choose: Callable[[list[str]], list[str]]) -> Iterator[str]:
    """Name the files under a directory by their paths."""
    for name in choose(sorted(_listed(root / below))):
        if name.endswith("/"):
            yield from _ordered(root, below + name, choose)
        else:
            yield below + name


def _listed(directory: Path) -> Iterator[str]:
    """Name what lies in a directory, directories with a slash."""
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.is_dir():
                yield entry.name + "/"
            elif entry.is_file():
                yield entry.name


def _within(window: Window) -> Callable[[Found], bool]:
    low, high = (_end(value) for value in (window.low, window.high))

    def within(found: Found) -> bool:
        changed = found.modified
        above = low is None or (changed >= low if window.low_closed else changed > low)
        below = high is None or (changed <= high if window.high_closed else changed < high)
        return above and below

    return within


def _end(value: CursorValue | None) -> dt.datetime | None:
    found = None if value is None else comparable(value, pl.Datetime("us"), "modified")
    return found if isinstance(found, dt.datetime) else None
