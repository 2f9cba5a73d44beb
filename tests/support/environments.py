"""Programs that others wrote, each in an environment of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

#: Where the environments are kept between runs.
JUDGES = ROOT / "var" / "judges"


def make_environment(name: str, *packages: str, alone: str = "") -> Path:
    """Install packages into an environment of their own; give its Python.

    Parameters
    ----------
    name : str
        The environment.
    *packages : str
        What is installed with all that it depends on.
    alone : str
        What is installed without that: its author asks for more than it needs.
    """
    python = JUDGES / name / "bin" / "python"
    stamp = JUDGES / name / "installed"
    asked = " ".join([*packages, *([alone] if alone else [])])
    if not stamp.exists() or stamp.read_text() != asked:
        subprocess.run([sys.executable, "-m", "venv", JUDGES / name], check=True)
        install: list[str | Path] = [python, "-m", "pip", "install", "-q"]
        subprocess.run([*install, *packages], check=True)
        if alone:
            subprocess.run([*install, "--no-deps", alone], check=True)
        stamp.write_text(asked)
    return python
