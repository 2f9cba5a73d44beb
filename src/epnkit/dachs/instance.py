"""The DaCHS instance that a command acts on: a private one, or the system's."""

from __future__ import annotations

import configparser
import os
import pwd
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2

from epnkit.dachs.account import Account, owner_account, switch_account
from epnkit.dachs.interrupts import heed_interrupts
from epnkit.dachs.private import COMMAND, FIX_AND_RETRY, PrivateDachs, find_reason
from epnkit.database_profiles import read_profile
from epnkit.errors import DeployError
from epnkit.loading.state.schema import migrate
from epnkit.sources.config.credentials import look_in

#: The settings of a system DaCHS, if it has any that differ from DaCHS's defaults.
SYSTEM = Path("/etc/gavo.rc")

#: The root directory of a system DaCHS.
_SYSTEM_ROOT = Path("/var/gavo")

#: DaCHS's authority until its operator sets one.
_UNREGISTERED = "x-unregistered"


#: What PostgreSQL says when all connections are in use.
_NO_CONNECTION_LEFT = re.compile(r"(?i)too many (clients|connections)|remaining connection slots")


class NoDatabaseError(DeployError):
    """DaCHS's database cannot be opened: it does not answer, or DaCHS's profiles are wrong."""


@dataclass(frozen=True)
class DachsInstance:
    """A DaCHS to act on.

    Parameters
    ----------
    settings : pathlib.Path
        Its rc file.
    private : Dachs, optional
        The private DaCHS that it is; None for the system's.
    """

    settings: Path
    private: PrivateDachs | None

    @classmethod
    def find(cls, directory: Path | None, settings: Path | None = None) -> DachsInstance:
        """Find the DaCHS: in a directory, by GAVOSETTINGS, under ``var``, or the system's.

        Parameters
        ----------
        directory : pathlib.Path, optional
            The directory of a private one.
        settings : pathlib.Path, optional
            The rc file, if there is no directory.

        Raises
        ------
        DeployError
            If there is none.
        """
        named = os.environ.get("GAVOSETTINGS")
        candidates = (
            [directory / "gavo.rc"]
            if directory is not None
            else [settings or Path(str(named))]
            if settings or named
            else [Path("var/dachs/gavo.rc"), SYSTEM]
        )
        for path in candidates:
            if path.is_file() or (path == SYSTEM and _SYSTEM_ROOT.is_dir()):
                private = (path.parent / "postgresql" / "PG_VERSION").exists()
                return cls(path.resolve(), PrivateDachs(path.parent) if private else None)
        raise DeployError(
            "there is no DaCHS",
            where=", ".join(map(str, candidates)),
            cure="Name the directory of a private one with --dachs, or set GAVOSETTINGS.",
        )

    @classmethod
    def find_if_any(cls, directory: Path | None) -> DachsInstance | None:
        """Find the DaCHS in a directory; or, if none is named, another one, or None.

        Raises
        ------
        DeployError
            If there is none in the directory.
        """
        try:
            return cls.find(directory)
        except DeployError:
            if directory is not None:
                raise
            return None

    @property
    def is_default(self) -> bool:
        """Whether it is the system's, which a command finds by itself."""
        return self.settings == SYSTEM

    @property
    def root(self) -> Path:
        """Its root directory: ``rootDir``."""
        return Path(self._read_setting("rootDir", str(_SYSTEM_ROOT))).expanduser()

    @property
    def inputs(self) -> Path:
        """The directory of its services: ``inputsDir``."""
        return self.root / self._read_setting("inputsDir", "inputs")

    @property
    def templates(self) -> Path:
        """The directory of its operator's page templates, in ``webDir``."""
        return self.root / self._read_setting("webDir", "web") / "templates"

    @property
    def configuration(self) -> Path:
        """The directory of its operator's settings: ``configDir``."""
        return self.root / self._read_setting("configDir", "etc")

    @property
    def state(self) -> Path:
        """The directory of its pid files: ``stateDir``."""
        return self.root / self._read_setting("stateDir", "state")

    @property
    def logs(self) -> Path:
        """The directory of its logs: ``logDir``."""
        return self.root / self._read_setting("logDir", "logs")

    @property
    def cache(self) -> Path:
        """The directory of its caches: ``cacheDir``."""
        return self.root / self._read_setting("cacheDir", "cache")

    @property
    def url(self) -> str:
        """The public address of its web server."""
        return self._read_setting("serverURL", "http://localhost:8080", section="web")

    @property
    def authority(self) -> str | None:
        """The IVOA authority that it publishes under; None if none is set."""
        named = self._read_setting("authority", _UNREGISTERED, section="ivoa")
        return None if named == _UNREGISTERED else named

    @property
    def account(self) -> Account:
        """The account that imports: the owner of DaCHS's files (Debian: dachsroot)."""
        return self.private.account if self.private is not None else owner_account(self.root)

    @property
    def server_account(self) -> Account:
        """The account of the web server: ``[web] user``.

        Raises
        ------
        DeployError
            If there is no such account, or only root may run a program under it.
        """
        if self.private is not None:
            return self.private.account
        name = self._read_setting("user", "gavo", section="web")
        try:
            known = pwd.getpwnam(name)
        except KeyError:
            raise DeployError(
                f"there is no account {name} for the web server",
                where=str(self.settings),
                cure="Name an existing account as [web] user.",
            ) from None
        if os.geteuid() not in (0, known.pw_uid):
            raise DeployError(
                f"only root can find out what the account {name} may do", cure="Run this as root."
            )
        return switch_account(known)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a process that acts on this DaCHS."""
        if self.private is not None:
            return self.private.environment
        known = {"GAVOSETTINGS": str(self.settings)} if self.settings != SYSTEM else {}
        if self.account.prefix:
            known["HOME"] = pwd.getpwnam(self.account.name).pw_dir
        return {**os.environ, **known}

    def _read_setting(self, name: str, default: str, section: str = "general") -> str:
        settings = configparser.ConfigParser(interpolation=None)
        try:
            settings.read(self.settings)
        except configparser.Error as error:
            raise DeployError(
                "its settings cannot be read",
                where=str(self.settings),
                why=_describe_error(error),
                cure="Fix the file: sections in brackets, and a name: value per line.",
            ) from None
        return settings.get(section, name, fallback=default)

    def use_credentials(self) -> AbstractContextManager[None]:
        """Let sources find the credentials that a private DaCHS keeps, until the context ends."""
        if self.private is None:
            return nullcontext()
        return look_in(self.private.root / "credentials")

    @contextmanager
    def ensure_running(self) -> Iterator[None]:
        """Run the database of a private DaCHS during the context, unless it runs already."""
        if self.private is None:
            yield
            return
        ran = self.private.cluster.running
        # Even a running one: it starts again if its programs were replaced.
        (self.private.cluster if ran else self.private).start()
        try:
            yield
        finally:
            if not ran:
                self.private.stop()

    @contextmanager
    def connect(self, *, migrating: bool = True) -> Iterator[Any]:
        """Open an autocommitting connection as DaCHS's administrator.

        Parameters
        ----------
        migrating : bool
            Whether to bring the state tables to the version of this epnkit, if they are older.

        Raises
        ------
        NoDatabaseError
            If the database does not answer, or DaCHS's profiles are wrong.
        LoadError
            If a newer epnkit wrote the state tables.
        """
        arguments = self._read_profile()
        try:
            # Not by DaCHS, which in a process asks the database of its first import for types.
            opened = psycopg2.connect(**arguments)
            opened.autocommit = True
            opened.set_client_encoding("UTF8")
        except psycopg2.OperationalError as error:
            if _NO_CONNECTION_LEFT.search(str(error)):
                raise NoDatabaseError(
                    "its database has no connection left",
                    where=str(self.settings),
                    why=_one_line(error),
                    cure="Wait until others end, or raise max_connections in postgresql.conf.",
                ) from None
            raise NoDatabaseError(
                "its database does not answer",
                where=str(self.settings),
                why=_one_line(error),
                cure=f"Start it: {self._start_command}",
            ) from None
        try:
            if migrating:
                migrate(opened)
            yield opened
        finally:
            opened.close()

    def _read_profile(self) -> dict[str, Any]:
        """Read how the administrator connects."""
        try:
            return read_profile("feed", self.settings)
        except ValueError as error:
            raise NoDatabaseError(
                "DaCHS's database profiles cannot be read",
                where=str(self.configuration),
                why=_one_line(error),
                cure="Fix the file that it names.",
            ) from None

    @property
    def _start_command(self) -> str:
        """The shell command that starts its database."""
        if self.private is None:
            return "systemctl start postgresql"
        return self.private.cluster.start_command

    def run(
        self, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run one ``dachs`` command, with its output going where ours goes.

        It ends with this process, even if that is killed: an import that nobody waits for would
        go on, and lock the service. Ctrl-C ends it, too.
        """
        heed_interrupts()
        return subprocess.run(  # noqa: S603 - our own words, no shell
            _end_with_parent(self.command(*arguments)),
            env={**self.environment, **(environment or {})},
            cwd=self.root,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def execute(self, *arguments: str) -> str:
        """Run one ``dachs`` command, and return its output.

        Raises
        ------
        DeployError
            If it fails, with the reason that DaCHS printed.
        """
        done = subprocess.run(  # noqa: S603 - our own words, no shell
            self.command(*arguments),
            env=self.environment,
            cwd=self.root,
            text=True,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            check=False,
            errors="replace",
        )
        output = done.stdout + done.stderr
        if done.returncode != 0:
            raise DeployError(
                f"dachs {' '.join(arguments)} failed", why=find_reason(output), cure=FIX_AND_RETRY
            )
        return output

    def command(self, *arguments: str) -> list[str]:
        """Return the command line of a ``dachs`` command, under the account that imports."""
        if self.private is not None:
            return self.private.command(*arguments)
        return self.account.command([sys.executable, COMMAND, "--ui=stingy", *arguments])


def _end_with_parent(command: list[str]) -> list[str]:
    """Let the kernel terminate a command when the process that started it is gone.

    The signal is set after the account is changed, which would clear it (prctl(2)).
    """
    option = "--pdeathsig=TERM"
    if command[0].rpartition("/")[2] == "setpriv":
        return [command[0], option, *command[1:]]
    return ["setpriv", option, *command]


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


def _describe_error(error: configparser.Error) -> str:
    """Describe what is wrong with a settings file, and in which line."""
    if isinstance(error, configparser.ParsingError):
        return "; ".join(f"line {number}: {line}" for number, line in error.errors)
    return _one_line(error)
