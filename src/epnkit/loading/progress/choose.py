"""How a load tells how far it is: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from typing import TextIO

from epnkit.loading.progress.lines import Lines, Progress


def progress(name: str, out: TextIO | None = None) -> Progress:
    """Choose how to tell of a load.

    Parameters
    ----------
    name : str
        What is loaded.
    out : text stream
        Where to; by default standard error.
    """
    chosen = out or sys.stderr
    if not chosen.isatty():
        return Lines(name, chosen)
    from epnkit.loading.progress.bar import Bar

    return Bar(name, chosen)
