"""A private DaCHS: its rc file, its inputs, its database, its server on one local port."""

from __future__ import annotations

import configparser
import grp
import io
import os
import pwd
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from epnkit.dachs import vocabulary
from epnkit.dachs.account import Account
from epnkit.dachs.cluster import Cluster
from epnkit.dachs.logs import rotate
from epnkit.dachs.pgsphere import create_pgsphere
from epnkit.dachs.ports import free_port, is_free
from epnkit.errors import DeployError
from epnkit.loading.table.catalog import table_exists
from epnkit.loading.table.validated_polygons import install_polygon_functions

#: DaCHS's command, of Debian's python3-gavo.
COMMAND = Path("/usr/bin/dachs")

#: The cure if a command of DaCHS fails for a reason of its own.
FIX_AND_RETRY = "Fix what it names, and try again."

#: The files in its ``etc`` that hold passwords of its database.
PROFILES = ("dsn", "feed", "trustedquery", "untrustedquery")

#: The last table that initialising creates: if it is missing, DaCHS is initialised (again).
_LAST_TABLE = ("ivoa", "obscore")

#: How long the server may take to answer its first request, in seconds.
_ANSWER_TIMEOUT = 60.0

#: What a registry shows of the data centre: that it is a private DaCHS.
_META = """\
publisher: epnkit on this machine
contact.name: The operator of this machine
contact.address: Not published
contact.email: operator@example.org
creator.name: The operator of this machine
authority.creationDate: 2026-01-01T00:00:00
authority.title: A private DaCHS
authority.shortName: private
authority.description: A DaCHS that serves this machine only
authority.managingOrg: ivo://epnkit.example/org
authority.referenceURL: http://localhost/
organization.title: epnkit
organization.description: A DaCHS that serves this machine only
organization.referenceURL: http://localhost/
site.description: EPN-TAP services made with epnkit
"""


@dataclass
class PrivateDachs:
    """A private DaCHS under one directory, with its own PostgreSQL cluster.

    Parameters
    ----------
    root : pathlib.Path
        The directory for all of its files; created if missing.
    port : int, optional
        The web port; by default the one that this DaCHS had before, or a free one.
    durable : bool
        Whether the database waits for the disk; False only for tests.
    """

    root: Path
    port: int | None = None
    durable: bool = True
    cluster: Cluster = field(init=False)

    def __post_init__(self) -> None:
        self.root = self.root.resolve()
        self.cluster = Cluster(self.root / "postgresql", durable=self.durable)

    @property
    def account(self) -> Account:
        """The account of its servers."""
        return self.cluster.account

    @property
    def settings(self) -> Path:
        """The rc file, for the variable GAVOSETTINGS."""
        return self.root / "gavo.rc"

    @property
    def inputs(self) -> Path:
        """The directory of its services."""
        return self.root / "inputs"

    @property
    def url(self) -> str:
        """The address of its web server."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def server_pid_file(self) -> Path:
        """The file with the process number of the web server, while it runs."""
        return self.root / "state" / "server.pid"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a process that acts on this DaCHS."""
        return {
            **os.environ,
            "GAVOSETTINGS": str(self.settings),
            "GAVOCUSTOM": "/nonexistent",
            "HOME": str(self.root / "home"),
            "NUMBA_CACHE_DIR": os.environ.get(
                "NUMBA_CACHE_DIR", str(self.root / "cache" / "numba")
            ),
            "MPLCONFIGDIR": str(self.root / "cache" / "matplotlib"),
            "EPNKIT_CREDENTIALS": str(self.root / "credentials"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def start(self) -> None:
        """Create what is missing and start the database; if all exists, this is fast."""
        _require_dachs()
        self._choose_port()
        self.account.create_owned(
            *(self.root / name for name in ("home", "cache", "credentials", "inputs"))
        )
        self.account.create_owned(self.root)
        self.account.restrict(0o700, self.root / "credentials")
        self._write_settings()
        self.cluster.start()
        with closing(self.cluster.connect(autocommit=False)) as opened:
            done = table_exists(opened, *_LAST_TABLE)
            if not done:
                create_pgsphere(opened)
        if not done:
            self._initialise()
        with closing(self.cluster.connect()) as superuser:
            install_polygon_functions(superuser)

    def _initialise(self) -> None:
        self.run("init", "-d", self.cluster.dsn)
        self._write_metadata()
        # Without it "dachs imp -I" fails for any service.
        self.run("imp", "//obscore")

    def run(
        self,
        *arguments: str | Path,
        check: bool = True,
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run one ``dachs`` command to its end.

        Parameters
        ----------
        *arguments : str or pathlib.Path
            The command's arguments, such as ``"imp", "hfc1ar/q"``.
        check : bool
            Whether a status other than 0 is an error.
        environment : dict, optional
            Further environment variables.

        Raises
        ------
        DeployError
            With the reason that DaCHS printed.
        """
        done = subprocess.run(  # noqa: S603 - our own words, no shell
            self.command(*arguments),
            env={**self.environment, **(environment or {})},
            cwd=self.root,
            text=True,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            check=False,
            errors="replace",
        )
        if check and done.returncode != 0:
            raise DeployError(
                f"dachs {' '.join(map(str, arguments))} failed",
                why=find_reason(done.stdout + done.stderr),
                cure=FIX_AND_RETRY,
            )
        return done

    @contextmanager
    def run_server(self) -> Iterator[str]:
        """Run the web server during the context, and yield its URL."""
        server = self.start_server()
        try:
            yield self.url
        finally:
            self.server_pid_file.unlink(missing_ok=True)
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()

    def start_server(self) -> subprocess.Popen[bytes]:
        """Start the web server and wait until TAP answers.

        Raises
        ------
        DeployError
            If the port is in use, or the server ends or does not answer; the reason is in its log.
        """
        if self.port is None or not is_free(self.port):
            raise DeployError(
                f"port {self.port} is in use",
                where="127.0.0.1",
                cure="Stop what uses it, or choose another one with --port.",
            )
        log = self.root / "server.log"
        rotate(log)
        server = subprocess.Popen(  # noqa: S603 - our own words
            self.account.command_to_file(log, self._words("serve", "start", "-f")),
            env=self.environment,
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        with ExitStack() as failing:
            failing.callback(server.wait)
            failing.callback(server.kill)
            self._await_answer(server, log)
            failing.pop_all()
        # DaCHS writes a pid file only for a server in the background.
        self.account.write(self.server_pid_file, str(server.pid))
        return server

    def stop(self) -> None:
        """Stop the database; the web server ends with the context that started it."""
        self.cluster.stop()

    def command(self, *arguments: str | Path) -> list[str]:
        """Return the command line of a ``dachs`` command, under the account of its servers."""
        return self.account.command(self._words(*arguments))

    def _words(self, *arguments: str | Path) -> list[str | Path]:
        # With an option before "init", DaCHS 2.11 wants profiles that it has yet to write.
        options = () if arguments[:1] == ("init",) else ("--ui=stingy",)
        return [sys.executable, COMMAND, *options, *arguments]

    def _choose_port(self) -> None:
        before = _read_port(self.settings)
        self.port = self.port or before or free_port()

    def _write_settings(self) -> None:
        group = grp.getgrgid(pwd.getpwnam(self.account.name).pw_gid).gr_name
        settings = configparser.ConfigParser(interpolation=None)
        settings["general"] = {
            "rootDir": str(self.root),
            "tempDir": str(self.root / "tmp"),
            "group": group,
            "gavoGroup": group,
            "maintainerAddress": "",
            "sendmail": "/bin/true",
        }
        settings["web"] = {
            "serverURL": self.url,
            "bindAddress": "127.0.0.1",
            "serverPort": str(self.port),
            "user": self.account.name,
            "sitename": "epnkit",
        }
        settings["db"] = {"profilePath": f"{self.root / 'etc'}"}
        settings["ivoa"] = {"authority": "epnkit.example"}
        written = io.StringIO()
        settings.write(written)
        self.account.write(self.settings, written.getvalue())

    def _write_metadata(self) -> None:
        """Write the metadata of the data centre, and install the vocabularies that it would fetch.

        DaCHS leaves the profiles of its database readable for all: this restricts them.
        """
        self.account.restrict(0o640, *(self.root / "etc" / name for name in PROFILES))
        self.account.write(self.root / "etc" / "defaultmeta.txt", _META)
        vocabulary.install_copies(self.root / "cache")

    def _await_answer(self, server: subprocess.Popen[bytes], log: Path) -> None:
        end = time.monotonic() + _ANSWER_TIMEOUT
        while time.monotonic() < end:
            if server.poll() is not None:
                break
            with suppress(urllib.error.URLError, OSError):
                urllib.request.urlopen(f"{self.url}/tap/availability", timeout=5).close()  # noqa: S310 (http)
                return
            time.sleep(0.1)
        raise DeployError(
            "DaCHS does not answer",
            where=self.url,
            why=find_reason(log.read_text(errors="replace")),
            cure=f"See {log}.",
        )


def find_reason(output: str) -> str:
    """Find the reason of a failure in the output of DaCHS.

    DaCHS begins its own errors with ``*** Error:``, those in its settings with ``Bad configuration
    item``, and breaks both over lines; other failures end in a traceback whose last line is the
    reason.
    """
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    for number, line in enumerate(lines):
        if line.startswith(("*** Error:", "Bad configuration item")):
            rest = [part.strip() for part in lines[number:] if not part.startswith("(")]
            return " ".join(rest).removeprefix("*** Error:").strip()
    return lines[-1].strip() if lines else "it printed nothing"


def _require_dachs() -> None:
    if not COMMAND.exists():
        raise DeployError(
            "DaCHS is not installed",
            where=str(COMMAND),
            cure="Run scripts/setup, or install the package python3-gavo.",
        )


def _read_port(settings: Path) -> int | None:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(settings)
    return parser.getint("web", "serverPort", fallback=None)
