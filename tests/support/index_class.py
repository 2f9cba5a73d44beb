"""The index class of ``extension/``, built from its sources for one database."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.conftest import ROOT


def build_library(directory: Path) -> Path:
    """Compile the extension in a copy of its folder, where PostgreSQL's account reads it."""
    shutil.copytree(ROOT / "extension", directory)
    done = subprocess.run(
        ["make", "-C", directory, "PG_CFLAGS=-std=c99 -Wall -Wextra -Wno-unused-parameter -Werror"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    directory.parent.chmod(0o755)
    return directory / "epnkit_spoly"


def write_script(library: Path) -> str:
    """Give the extension's script as one that any superuser can run, from any place."""
    script = (ROOT / "extension" / "epnkit_spoly--1.0.sql").read_text()
    lines = [line for line in script.splitlines() if not line.startswith("\\")]
    return "\n".join(lines).replace("MODULE_PATHNAME", str(library))
