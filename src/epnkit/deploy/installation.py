"""epnkit in a system DaCHS: installing it, upgrading it, and removing it."""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import epnkit
from epnkit.dachs.instance import SYSTEM, DachsInstance
from epnkit.dachs.private import PROFILES
from epnkit.deploy.deploy import Deployment
from epnkit.deploy.packages import plan_packages, run_as_postgres
from epnkit.deploy.steps import Step
from epnkit.deploy.stream import UNIT, UNITS, plan_uninstall
from epnkit.deploy.toolkit import Toolkit
from epnkit.errors import DeployError
from epnkit.loading.state.schema import read_state_version
from epnkit.loading.table.validated_polygons import POLYGON_FUNCTIONS_FILE
from epnkit.packaged import find_constraints, find_packaged

#: Where a shell finds the command, for every account.
LINK = Path("/usr/local/bin/epnkit")

#: Where imports look for credentials of a system DaCHS.
_CREDENTIALS = Path("/etc/epnkit/credentials")

_DROP = "DROP SCHEMA IF EXISTS epnkit CASCADE"


@dataclass(frozen=True)
class Installation:
    """The installation of epnkit that runs, and the system DaCHS that is to use it.

    Parameters
    ----------
    authority : str, optional
        The IVOA authority to publish under, if DaCHS has none yet.
    instance : DachsInstance
        The system DaCHS.
    units : pathlib.Path
        The directory of systemd's units, in which the streaming server's may be.
    """

    authority: str | None = None
    instance: DachsInstance = field(default_factory=lambda: DachsInstance(SYSTEM, None))
    units: Path = UNITS

    @property
    def program(self) -> Path:
        """The command of this installation."""
        return Path(sys.executable).with_name("epnkit")

    def plan_install(self) -> list[Step]:
        """Return the steps that make this epnkit the one of the system DaCHS.

        Whatever is so already stays as it is.

        Raises
        ------
        DeployError
            Without root's rights, or if another command is in the way.
        """
        _require_root()
        self._require_link()
        return [
            *plan_packages(),
            Step("let DaCHS's own accounts alone read its passwords", self._restrict_profiles),
            *([self._plan_authority()] if self.authority else []),
            Step("let DaCHS's Python find epnkit", self._install_toolkit),
            Step(f"link {LINK} to {self.program}", self._link),
            Step(f"create {_CREDENTIALS} for the credentials of sources", self._create_credentials),
            Step(f"let {POLYGON_FUNCTIONS_FILE} read validated polygons", self._install_functions),
            Step("migrate the state schema, if it is an older one", self._migrate),
            Step("renew what deployed services share", self._renew_shared),
        ]

    def plan_uninstall(self) -> list[Step]:
        """Return the steps that remove what :meth:`plan_install` added, and the streaming server.

        Raises
        ------
        DeployError
            Without root's rights, or while services are deployed.
        """
        _require_root()
        services = Deployment(self.instance).manifest.services
        if services:
            raise DeployError(
                f"DaCHS serves {', '.join(services)} with it",
                where=str(self.instance.inputs),
                cure=f"Remove them first: epnkit undeploy {' '.join(services)}",
            )
        serving = (self.units / UNIT).is_file()
        return [
            *(plan_uninstall(self.instance, self.units) if serving else []),
            Step("drop epnkit's schema in DaCHS's database", self._drop_schema),
            Step(f"remove {LINK}", self._unlink),
            Step("remove the file by which DaCHS finds it", self._remove_toolkit),
        ]

    def upgrade_package(self, requirement: str) -> str:
        """Install another version of epnkit with pip in place of this one.

        Parameters
        ----------
        requirement : str
            What pip installs: ``epnkit[all]``, ``epnkit[all]==0.3``, or the path of a wheel.

        Raises
        ------
        DeployError
            If pip fails; this version stays.
        """
        words = [sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", requirement]
        done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603 - ours
        if done.returncode != 0:
            raise DeployError(
                f"pip could not install {requirement}",
                why="; ".join(done.stderr.strip().splitlines()[-2:]),
                cure="Name a version or a wheel that exists. The present version stays.",
            )
        return f"{requirement}: installed in {Path(sys.executable).parent.parent}"

    def _require_link(self) -> None:
        if LINK.exists() and not LINK.is_symlink():
            raise DeployError(
                "another command of this name is there",
                where=str(LINK),
                cure="Move it away; epnkit install puts a link there.",
            )

    def _restrict_profiles(self) -> str:
        for path in (self.instance.configuration / name for name in PROFILES):
            if path.is_file():
                path.chmod(path.stat().st_mode & ~0o007)
        return f"{self.instance.configuration}: passwords are not readable for others"

    def _plan_authority(self) -> Step:
        return Step(f"set the authority {self.authority} in {SYSTEM}", self._set_authority)

    def _set_authority(self) -> str:
        known = self.instance.authority
        if known is not None:
            return f"the authority is {known} already"
        settings = configparser.ConfigParser(interpolation=None)
        settings.read(SYSTEM)
        text = SYSTEM.read_text() if SYSTEM.is_file() else ""
        line = f"authority: {self.authority}\n"
        if settings.has_section("ivoa"):
            text = text.replace("[ivoa]\n", f"[ivoa]\n{line}", 1)
        else:
            text += f"[ivoa]\n{line}"
        SYSTEM.write_text(text)
        return f"{SYSTEM}: authority {self.authority}"

    def _install_toolkit(self) -> str:
        toolkit = Toolkit(self.instance.account)
        return f"{toolkit.path}: {toolkit.install()}"

    def _remove_toolkit(self) -> str:
        toolkit = Toolkit(self.instance.account)
        toolkit.restore(None)
        return (
            f"{toolkit.path}: removed; to remove the package too: rm -r {self.program.parents[1]}"
        )

    def _link(self) -> str:
        LINK.parent.mkdir(parents=True, exist_ok=True)
        LINK.unlink(missing_ok=True)
        LINK.symlink_to(self.program)
        return f"{LINK}: linked"

    def _unlink(self) -> str:
        if LINK.is_symlink():
            LINK.unlink()
        return f"{LINK}: removed"

    def _create_credentials(self) -> str:
        self.instance.account.create_owned(_CREDENTIALS)
        _CREDENTIALS.chmod(0o700)
        return f"{_CREDENTIALS}: of {self.instance.account.name} alone"

    def _install_functions(self) -> str:
        sql = find_packaged(POLYGON_FUNCTIONS_FILE).read_text(encoding="utf-8")
        run_as_postgres("psql", "-q", "-d", "gavo", "-v", "ON_ERROR_STOP=1", "-c", sql)
        return f"{POLYGON_FUNCTIONS_FILE}: done"

    def _migrate(self) -> str:
        with self.instance.connect() as connection:  # which migrates
            version = read_state_version(connection)
        return f"the state schema has version {version}" if version else "there is no state yet"

    def _renew_shared(self) -> str:
        return Deployment(self.instance).renew_shared()

    def _drop_schema(self) -> str:
        run_as_postgres("psql", "-q", "-d", "gavo", "-c", _DROP)
        return "epnkit's schema: dropped"


def describe_version() -> str:
    """Describe which epnkit this is, where it is, and with which versions it was tested."""
    constraints = find_constraints()
    tested = f"; tested versions: {constraints}" if constraints else ""
    return f"epnkit {epnkit.__version__} in {Path(epnkit.__file__).parent}{tested}"


def _require_root() -> None:
    if os.geteuid() != 0:
        raise DeployError("only root may install programs of the system", cure="Run it as root.")
