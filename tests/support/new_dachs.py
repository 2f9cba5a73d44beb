"""A new DaCHS for each module of tests: made once, and copied."""

from __future__ import annotations

import atexit
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from epnkit.dachs.private import PrivateDachs


def copy_new_dachs(root: Path) -> PrivateDachs:
    """Give a DaCHS as it is after its first start, which takes longer than many a test.

    Parameters
    ----------
    root : pathlib.Path
        The directory to make.
    """
    new = _make_new()
    subprocess.run(["cp", "-a", new, root], check=True)
    profile = root / "etc" / "dsn"
    profile.write_text(profile.read_text().replace(str(new), str(root)))
    return PrivateDachs(root, durable=False)


@cache
def _make_new() -> Path:
    directory = Path(tempfile.mkdtemp(prefix="epnkit-"))
    atexit.register(shutil.rmtree, directory)
    made = PrivateDachs(directory / "d", durable=False)
    made.start()
    made.stop()
    # Its port is in there; each copy takes one of its own.
    made.settings.unlink()
    return made.root
