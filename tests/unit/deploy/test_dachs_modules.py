"""DaCHS in a process of ours changes nothing for the rest of it."""

from __future__ import annotations

import os
import subprocess
import sys

#: What reading a file and starting a process go by, before and after.
CODE = """
import locale, os
from epnkit.modules import import_dachs
locale.setlocale(locale.LC_ALL, "")
def look(): return locale.setlocale(locale.LC_ALL), locale.getencoding(), os.environ.get("LC_ALL")
before = look()
import_dachs("gavo.base")
print(before == look(), before)
"""


def test_the_locale_stays() -> None:
    environment = {**os.environ, "LANG": "C.UTF-8"}
    environment.pop("LC_ALL", None)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CODE],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert done.stdout.startswith("True ('"), done.stdout
    assert "'UTF-8', None)" in done.stdout.upper().replace("NONE", "None")
