"""Where the machine code of compiled loops is kept, so that nobody waits for a compiler.

A directory holds the machine code for one state of the sources, `kernels-DIGEST`, wherever these
lie.  epnkit brings one (`SHIPPED`, made by `python -m epnkit.regions.compile`), each user has one
in the cache of the account; a new one starts with what the others hold.  What numba finds in a
directory for another version of numba or Python, or another processor, it leaves alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

from epnkit.regions._numba import numba

#: The folder whose sources hold compiled loops.
SOURCES: Final = Path(__file__).parent

#: The machine code that epnkit brings.
SHIPPED: Final = SOURCES / "kernels"

#: A week in seconds: machine code of other sources that was not used for so long is deleted.
WEEK: Final = 7 * 86400


@cache
def digest_sources() -> str:
    """Return a digest of the sources that hold compiled loops, or constants of these.

    numba looks at one file to decide whether its machine code is stale, though that holds code and
    constants of other files: so each state of all of them gets a directory.
    """
    digest = hashlib.sha256()
    for path in sorted(SOURCES.rglob("*.py"), key=lambda path: path.relative_to(SOURCES)):
        source = path.read_bytes()
        if b"@kernel" in source or path.name == "flags.py":
            digest.update(str(path.relative_to(SOURCES)).encode() + b"\0" + source + b"\0")
    return digest.hexdigest()[:16]


@cache
def choose_cache_dir() -> Path | None:
    """Return where this process keeps machine code: the first directory that it may write to."""
    for base in _list_bases():
        if directory := open_cache_dir(base, digest_sources()):
            return directory
    return None


def _list_bases() -> Iterator[Path]:
    """Yield numba's own setting, what epnkit brings, and the account's cache."""
    if numba.config.CACHE_DIR:
        yield Path(numba.config.CACHE_DIR)
    if (SHIPPED / f"kernels-{digest_sources()}").is_dir():
        yield SHIPPED
    yield find_account_cache()
    yield SHIPPED


def find_account_cache() -> Path:
    """Return where an account keeps the machine code of all copies of epnkit that it runs."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "epnkit"


def open_cache_dir(base: Path, digest: str, shipped: Path = SHIPPED) -> Path | None:
    """Make the directory for a state of the sources, or mark it as used; None if not allowed.

    A new one gets what is shipped, and those unused for a week are deleted: their sources are run
    no more.
    """
    directory = base / f"kernels-{digest}"
    try:
        if not directory.is_dir():
            base.mkdir(parents=True, exist_ok=True)
            _fill_directory(directory, shipped / directory.name)
            delete_stale(base, time.time() - WEEK)
        os.utime(directory)
        # Not os.access: it knows nothing of capabilities, with which a clone in /root is reached.
        tempfile.TemporaryFile(dir=directory).close()
    except OSError:
        return None
    return directory


def _fill_directory(directory: Path, shipped: Path) -> None:
    """Make a directory with what is shipped, unless another process is first."""
    if shipped.is_dir():
        replace_directory(shipped, directory)
    directory.mkdir(exist_ok=True)


def replace_directory(source: Path, target: Path) -> None:
    """Put a copy of a directory where another may be, at once: other processes read it.

    Parameters
    ----------
    source, target : Path
        What is copied, and where to; the folder of the target is made.

    Raises
    ------
    OSError
        The copy cannot be written; the target is what it was, or gone.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="new-") as drafts:
        draft, old = Path(drafts) / "draft", Path(drafts) / "old"
        shutil.copytree(source, draft, copy_function=shutil.copyfile)
        with contextlib.suppress(FileNotFoundError):
            target.rename(old)
        with contextlib.suppress(FileExistsError):
            draft.rename(target)


def delete_stale(base: Path, before: float) -> None:
    """Delete the directories of machine code that were last used before a time (seconds)."""
    for pattern in ("kernels-*", "new-*"):
        for directory in base.glob(pattern):
            if last_use(directory) < before:
                shutil.rmtree(directory, ignore_errors=True)


def last_use(directory: Path) -> float:
    """Return when a directory was last used; one that another process deletes meanwhile is new."""
    try:
        return directory.stat().st_mtime
    except FileNotFoundError:
        return math.inf


class KernelLocator:
    """What numba asks for where the machine code of a function is, and for which source it holds.

    The protocol of `NUMBA_CACHE_LOCATOR_CLASSES` in numba's documentation.  The place depends on
    the module, not on the path of its file, so that machine code can be shipped and copied.
    """

    def __init__(self, function: Callable[..., object], directory: Path) -> None:
        self._directory = directory / function.__module__
        self._line = function.__code__.co_firstlineno

    @classmethod
    def from_function(cls, function: Callable[..., object], _: str) -> KernelLocator | None:
        """Return the locator of a function, None if no directory can be written to."""
        directory = choose_cache_dir()
        if directory is None:
            return None
        locator = cls(function, directory)
        locator.ensure_cache_path()
        return locator

    def ensure_cache_path(self) -> None:
        """Make the directory of the function's module."""
        self._directory.mkdir(exist_ok=True)

    def get_cache_path(self) -> str:
        """Return the directory of the function's module."""
        return str(self._directory)

    def get_source_stamp(self) -> str:
        """Return what changes with the sources."""
        return digest_sources()

    def get_disambiguator(self) -> str:
        """Return what tells functions of one name apart."""
        return str(self._line)
