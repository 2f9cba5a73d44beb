"""DaCHS in a process of ours changes nothing for the rest of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

#: What reading a file and starting a process go by, before and after.
CODE = """
import locale, os
from pathlib import Path
from epnkit.modules import import_dachs
locale.setlocale(locale.LC_ALL, "")
def look():
    return locale.setlocale(locale.LC_ALL), locale.getencoding(), dict(os.environ)
before = look()
import_dachs("gavo.base", Path(os.environ["SETTINGS"]))
print(before == look(), before[1].upper())
"""


def test_the_locale_and_the_environment_stay(tmp_path: Path) -> None:
    settings = tmp_path / "gavo.rc"
    settings.write_text("[general]\nrootDir: /srv/elsewhere\n")
    environment = {**os.environ, "LANG": "C.UTF-8", "SETTINGS": str(settings)}
    for name in ("LC_ALL", "GAVOSETTINGS", "GAVOCUSTOM"):
        environment.pop(name, None)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CODE],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert done.stdout == "True UTF-8\n"
