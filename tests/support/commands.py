"""Running the command `epnkit` as a process of its own.

DaCHS reads its settings once a process: a test of a second DaCHS has to have one of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Ended:
    """A command that ended.

    Parameters
    ----------
    exit_code : int
        Its exit status.
    output : str
        What it printed, errors too.
    """

    exit_code: int
    output: str


def run_epnkit(*words: str, env: Mapping[str, str | None] | None = None) -> Ended:
    """Run ``epnkit`` with some words; a variable of the environment that is None is removed."""
    changed = {**os.environ, **(env or {})}
    done = subprocess.run(
        [sys.executable, "-c", "from epnkit.cli import main; main()", *words],
        env={name: value for name, value in changed.items() if value is not None},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Ended(done.returncode, done.stdout)
