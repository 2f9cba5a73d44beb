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
    new, copy = _make_new(), PrivateDachs(root, durable=False)
    subprocess.run(["cp", "-a", new.root, copy.root], check=True)
    profile = copy.root / "etc" / "dsn"
    socket, own = (str(each.cluster.socket_directory) for each in (new, copy))
    text = profile.read_text()
    assert socket in text
    profile.write_text(text.replace(socket, own))
    return copy


@cache
def _make_new() -> PrivateDachs:
    directory = Path(tempfile.mkdtemp(prefix="epnkit-"))
    atexit.register(shutil.rmtree, directory)
    made = PrivateDachs(directory / "d", durable=False)
    made.start()
    made.stop()
    # Its port is in there; each copy takes one of its own.
    made.settings.unlink()
    return made
