"""Running the command `epnkit` as a process of its own.

DaCHS reads its settings once a process: a test of a second DaCHS has to have one of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from epnkit.dachs.private import PrivateDachs


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


def show_package(dachs: PrivateDachs, service: str) -> dict[str, Any]:
    """Give what describes the first package that ``epnkit sip`` makes of a service."""
    words = ["sip", service, "--show", "1", "--dachs", str(dachs.root)]
    done = run_epnkit(*words, env={"EPNKIT_CREDENTIALS": None})
    assert done.exit_code == 0, done.output
    sip = json.loads(done.output[done.output.index("{") : done.output.rindex("}") + 1])
    described: dict[str, Any] = sip["properties"]["descriptiveInformation"]
    return described
