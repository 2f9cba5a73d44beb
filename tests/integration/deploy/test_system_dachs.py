"""A system DaCHS as Debian installs it: deploy, serve, import, undeploy.

The packages are installed into a copy of this machine that keeps its changes in memory, with
processes and a network of its own: what they do to it goes when the test ends.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from epnkit.deploy.packages import find_version
from epnkit.loading.table.validated_polygons import POLYGON_FUNCTIONS_FILE
from epnkit.packaged import find_packaged
from epnkit.replicas import database
from epnkit.replicas.sources import load_replica
from tests.conftest import ROOT

pytestmark = pytest.mark.all

PACKAGE = "gavodachs2-server"
EPNKIT = Path(sys.executable).with_name("epnkit")
RESOURCES = ROOT / "resources"

#: Makes the copy at $1, in a mount namespace that nobody else sees, and waits.
MAKE = """
set -e
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount -t proc proc "$1/root/proc"
mount --rbind /dev "$1/root/dev"
mount -t tmpfs tmpfs "$1/root/run"
mount --bind "$2" "$1/root$2"
exec sleep infinity
"""

#: Lets the copy speak to itself: its loopback interface is down at first (SIOCSIFFLAGS, IFF_UP).
LOOPBACK = (
    "import fcntl, socket, struct; fcntl.ioctl(socket.socket(socket.AF_INET, socket.SOCK_DGRAM),"
    " 0x8914, struct.pack('16sh', b'lo', 1))"
)


class Machine:
    """The copy.

    Parameters
    ----------
    root : pathlib.Path
        Where it lies, in its own mount namespace.
    number : int
        A process in its namespaces.
    """

    def __init__(self, root: Path, number: int) -> None:
        self.root, self.number = root, number

    def run(self, *words: str | Path, check: bool = True, bare: bool = False) -> str:
        """Run a program in the copy, and give what it says.

        Bare, it has nothing in its environment, as under an init script.
        """
        entered = [
            "nsenter",
            "--target",
            str(self.number),
            "--mount",
            "--net",
            "--pid",
            "chroot",
            str(self.root),
        ]
        bareness = ["env", "-i", "LANG=C", "PATH=/usr/local/bin:/usr/bin:/bin"] if bare else []
        done = subprocess.run(
            [*entered, *bareness, *map(str, words)],
            text=True,
            capture_output=True,
            check=False,
            env={
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                "DEBIAN_FRONTEND": "noninteractive",
                "LC_ALL": "C.UTF-8",
            },
        )
        said = done.stdout + done.stderr
        assert not check or done.returncode == 0, f"{words}: {said}"
        return said

    def count(self) -> str:
        """Ask TAP for the number of granules."""
        query = "SELECT+COUNT(*)+AS+n+FROM+bass2000.epn_core"
        url = f"http://localhost:8080/tap/sync?LANG=ADQL&FORMAT=csv&QUERY={query}"
        code = f"import urllib.request as u; print(u.urlopen({url!r}, timeout=60).read().decode())"
        return self.run("/usr/bin/python3", "-c", code, check=False)

    def files(self) -> set[str]:
        """List what lies where deploying lays something."""
        folders = ("/var/gavo/inputs", "/var/gavo/etc", "/var/gavo/cache", "/usr/local/lib", "/etc")
        return set(self.run("find", *folders, "-not", "-name", "__pycache__").split("\n"))


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Give a copy of this machine with a system DaCHS, that was just installed and serves."""
    if os.geteuid() != 0:
        pytest.skip("only root can make a copy of the machine")
    if Path("/etc/init.d/dachs").exists():
        pytest.skip("this machine has a system DaCHS: there is nothing to install")
    directory = tmp_path_factory.mktemp("machine")
    packages = download(tmp_path_factory.mktemp("packages"))
    words = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "bash", "-c", MAKE]
    with subprocess.Popen(
        [*words, "machine", str(directory), str(ROOT)], stderr=subprocess.PIPE, text=True
    ) as holder:
        try:
            made = Machine(directory / "root", inner(holder))
            install(made, packages)
            yield made
        finally:
            holder.kill()


def inner(holder: subprocess.Popen[str]) -> int:
    """Give the process that waits in the namespaces, once the copy is there."""
    children = Path(f"/proc/{holder.pid}/task/{holder.pid}/children")
    while holder.poll() is None:
        numbers = children.read_text().split()
        if numbers and Path(f"/proc/{numbers[0]}/cmdline").read_bytes().startswith(b"sleep"):
            return int(numbers[0])
        time.sleep(0.05)
    assert holder.stderr is not None
    pytest.fail(f"this machine makes no copy of itself: {holder.stderr.read().strip()}")


def download(directory: Path) -> list[Path]:
    """Fetch the server package and what it needs, without installing anything."""
    (directory / "partial").mkdir()
    words = [
        "apt-get",
        "install",
        "--download-only",
        "--no-install-recommends",
        "-y",
        PACKAGE,
        "-o",
        f"Dir::Cache::archives={directory}",
        "-o",
        "APT::Sandbox::User=root",
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.fail(f"the package {PACKAGE} is not to be had: {done.stderr.strip()[-300:]}")
    return sorted(directory.glob("*.deb"))


def install(machine: Machine, packages: list[Path]) -> None:
    """Do what an operator does: a cluster, the packages, an authority; and no network is here."""
    machine.run("/usr/bin/python3", "-c", LOOPBACK)
    machine.run("mkdir", "-p", "/run/postgresql", "/run/lock")
    machine.run("chown", "postgres", "/run/postgresql")
    number = find_version()
    machine.run("pg_dropcluster", number, "main", check=False)
    machine.run("pg_createcluster", "--locale", "C.UTF-8", number, "main", "--port", "5432")
    machine.run("pg_ctlcluster", "--skip-systemctl-redirect", number, "main", "start")
    # As the how-to says: not every PostgreSQL takes pg_sphere's own script.
    as_postgres = ["runuser", "--user", "postgres", "--"]
    machine.run(*as_postgres, "createdb", "--encoding=UTF-8", "--template=template0", "gavo")
    make = [sys.executable, "-m", "epnkit.dachs.pgsphere", "dbname=gavo"]
    machine.run(*as_postgres, *make)
    machine.run("dpkg", "--install", *packages)
    trusted = find_packaged(POLYGON_FUNCTIONS_FILE)
    machine.run("sh", "-c", f"runuser --user postgres -- psql -q -d gavo < {trusted}")
    # Read by the server's own group alone, as the doctor asks for.
    machine.run("sh", "-c", "cd /var/gavo/etc && chmod o-r dsn feed trustedquery untrustedquery")
    machine.run("sh", "-c", "printf '[ivoa]\\nauthority: epnkit.example\\n' > /etc/gavo.rc")
    machine.run("/etc/init.d/dachs", "start", bare=True)
    machine.run("mkdir", "-p", "/etc/epnkit/credentials")


@pytest.fixture(scope="module")
def filled(machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """Give BASS2000 its source, which anybody may read, and its credential, which root owns."""
    make = load_replica(RESOURCES / "bass2000" / "replica" / "make.py")
    source = tmp_path_factory.mktemp("source") / "bass2000.sqlite"
    tables = database.read_schema(make.SCHEMA)
    database.fill(f"sqlite:///{source}", tables, make.tables())
    machine.run("install", "-m", "644", source, "/srv/bass2000.sqlite")
    text = "Driver=SQLite3;Database=/srv/bass2000.sqlite;StepAPI=1;ReadOnly=1"
    path = "/etc/epnkit/credentials/bass2000"
    machine.run("sh", "-c", f"umask 077; echo '{text}' > {path}")
    return machine


def test_a_system_dachs_from_deploy_to_undeploy(filled: Machine) -> None:
    machine, service = filled, RESOURCES / "bass2000"
    before = machine.files()
    refused = machine.run(EPNKIT, "deploy", service, "--to", "/var/gavo/inputs", check=False)
    assert "chown dachsroot /etc/epnkit/credentials/bass2000" in refused
    assert machine.files() == before
    machine.run("chown", "dachsroot", "/etc/epnkit/credentials/bass2000")
    said = machine.run(EPNKIT, "deploy", service, "--to", "/var/gavo/inputs")
    assert "dachsroot can import epnkit in an empty environment" in said
    assert "1356 loaded" in said
    # No network is here: DaCHS cannot fetch the vocabulary of subjects.
    assert "is epnkit's copy" in said
    assert "reloads its services" in said
    assert machine.count().split() == ["n", "1356"]

    # What root made known once, the account that imports does not have to write again.
    as_dachsroot = ("setpriv", "--reuid=dachsroot", "--regid=gavo", "--init-groups")
    said = machine.run(*as_dachsroot, EPNKIT, "deploy", service, "--to", "/var/gavo/inputs")
    assert "epnkit.pth: unchanged" in said
    assert "26 unchanged" in said
    assert "as root, run kill -HUP" in said

    # As an operator types it, and as cron would: DaCHS's own command, and no environment.
    said = machine.run(*as_dachsroot, "env", "-i", "/usr/bin/dachs", "imp", "bass2000/q")
    assert "26 unchanged" in said
    machine.run("/etc/init.d/dachs", "restart", bare=True)
    assert "bass2000: 1356 granules, 1356 in the ledger" in machine.run(
        EPNKIT, "status", "bass2000"
    )
    checks = [
        word
        for name in (
            "dachs",
            "postgresql",
            "pgsphere",
            "toolkit",
            "permissions",
            "credentials",
            "drivers",
        )
        for word in ("--check", name)
    ]
    assert "found" not in machine.run(EPNKIT, "doctor", *checks)
    readable = machine.run(
        "setpriv",
        "--reuid=gavo",
        "--regid=gavo",
        "--clear-groups",
        "cat",
        "/etc/epnkit/credentials/bass2000",
        check=False,
    )
    assert "Permission denied" in readable

    machine.run(EPNKIT, "undeploy", "bass2000")
    assert machine.files() == before
    assert "Could not locate table" in machine.count()
    schemas = machine.run("su", "postgres", "-c", "psql -d gavo -Atc '\\dn'")
    # What a superuser made in the state schema stays, and no table of it.
    count = "SELECT count(*) FROM pg_tables WHERE schemaname = 'epnkit'"
    assert machine.run("su", "postgres", "-c", f'psql -d gavo -Atc "{count}"').strip() == "0"
    assert "bass2000" not in schemas
