"""Programs that others wrote, each in an environment of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

#: Where the environments are kept between runs.
JUDGES = ROOT / "var" / "judges"


def make_environment(name: str, *packages: str) -> Path:
    """Install packages into an environment of their own; give its Python."""
    python = JUDGES / name / "bin" / "python"
    stamp = JUDGES / name / "installed"
    if not stamp.exists() or stamp.read_text() != " ".join(packages):
        subprocess.run([sys.executable, "-m", "venv", JUDGES / name], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *packages], check=True)
        stamp.write_text(" ".join(packages))
    return python
