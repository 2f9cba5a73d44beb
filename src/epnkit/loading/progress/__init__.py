"""Reporting the progress of a load: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from typing import TextIO

from epnkit.loading.progress.lines import Progress, ProgressLines


def choose_progress(name: str, out: TextIO | None = None) -> Progress:
    """Choose how to report the progress of a load.

    Parameters
    ----------
    name : str
        What is loaded.
    out : text stream
        Where to report; by default standard error.
    """
    chosen = out or sys.stderr
    if not chosen.isatty():
        return ProgressLines(name, chosen)
    from epnkit.loading.progress.bar import ProgressBar

    return ProgressBar(name, chosen)
