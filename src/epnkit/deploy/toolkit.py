"""Making epnkit importable for the Python of a system DaCHS."""

from __future__ import annotations

import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import epnkit
from epnkit.dachs.account import Account
from epnkit.dachs.private import COMMAND, find_reason
from epnkit.errors import DeployError
from epnkit.packaged import find_constraints

#: The Python that /usr/bin/dachs names in its first line; its name has its version.
_PYTHON = Path("/usr/bin/python3")

#: Where Debian's Python looks for local additions.
_DIRECTORY = Path("/usr/local/lib") / _PYTHON.resolve().name / "dist-packages"

#: What an init script leaves in the environment.
_BARE = {"LANG": "C", "PATH": "/usr/local/bin:/usr/bin:/bin"}

#: Only DaCHS's processes get the packages: other programs of the system are not affected.
_LINE = "import site, sys; any(word.endswith('/dachs') for word in sys.orig_argv) and ({calls},)\n"


@dataclass(frozen=True)
class Toolkit:
    """The ``.pth`` file by which DaCHS's Python finds epnkit.

    Parameters
    ----------
    account : Account
        The account that imports, and so has to read epnkit.
    path : pathlib.Path
        The file; it works in an empty environment.
    """

    account: Account
    path: Path = _DIRECTORY / "epnkit.pth"

    @property
    def line(self) -> str:
        """The line that the file should have."""
        installed = Path(sysconfig.get_path("purelib"))
        # An editable installation is imported from its sources, which its own .pth file names.
        own = Path(epnkit.__file__).parent.parent
        # Each path is a call of its own: a comprehension could not see the line's names.
        calls = (f"site.addsitedir({str(path)!r})" for path in sorted({installed, own}))
        return _LINE.format(calls=", ".join(calls))

    @property
    def installed_line(self) -> str | None:
        """The line that the file has now, if it exists."""
        return self.path.read_text() if self.path.is_file() else None

    def install(self) -> str:
        """Write the file, and check that an import works with it.

        Raises
        ------
        DeployError
            If DaCHS's Python still cannot import epnkit.
        """
        if self.installed_line == self.line:
            self.check()
            return "unchanged"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(self.line)
        self.path.chmod(0o644)
        self.check()
        return "written"

    def check(self) -> None:
        """Check that the account can import epnkit in an empty environment.

        Raises
        ------
        DeployError
            If it cannot.
        """
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
                why=find_reason(done.stderr),
                cure="Install epnkit where the account may read it (not under /root, but in"
                f" /opt/epnkit, for example){_describe_constraints()}; now it is in"
                f" {Path(epnkit.__file__).parent}.",
            )

    def restore(self, before: str | None) -> None:
        """Restore an earlier line of the file, or delete it."""
        if before == self.installed_line:
            return
        if before is None:
            self.path.unlink(missing_ok=True)
        else:
            self.path.write_text(before)


def _describe_constraints() -> str:
    constraints = find_constraints()
    return f", with pip's option -c {constraints}" if constraints else ""
