"""numba, without the package coverage, which was a third of the time that importing numba took.

numba imports it, if it is installed, to report which lines of compiled functions were reached.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from epnkit.modules import requires_extra


@contextmanager
def _hidden(name: str) -> Iterator[None]:
    """Let a package be as if it were not installed, unless it is imported already."""
    if name in sys.modules:
        yield
        return
    modules = cast("dict[str, Any]", sys.modules)
    modules[name] = None
    try:
        yield
    finally:
        del modules[name]


with requires_extra("footprints"), _hidden("coverage"):
    import numba

__all__ = ["numba"]
