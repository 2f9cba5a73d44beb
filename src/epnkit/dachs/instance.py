"""The DaCHS that a command acts on: named by GAVOSETTINGS, a private one, or the system's."""

from __future__ import annotations

import configparser
import os
import pwd
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2

from epnkit.dachs.account import Account, owner, switched
from epnkit.dachs.private import AGAIN, COMMAND, Dachs, reason
from epnkit.errors import DeployError

#: Where a system DaCHS has its settings, if it departs from DaCHS's own in any.
SYSTEM = Path("/etc/gavo.rc")

#: Where a system DaCHS keeps all that it has.
_SYSTEM_ROOT = Path("/var/gavo")

#: What DaCHS calls itself until its operator names an authority.
_UNREGISTERED = "x-unregistered"


class NoDatabaseError(DeployError):
    """DaCHS's database cannot be opened: it does not answer, or DaCHS does not know how to."""


@dataclass(frozen=True)
class Place:
    """A DaCHS to act on.

    Parameters
    ----------
    settings : pathlib.Path
        Its rc file.
    private : Dachs, optional
        The private DaCHS that it belongs to; None for a system one.
    """

    settings: Path
    private: Dachs | None

    @classmethod
    def find(cls, directory: Path | None) -> Place:
        """Find the DaCHS: in a directory, by GAVOSETTINGS, under ``var``, or the system's.

        Raises
        ------
        DeployError
            Where there is none.
        """
        named = os.environ.get("GAVOSETTINGS")
        candidates = (
            [directory / "gavo.rc"]
            if directory is not None
            else [Path(named)]
            if named
            else [Path("var/dachs/gavo.rc"), SYSTEM]
        )
        for settings in candidates:
            if settings.is_file() or (settings == SYSTEM and _SYSTEM_ROOT.is_dir()):
                private = (settings.parent / "postgresql" / "PG_VERSION").exists()
                return cls(settings.resolve(), Dachs(settings.parent) if private else None)
        raise DeployError(
            "there is no DaCHS",
            where=", ".join(map(str, candidates)),
            cure="Name the directory of a private one with --dachs, or set GAVOSETTINGS.",
        )

    @property
    def root(self) -> Path:
        """Where it keeps all that it has."""
        return Path(self._setting("rootDir", str(_SYSTEM_ROOT))).expanduser()

    @property
    def inputs(self) -> Path:
        """Where it finds its services."""
        return self.root / self._setting("inputsDir", "inputs")

    @property
    def configuration(self) -> Path:
        """Where it keeps what its operator sets: its ``configDir``."""
        return self.root / self._setting("configDir", "etc")

    @property
    def state(self) -> Path:
        """Where it notes what runs: its ``stateDir``."""
        return self.root / self._setting("stateDir", "state")

    @property
    def cache(self) -> Path:
        """Where it and its imports keep what they can make again: its ``cacheDir``."""
        return self.root / self._setting("cacheDir", "cache")

    @property
    def url(self) -> str:
        """Where it serves, as it tells the world."""
        return self._setting("serverURL", "http://localhost:8080", section="web")

    @property
    def authority(self) -> str | None:
        """The IVOA authority that it publishes under; None where none was ever set."""
        named = self._setting("authority", _UNREGISTERED, section="ivoa")
        return None if named == _UNREGISTERED else named

    @property
    def account(self) -> Account:
        """The account that imports: the one that DaCHS's files belong to (Debian: dachsroot)."""
        return self.private.account if self.private is not None else owner(self.root)

    @property
    def server_account(self) -> Account:
        """The account that the web server runs under: ``[web] user``, which the public talks to.

        Raises
        ------
        DeployError
            Where there is no such account, or only root may run a program under it.
        """
        if self.private is not None:
            return self.private.account
        name = self._setting("user", "gavo", section="web")
        try:
            known = pwd.getpwnam(name)
        except KeyError:
            raise DeployError(
                f"there is no account {name} for the web server",
                where=str(self.settings),
                cure="Name one that there is as [web] user.",
            ) from None
        if os.geteuid() not in (0, known.pw_uid):
            raise DeployError(
                f"only root can find out what the account {name} may do", cure="Run this as root."
            )
        return switched(known)

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs in its environment to act on this DaCHS."""
        if self.private is not None:
            return self.private.environment
        known = {"GAVOSETTINGS": str(self.settings)} if self.settings != SYSTEM else {}
        if self.account.prefix:
            known["HOME"] = pwd.getpwnam(self.account.name).pw_dir
        return {**os.environ, **known}

    def _setting(self, name: str, default: str, section: str = "general") -> str:
        settings = configparser.ConfigParser(interpolation=None)
        try:
            settings.read(self.settings)
        except configparser.Error as error:
            raise DeployError(
                "its settings cannot be read",
                where=str(self.settings),
                why=_complaint(error),
                cure="Mend the file: sections in brackets, and a name: value a line.",
            ) from None
        return settings.get(section, name, fallback=default)

    def use_credentials(self) -> None:
        """Let sources find the credentials that a private DaCHS keeps."""
        if self.private is not None:
            os.environ.setdefault("EPNKIT_CREDENTIALS", str(self.private.root / "credentials"))

    @contextmanager
    def running(self) -> Iterator[None]:
        """See that the database of a private DaCHS runs; what ran before goes on running."""
        if self.private is None or self.private.cluster.running:
            yield
            return
        self.private.start()
        try:
            yield
        finally:
            self.private.stop()

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """Open an autocommitting connection as DaCHS's administrator.

        Raises
        ------
        NoDatabaseError
            Where the database does not answer, or DaCHS's profiles are not well.
        """
        base = self._gavo()
        try:
            opened = base.getDBConnection("admin", autocommitted=True)
        except base.config.ProfileParseError as error:
            raise NoDatabaseError(
                "how DaCHS opens its database cannot be read",
                where=str(self.configuration),
                why=_in_a_line(error),
                cure="Mend the file that it names.",
            ) from None
        except (psycopg2.OperationalError, base.ReportableError) as error:
            raise NoDatabaseError(
                "its database does not answer",
                where=str(self.settings),
                why=_in_a_line(error),
                cure=f"Start it: {self._start}",
            ) from None
        try:
            yield opened
        finally:
            opened.close()

    def _gavo(self) -> Any:
        """Import DaCHS with these settings."""
        os.environ["GAVOSETTINGS"] = str(self.settings)
        os.environ.setdefault("GAVOCUSTOM", "/nonexistent")
        try:
            from gavo import base
        except SystemExit as error:  # what DaCHS does where a setting is not well
            raise NoDatabaseError(
                "DaCHS does not take its settings",
                where=str(self.settings),
                why=_in_a_line(error),
                cure="Mend what it names.",
            ) from None
        return base

    @property
    def _start(self) -> str:
        """How its database is started."""
        if self.private is None:
            return "systemctl start postgresql"
        return self.private.cluster.start_command

    def run(
        self, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run one ``dachs`` command, its words going where ours go."""
        return subprocess.run(  # noqa: S603 - our own words, no shell
            self.command(*arguments),
            env={**self.environment, **(environment or {})},
            cwd=self.root,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def ask(self, *arguments: str) -> str:
        """Run one ``dachs`` command, and give what it said.

        Raises
        ------
        DeployError
            Where it fails, with the reason that DaCHS printed.
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
        said = done.stdout + done.stderr
        if done.returncode != 0:
            raise DeployError(f"dachs {' '.join(arguments)} failed", why=reason(said), cure=AGAIN)
        return said

    def command(self, *arguments: str) -> list[str]:
        """Give the command line of a ``dachs`` command, under the account that imports."""
        if self.private is not None:
            return self.private.command(*arguments)
        return self.account.command([sys.executable, COMMAND, "--ui=stingy", *arguments])


def _in_a_line(error: BaseException) -> str:
    return " ".join(str(error).split())


def _complaint(error: configparser.Error) -> str:
    """Say what is wrong with a file of settings, and in which line."""
    if isinstance(error, configparser.ParsingError):
        return "; ".join(f"line {number}: {line}" for number, line in error.errors)
    return _in_a_line(error)
