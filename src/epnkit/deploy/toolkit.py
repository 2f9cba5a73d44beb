"""Making the toolkit known to the Python that a system DaCHS runs under."""

from __future__ import annotations

import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import epnkit
from epnkit.dachs.account import Account
from epnkit.dachs.private import COMMAND, reason
from epnkit.errors import DeployError

#: Where Debian's Python looks for what its administrator adds.
_DIRECTORY = Path("/usr/local/lib/python3.11/dist-packages")

#: The Python that /usr/bin/dachs names in its first line.
_PYTHON = Path("/usr/bin/python3")

#: What an init script leaves in the environment.
_BARE = {"LANG": "C", "PATH": "/usr/local/bin:/usr/bin:/bin"}

#: Processes of DaCHS alone get the packages: other programs of the system go on as they were.
_LINE = "import site, sys; any(word.endswith('/dachs') for word in sys.orig_argv) and ({calls},)\n"


@dataclass(frozen=True)
class Toolkit:
    """The toolkit as DaCHS's Python finds it.

    Parameters
    ----------
    account : Account
        The account that imports, and so has to read it.
    path : pathlib.Path
        The ``.pth`` file, which no environment is needed for.
    """

    account: Account
    path: Path = _DIRECTORY / "epnkit.pth"

    @property
    def line(self) -> str:
        """What the file says."""
        installed = Path(sysconfig.get_path("purelib"))
        # An editable installation is read from its sources, which its own .pth names there.
        own = Path(epnkit.__file__).parent.parent
        # Each path is a call of its own: the line's names are unknown inside a comprehension.
        calls = (f"site.addsitedir({str(path)!r})" for path in sorted({installed, own}))
        return _LINE.format(calls=", ".join(calls))

    @property
    def before(self) -> str | None:
        """What the file says now, if it is there."""
        return self.path.read_text() if self.path.is_file() else None

    def lay(self) -> str:
        """Write the file, and see that an import starts by it.

        Raises
        ------
        DeployError
            Where DaCHS's Python still finds no epnkit, or one that does not work there.
        """
        if self.before == self.line:
            self.check()
            return "as it was"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(self.line)
        self.path.chmod(0o644)
        self.check()
        return "written"

    def check(self) -> None:
        """See that the account can import the toolkit, in an environment with nothing in it."""
        words: list[str | Path] = [
            _PYTHON,
            "-c",
            "import gavo.api, epnkit.loading.grammar.bulk_import",
            COMMAND,
        ]
        done = subprocess.run(  # noqa: S603 - our own words, no shell
            self.account.command(words),
            env=_BARE,
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode != 0:
            raise DeployError(
                f"the account {self.account.name} cannot import epnkit",
                where=str(_PYTHON),
                why=reason(done.stderr),
                cure=f"Install epnkit where the account may read it (not under /root, say in "
                f"/opt/epnkit), with constraints/debian12.txt; now it is in "
                f"{Path(epnkit.__file__).parent}.",
            )

    def restore(self, before: str | None) -> None:
        """Let the file be what it was, or not be."""
        if before == self.before:
            return
        if before is None:
            self.path.unlink(missing_ok=True)
        else:
            self.path.write_text(before)
