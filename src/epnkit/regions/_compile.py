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

import numpy as np
from numpy.typing import NDArray

from epnkit.modules import requires_extra

with requires_extra("footprints"):
    import numba


Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Bytes: TypeAlias = NDArray[np.uint8]
Flags: TypeAlias = NDArray[np.bool_]

_Function = TypeVar("_Function", bound=Callable[..., object])


#: A week in seconds: compiled loops of other sources that were not used for so long are deleted.
WEEK: Final = 7 * 86400


@cache
def _digest() -> str:
    """Return a digest of the sources here that hold compiled loops.

    numba looks at one file to decide whether a compiled loop is stale, though the loop holds code
    and constants of other files: so each state of all of them gets a directory.
    """
    paths = sorted(Path(__file__).parent.rglob("*.py"))
    sources = [path.read_bytes() for path in paths]
    held = [s for path, s in zip(paths, sources, strict=True) if _is_compiled_in(path, s)]
    return hashlib.sha256(b"\0".join(held)).hexdigest()[:16]


def _is_compiled_in(path: Path, source: bytes) -> bool:
    """Return whether compiled loops hold code or constants of a source."""
    return b"@kernel" in source or path.name == "flags.py"


@cache
def _cache_dir() -> str | None:
    """Return where compiled loops are kept: numba's setting, the sources' folder, or the user's."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    for base in (numba.config.CACHE_DIR, Path(__file__).parent / "__pycache__", home / "epnkit"):
        if str(base) and (directory := open_cache_dir(Path(base), _digest())):
            return str(directory)
    return None


def open_cache_dir(base: Path, digest: str) -> Path | None:
    """Make the directory for a state of the sources, or mark it as used; None if not allowed.

    If one is made, those unused for a week are deleted: their sources are run no more.
    """
    directory = base / f"kernels-{digest}"
    try:
        fresh = not directory.is_dir()
        directory.mkdir(parents=True, exist_ok=True)
        os.utime(directory)
        # Not os.access: it knows nothing of capabilities, with which a clone in /root is reached.
        TemporaryFile(dir=directory).close()
    except OSError:
        return None
    if fresh:
        delete_stale(base, time.time() - WEEK)
    return directory


def delete_stale(base: Path, before: float) -> None:
    """Delete the directories of compiled loops that were last used before a time (seconds)."""
    for directory in base.glob("kernels-*"):
        if last_use(directory) < before:
            shutil.rmtree(directory, ignore_errors=True)


def last_use(directory: Path) -> float:
    """Return when a directory was last used; one that another process deletes meanwhile is new."""
    try:
        return directory.stat().st_mtime
    except FileNotFoundError:
        return math.inf


def kernel(function: _Function) -> _Function:
    """Compile a loop over numbers to machine code; the result keeps its annotations."""
    setting = numba.config.CACHE_DIR
    directory = _cache_dir()
    numba.config.CACHE_DIR = directory or setting
    try:
        compiled = numba.njit(cache=directory is not None, nogil=True, error_model="numpy")(
            function
        )
    finally:
        numba.config.CACHE_DIR = setting
    return cast("_Function", compiled)
