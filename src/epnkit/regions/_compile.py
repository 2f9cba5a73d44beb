"""How this package compiles its loops: once, kept on disk, and free of the interpreter's lock."""

from __future__ import annotations

import hashlib
import math
import os
import shutil
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final, TypeAlias, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Bytes: TypeAlias = NDArray[np.uint8]

_Function = TypeVar("_Function", bound=Callable[..., object])


#: A week in seconds: what compiled for other sources lies unused for so long is deleted.
WEEK: Final = 7 * 86400


@cache
def _digest() -> str:
    """Return a digest of the sources here that hold compiled loops.

    numba looks at one file when it asks whether a compiled loop is stale, though it holds code of
    those that it calls: so each state of those sources, and of this one, gets a directory.
    """
    sources = [path.read_bytes() for path in sorted(Path(__file__).parent.rglob("*.py"))]
    return hashlib.sha256(b"\0".join(s for s in sources if b"@kernel" in s)).hexdigest()[:16]


@cache
def _shelf() -> str | None:
    """Return where compiled loops are kept: numba's setting, beside the sources, or the user's."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    for base in (numba.config.CACHE_DIR, Path(__file__).parent / "__pycache__", home / "epnkit"):
        if str(base) and (shelf := open_shelf(Path(base), _digest())):
            return str(shelf)
    return None


def open_shelf(base: Path, digest: str) -> Path | None:
    """Make the directory for a state of the sources, or note that it is used; None: not allowed.

    Where one is made, those unused for a week are deleted: nobody runs their sources any more.
    """
    shelf = base / f"kernels-{digest}"
    try:
        fresh = not shelf.is_dir()
        shelf.mkdir(parents=True, exist_ok=True)
        os.utime(shelf)
        # Not os.access: it knows nothing of capabilities, with which a clone in /root is reached.
        TemporaryFile(dir=shelf).close()
    except OSError:
        return None
    if fresh:
        sweep(base, time.time() - WEEK)
    return shelf


def sweep(base: Path, before: float) -> None:
    """Delete the directories of compiled loops that were last used before a time (seconds)."""
    for shelf in base.glob("kernels-*"):
        if last_use(shelf) < before:
            shutil.rmtree(shelf, ignore_errors=True)


def last_use(shelf: Path) -> float:
    """Return when a directory was last used; one that another process deletes meanwhile is new."""
    try:
        return shelf.stat().st_mtime
    except FileNotFoundError:
        return math.inf


def kernel(function: _Function) -> _Function:
    """Compile a loop over numbers to machine code; the result keeps its annotations."""
    setting = numba.config.CACHE_DIR
    shelf = _shelf()
    numba.config.CACHE_DIR = shelf or setting
    try:
        compiled = numba.njit(cache=shelf is not None, nogil=True, error_model="numpy")(function)
    finally:
        numba.config.CACHE_DIR = setting
    return cast("_Function", compiled)
