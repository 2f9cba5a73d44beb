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
from epnkit.sources.values.window_bounds import comparable_bound


@dataclass(frozen=True, slots=True)
class FoundFile:
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
    root: Path,
    globs: tuple[str, ...],
    choose: Callable[[list[str]], list[str]],
    window: Window,
    follow_links: bool = False,
) -> Iterator[FoundFile]:
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
    follow_links : bool
        Whether links may lead out of the directory.

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
    within = _window_predicate(window)
    for name in _walk_in_order(Boundary(root, follow_links), "", choose):
        if any(fnmatchcase(name.rpartition("/")[2], glob) for glob in globs):
            path = root / name
            try:
                state = path.stat()
            except FileNotFoundError:
                continue  # it went while the directory was read
            found = FoundFile(path, name, state.st_size, state.st_mtime_ns)
            if within(found):
                yield found


class Boundary:
    """Keeps a walk within a directory: links that lead out of it are not followed, nor loops.

    Parameters
    ----------
    root : pathlib.Path
        The directory.
    follow_links : bool
        Whether links may lead out of it.
    """

    def __init__(self, root: Path, follow_links: bool) -> None:
        self.root = root
        self._real, self._follow_links = os.path.realpath(root), follow_links

    def is_within(self, entry: os.DirEntry[str]) -> bool:
        """Say whether an entry may be read."""
        if not entry.is_symlink():
            return True
        path = Path(entry.path)
        target, folder = os.path.realpath(path), os.path.realpath(path.parent)
        is_loop = Path(target).is_dir() and _holds(target, folder)
        return not is_loop and (self._follow_links or _holds(self._real, target))


def _holds(directory: str, path: str) -> bool:
    return path == directory or path.startswith(directory.rstrip("/") + "/")


def _walk_in_order(
    boundary: Boundary, below: str, choose: Callable[[list[str]], list[str]]
) -> Iterator[str]:
    """Name the files under a directory by their paths."""
    for name in choose(sorted(_list_directory(boundary, below))):
        if name.endswith("/"):
            yield from _walk_in_order(boundary, below + name, choose)
        else:
            yield below + name


def _list_directory(boundary: Boundary, below: str) -> Iterator[str]:
    """Name what lies in a directory, directories with a slash; pipes, devices, sockets are none.

    A name that is no text (not UTF-8) could be in no URL and in no table, and is left out too.
    """
    with os.scandir(boundary.root / below) as entries:
        for entry in entries:
            if not _is_text(entry.name) or not boundary.is_within(entry):
                continue
            try:
                if entry.is_dir():
                    yield entry.name + "/"
                elif entry.is_file():
                    yield entry.name
            except OSError:
                continue  # links that lead to themselves


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return name.isprintable()


def _window_predicate(window: Window) -> Callable[[FoundFile], bool]:
    low, high = (_parse_time_bound(value) for value in (window.low, window.high))

    def within(found: FoundFile) -> bool:
        changed = found.modified
        above = low is None or (changed >= low if window.low_closed else changed > low)
        below = high is None or (changed <= high if window.high_closed else changed < high)
        return above and below

    return within


def _parse_time_bound(value: CursorValue | None) -> dt.datetime | None:
    found = None if value is None else comparable_bound(value, pl.Datetime("us"), "modified")
    return found if isinstance(found, dt.datetime) else None
