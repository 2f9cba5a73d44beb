"""How this package compiles its loops: once, kept on disk, and free of the interpreter's lock."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Final, TypeVar, cast

from epnkit.regions._kernel_cache import KernelLocator, choose_cache_dir
from epnkit.regions._numba import numba

_Function = TypeVar("_Function", bound=Callable[..., object])

_LOCATOR: Final = f"{KernelLocator.__module__}.{KernelLocator.__qualname__}"

#: Modules with loops may be imported in several threads, and the setting is numba's.
_SETTING: Final = Lock()

# Machine code for any processor of this family, so that what is shipped fits: the loops gain
# nothing from a later one's instructions.  A user's NUMBA_CPU_NAME goes before.
if numba.config.CPU_NAME is None:
    numba.config.CPU_NAME, numba.config.CPU_FEATURES = "generic", ""


def kernel(function: _Function) -> _Function:
    """Compile a loop over numbers to machine code; the result keeps its annotations."""
    with _SETTING:
        setting = numba.config.CACHE_LOCATOR_CLASSES
        numba.config.CACHE_LOCATOR_CLASSES = _LOCATOR
        try:
            compiled = numba.njit(
                cache=choose_cache_dir() is not None, nogil=True, error_model="numpy"
            )(function)
        finally:
            numba.config.CACHE_LOCATOR_CLASSES = setting
    return cast("_Function", compiled)
