"""How this package compiles its loops: once, kept on disk, and free of the interpreter's lock."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeAlias, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Bytes: TypeAlias = NDArray[np.uint8]

_Function = TypeVar("_Function", bound=Callable[..., object])


@cache
def _digest() -> str:
    """Return a digest of every source here.

    numba looks at one file when it asks whether a compiled loop is stale, though it holds code of
    those that it calls: so each state of the sources gets a directory of its own.
    """
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()[:16]


@cache
def _shelf() -> str | None:
    """Return where compiled loops are kept: numba's setting, beside the sources, or the user's."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    for base in (numba.config.CACHE_DIR, Path(__file__).parent / "__pycache__", home / "epnkit"):
        parent = Path(base).parent
        if str(base) and os.access(base if Path(base).exists() else parent, os.W_OK):
            return str(Path(base) / f"kernels-{_digest()}")
    return None


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
