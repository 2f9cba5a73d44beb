"""Going through a directory in order, and opening nothing."""

from __future__ import annotations

import datetime as dt
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import translate
from math import inf
from pathlib import Path

import polars as pl

from epnkit.errors import SourceError
from epnkit.sources.base import CursorValue, Window
from epnkit.sources.values.window_bounds import comparable_bound

#: What is counted of files that were in a listing, and are no longer there.
GONE = "files that went while the directory was read"

_EPOCH, _TICK = dt.datetime(1970, 1, 1), dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file, before it is opened.

    Parameters
    ----------
    root : pathlib.Path
        The directory that is read.
    name : str
        Where it lies below that, with slashes.
    size : int
        Its size in bytes.
    ticks : int
        When it was last changed, in nanoseconds since 1970.
    """

    root: Path
    name: str
    size: int
    ticks: int

    @property
    def path(self) -> Path:
        """Where it lies; of most files nobody asks for it."""
        return self.root / self.name

    @property
    def modified(self) -> dt.datetime:
        """When it was last changed, UTC to the microsecond."""
        return _EPOCH + self.ticks // 1000 * _TICK


def walk(
    root: Path,
    globs: tuple[str, ...],
    choose: Callable[[list[str]], list[str]],
    window: Window,
    follow_links: bool = False,
    skipped: Counter[str] | None = None,
    listing: LargestListing | None = None,
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
    skipped : collections.Counter, optional
        Counts what is left out, by what it is, whatever the window.
    listing : LargestListing, optional
        What earlier walks listed.

    Raises
    ------
    SourceError
        When there is no such directory, or the window's ends are no times.
    """
    first, last = _bound_ticks(window)
    skipped = Counter() if skipped is None else skipped
    for name in walk_names(root, globs, choose, follow_links, skipped, listing):
        state = _ask(root, name)
        if state is None:
            skipped[GONE] += 1
        elif first <= state.st_mtime_ns <= last:
            yield FoundFile(root, name, state.st_size, state.st_mtime_ns)


def walk_names(
    root: Path,
    globs: tuple[str, ...],
    choose: Callable[[list[str]], list[str]],
    follow_links: bool = False,
    skipped: Counter[str] | None = None,
    listing: LargestListing | None = None,
) -> Iterator[str]:
    """Name the files under a directory in the order of their paths, without looking at each.

    It has the parameters of :func:`walk` except the window, and takes a third of its time.

    Raises
    ------
    SourceError
        When there is no such directory.
    """
    if not root.is_dir():
        raise SourceError(
            "there is no such directory",
            where=str(root),
            cure="Correct `directory` in the source file, or mount what holds it",
        )
    is_wanted = re.compile("|".join(map(translate, globs))).match
    boundary = Boundary(root, follow_links, Counter() if skipped is None else skipped)
    for name in _walk_in_order(boundary, listing or LargestListing(), "", choose):
        if is_wanted(name.rpartition("/")[2]):
            yield name


def look_at(root: Path, name: str) -> FoundFile | None:
    """Ask how large a file is and when it was changed; of one that is gone, nothing.

    Parameters
    ----------
    root : pathlib.Path
        The directory that is read.
    name : str
        Where the file lies below that.
    """
    state = _ask(root, name)
    return None if state is None else FoundFile(root, name, state.st_size, state.st_mtime_ns)


def _ask(root: Path, name: str) -> os.stat_result | None:
    try:
        return os.stat(f"{root}/{name}")  # noqa: PTH116 - a Path costs more than the question
    except FileNotFoundError:
        return None


class Boundary:
    """Keeps a walk within a directory: links that lead out of it are not followed, nor loops.

    Parameters
    ----------
    root : pathlib.Path
        The directory.
    follow_links : bool
        Whether links may lead out of it.
    skipped : collections.Counter
        Counts what is left out, by what it is.

    Attributes
    ----------
    judged : int
        How many entries were no ordinary files.
    """

    def __init__(self, root: Path, follow_links: bool, skipped: Counter[str]) -> None:
        self.root, self.skipped, self.judged = root, skipped, 0
        self._real, self._follow_links = os.path.realpath(root), follow_links

    def name_entry(self, entry: os.DirEntry[str]) -> str | None:
        """Name an entry that may be read, a directory with a slash; count another, and return None.

        Pipes, devices and sockets are no files. A name that is no text (not UTF-8) could be in no
        URL and in no table.
        """
        # Most entries are ordinary files, and directories may hold hundreds of thousands.
        if entry.name.isprintable() and entry.is_file(follow_symlinks=False):
            return entry.name
        self.judged += 1
        wrong = self._judge(entry)
        if wrong is not None:
            self.skipped[wrong] += 1
            return None
        return entry.name + "/" if entry.is_dir() else entry.name

    def _judge(self, entry: os.DirEntry[str]) -> str | None:
        if not entry.name.isprintable():  # bytes that are not UTF-8 are surrogates here
            return "names that are not printable UTF-8"
        try:
            if entry.is_symlink() and (wrong := self._judge_link(Path(entry.path))):
                return wrong
            return None if entry.is_dir() or entry.is_file() else "pipes, devices and sockets"
        except OSError:
            return "links that cannot be followed"

    def _judge_link(self, path: Path) -> str | None:
        """Return what is wrong with a link, if anything is."""
        target, folder = Path(os.path.realpath(path)), os.path.realpath(path.parent)
        if target.is_symlink() or not target.exists():
            return "links that lead nowhere"
        if target.is_dir() and _holds(str(target), folder):
            return "links that lead back to where they are"
        if not self._follow_links and not _holds(self._real, str(target)):
            return "links out of the directory (follow_links = true reads them)"
        return None


def _holds(directory: str, path: str) -> bool:
    return path == directory or path.startswith(directory.rstrip("/") + "/")


class LargestListing:
    """Keeps what was listed of the largest directory, so that several walks list it once.

    It holds as long as the directory has the time of change that it had, which any new, removed or
    renamed entry changes; not if that is so young that another change could have the same.  Only
    of directories that hold nothing but files: what links lead to changes elsewhere.
    """

    _YOUNG = 2_000_000_000  # nanoseconds: the coarsest clock of a file system, FAT's

    def __init__(self) -> None:
        self._path, self._changed, self._names = Path(), 0, list[str]()

    def list_names(self, boundary: Boundary, path: Path) -> list[str]:
        """List what of a directory may be read, in order; directories have a slash."""
        changed = os.stat(path).st_mtime_ns  # noqa: PTH116 - as where files are asked
        if (path, changed) != (self._path, self._changed):
            judged = boundary.judged
            with os.scandir(path) as entries:
                names = sorted(filter(None, map(boundary.name_entry, entries)))
            plain, young = boundary.judged == judged, time.time_ns() - changed < self._YOUNG
            if plain and not young and len(names) >= len(self._names):
                self._path, self._changed, self._names = path, changed, names
            return names
        return self._names


def _walk_in_order(
    boundary: Boundary,
    listing: LargestListing,
    below: str,
    choose: Callable[[list[str]], list[str]],
) -> Iterator[str]:
    """Name the files under a directory by their paths."""
    for name in choose(_list_directory(boundary, listing, below)):
        if name.endswith("/"):
            yield from _walk_in_order(boundary, listing, below + name, choose)
        else:
            yield below + name


def _list_directory(boundary: Boundary, listing: LargestListing, below: str) -> list[str]:
    try:
        return listing.list_names(boundary, boundary.root / below)
    except OSError as error:
        raise SourceError(
            "a directory cannot be read",
            where=str(boundary.root / below),
            why=str(error),
            cure="Let the account that runs epnkit read it, or read another directory.",
        ) from error


def _bound_ticks(window: Window) -> tuple[float, float]:
    """Give the first and the last time of a window, in nanoseconds since 1970.

    Times of files count in whole microseconds: a datetime for each file costs more than the rest.
    """
    low, high = (_parse_time_bound(value) for value in (window.low, window.high))
    first = -inf if low is None else ((low - _EPOCH) // _TICK + (not window.low_closed)) * 1000
    last = inf if high is None else ((high - _EPOCH) // _TICK + window.high_closed) * 1000 - 1
    return first, last


def _parse_time_bound(value: CursorValue | None) -> dt.datetime | None:
    found = None if value is None else comparable_bound(value, pl.Datetime("us"), "modified")
    return found if isinstance(found, dt.datetime) else None
