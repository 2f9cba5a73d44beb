"""DaCHS's packages on a bare Debian: PostgreSQL with pgsphere, its cluster, DaCHS's server."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from epnkit.dachs.account import UNPRIVILEGED, Account, switch_account
from epnkit.dachs.cluster import find_program
from epnkit.deploy.steps import Step
from epnkit.errors import DeployError
from epnkit.packaged import find_constraints

#: The file by which DaCHS's server package shows that it is installed and configured.
_CONFIGURED = Path("/var/gavo/etc/dsn")

#: The database that DaCHS's package uses.
_DATABASE = "gavo"


def plan_packages() -> list[Step]:
    """Return the steps that install a system DaCHS; none if there is one.

    The database and pg_sphere are created before DaCHS's own package would: the PostgreSQL of
    Debian 12 refuses pg_sphere's script as it is shipped, which :mod:`epnkit.dachs.pgsphere` knows.

    Raises
    ------
    DeployError
        If DaCHS is missing on a system whose packages epnkit does not know.
    """
    if _CONFIGURED.is_file():
        return []
    if find_constraints() is None:
        raise DeployError(
            "DaCHS is not installed, and this is not Debian 12 or 13",
            where=str(_CONFIGURED),
            cure="Install DaCHS as its documentation says, and repeat: epnkit install.",
        )
    return [
        Step("apt-get install postgresql", lambda: _install(["postgresql"])),
        Step(
            "apt-get install PostgreSQL's pgsphere and q3c, of the same version",
            lambda: _install(f"postgresql-{find_version()}-{name}" for name in ("pgsphere", "q3c")),
        ),
        Step("start the cluster of PostgreSQL, if it does not run", _start_cluster),
        Step(f"create the database {_DATABASE} with pg_sphere", _create_database),
        Step(
            "apt-get install gavodachs2-server python3-pyodbc",
            lambda: _install(["gavodachs2-server", "python3-pyodbc"]),
        ),
    ]


def find_version() -> str:
    """Find the major version of PostgreSQL that is installed, such as ``17``."""
    return find_program("postgres").parts[-3]


def run_as_postgres(*words: str | Path) -> str:
    """Run a command as PostgreSQL's superuser, and return its output.

    Raises
    ------
    DeployError
        If it fails, with the last line of its output.
    """
    return _run(words, account=switch_account(pwd.getpwnam(UNPRIVILEGED)))


def _install(packages: Iterable[str]) -> str:
    names = [*packages]
    words = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *names]
    _run(words, environment={"DEBIAN_FRONTEND": "noninteractive"})
    return f"installed {', '.join(names)}"


def _start_cluster() -> str:
    """Start Debian's main cluster: a policy of the machine may have kept its package from it."""
    version = find_version()
    running = "online" in _run(["pg_lsclusters", "--no-header"])
    if running:
        return "it runs"
    _run(["pg_ctlcluster", "--skip-systemctl-redirect", version, "main", "start"])
    return f"cluster {version}/main started"


def _create_database() -> str:
    known = run_as_postgres("psql", "-Atc", "SELECT datname FROM pg_database").split()
    if _DATABASE not in known:
        run_as_postgres("createdb", "--encoding=UTF-8", "--template=template0", _DATABASE)
    run_as_postgres(sys.executable, "-m", "epnkit.dachs.pgsphere", f"dbname={_DATABASE}")
    return f"{_DATABASE} has pg_sphere"


def _run(
    words: Iterable[str | Path],
    *,
    account: Account | None = None,
    environment: dict[str, str] | None = None,
) -> str:
    command = account.command(words) if account else [*map(str, words)]
    done = subprocess.run(  # noqa: S603 - our own words, no shell
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        stdin=subprocess.DEVNULL,
        env={**os.environ, "LC_ALL": "C.UTF-8", **(environment or {})},
    )
    if done.returncode != 0:
        lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise DeployError(
            f"{Path(command[0]).name} failed",
            where=" ".join(command),
            why="; ".join(lines[-3:]),
            cure="Fix what it names, and repeat: epnkit install does what is still to be done.",
        )
    return done.stdout
