"""The DaCHS that a command acts on: named by GAVOSETTINGS, a private one, or the system's."""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2

from epnkit.deploy.dachs import COMMAND, Dachs
from epnkit.errors import DeployError

#: Where a system DaCHS has its settings.
SYSTEM = Path("/etc/gavo.rc")


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
            if settings.is_file():
                private = (settings.parent / "postgresql" / "PG_VERSION").exists()
                return cls(settings.resolve(), Dachs(settings.parent) if private else None)
        raise DeployError(
            "there is no DaCHS",
            where=", ".join(map(str, candidates)),
            cure="Name the directory of a private one with --dachs, or set GAVOSETTINGS.",
        )

    @property
    def inputs(self) -> Path:
        """Where it finds its services."""
        settings = configparser.ConfigParser(interpolation=None)
        settings.read(self.settings)
        root = Path(settings.get("general", "rootDir", fallback="/var/gavo"))
        return root / settings.get("general", "inputsDir", fallback="inputs")

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
        DeployError
            Where the database does not answer.
        """
        os.environ["GAVOSETTINGS"] = str(self.settings)
        os.environ.setdefault("GAVOCUSTOM", "/nonexistent")
        from gavo import base

        try:
            opened = base.getDBConnection("admin", autocommitted=True)
        except psycopg2.OperationalError as error:
            raise DeployError(
                "its database does not answer",
                where=str(self.settings),
                why=str(error).strip(),
                cure="Start it; a private one runs while scripts/demo serves.",
            ) from None
        try:
            yield opened
        finally:
            opened.close()

    def run(
        self, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run one ``dachs`` command, its words going where ours go."""
        if self.private is not None:
            argv = self.private.command(*arguments)
            inherited = self.private.environment
            where: Path | None = self.private.root
        else:
            argv = [sys.executable, str(COMMAND), "--ui=stingy", *arguments]
            inherited, where = dict(os.environ), None
        return subprocess.run(  # noqa: S603 - our own words, no shell
            argv, env={**inherited, **(environment or {})}, cwd=where, text=True, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
