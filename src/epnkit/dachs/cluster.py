"""A private PostgreSQL cluster: its own directory, a unix socket, no network, no system service."""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2
from psycopg2.extensions import connection

from epnkit.dachs.account import Account, choose_account
from epnkit.dachs.logs import rotate
from epnkit.errors import DeployError

#: Where Debian puts PostgreSQL's own programs, newest last.
PROGRAMS = Path("/usr/lib/postgresql")

#: The longest path that a unix socket may have (sun_path, less the name of PostgreSQL's socket).
_LONGEST_SOCKET = 107 - len("/.s.PGSQL.5432.lock")

#: Settings of a cluster that serves one DaCHS on one machine and can be created again.
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "256MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "2GB",
    # A new table goes to the disk once, and not first into the log: there is no replica.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
}


@dataclass
class Cluster:
    """A private PostgreSQL cluster.

    Parameters
    ----------
    directory : pathlib.Path
        The directory of its data; created if missing.
    superuser : str
        The name of its superuser.
    durable : bool
        Whether a commit waits for the disk; False only for tests.
    programs : pathlib.Path
        Where PostgreSQL's own programs are, in a directory for each version.
    """

    directory: Path
    superuser: str = "dachsroot"
    durable: bool = True
    programs: Path = PROGRAMS
    account: Account = field(init=False)

    def __post_init__(self) -> None:
        self.directory = self.directory.resolve()
        self.account = choose_account(self.directory)

    @property
    def socket_directory(self) -> Path:
        """The socket's directory: next to the data, or in ``/tmp`` if that path is too long."""
        near = self.directory.with_name(f"{self.directory.name}-socket")
        if len(str(near)) <= _LONGEST_SOCKET:
            return near
        name = hashlib.sha256(str(near).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"epnkit-{name}"

    @property
    def dsn(self) -> str:
        """The connection string of DaCHS's database, for libpq."""
        return f"host={self.socket_directory} port=5432 dbname=gavo user={self.superuser}"

    @property
    def running(self) -> bool:
        """Whether a server runs on this directory (a pid file left by a crash does not count)."""
        if _is_left_over(self.directory / "postmaster.pid"):
            return False
        return self._run("pg_ctl", "status", "-D", self.directory, check=False)[0] == 0

    def start(self) -> None:
        """Start the server; create the cluster first if there is none.

        A server whose programs were replaced while it ran (an upgrade of the package) starts again:
        its backends could not load the extensions that came with the new ones.

        Raises
        ------
        DeployError
            If PostgreSQL does not start; the end of its log is the reason.
        """
        if not (self.directory / "PG_VERSION").exists():
            self._initialise()
        if self.running:
            if not self.is_outdated():
                return
            self.stop()
        if _is_left_over(self.directory / "postmaster.pid"):
            (self.directory / "postmaster.pid").unlink()
            for path in self.socket_directory.glob(".s.PGSQL.*"):
                path.unlink()
        self.account.create_owned(self.socket_directory)
        self.account.restrict(0o700, self.socket_directory)
        rotate(self._log)
        status, output = self._run(*self._start_arguments, check=False)
        if status != 0:
            raise DeployError(
                "PostgreSQL does not start",
                where=str(self.directory),
                why=_find_fatal_line(self._log) or output,
                cure=f"See {self._log}; a cluster whose data can be loaded again may be deleted.",
            )

    def is_outdated(self) -> bool:
        """Return whether the running server is of another release than its installed program."""
        with self._open_cursor("postgres") as cursor:
            cursor.execute("SHOW server_version")
            (running,) = cursor.fetchone() or ("",)
        return find_newer(running, self._find_program("postgres")) is not None

    def stop(self) -> None:
        """Stop the server if it runs; open transactions are rolled back."""
        if (self.directory / "PG_VERSION").exists() and self.running:
            self._run("pg_ctl", "stop", "-w", "-s", "-m", "fast", "-D", self.directory)

    def connect(self, database: str = "gavo", *, autocommit: bool = True) -> connection:
        """Open a connection as the superuser."""
        opened = psycopg2.connect(
            host=str(self.socket_directory), dbname=database, user=self.superuser
        )
        opened.autocommit = autocommit
        return opened

    @property
    def start_command(self) -> str:
        """The shell command that starts its server."""
        program, *words = self._start_arguments
        return shlex.join(self.account.command([self._find_program(str(program)), *words]))

    @property
    def _start_arguments(self) -> tuple[str | Path, ...]:
        options = f"-c unix_socket_directories='{self.socket_directory}'"
        return (
            "pg_ctl",
            "start",
            "-w",
            "-s",
            "-t",
            "60",
            "-D",
            self.directory,
            "-l",
            self._log,
            "-o",
            options,
        )

    @property
    def _log(self) -> Path:
        return self.directory / "server.log"

    def _initialise(self) -> None:
        self.account.create_owned(self.directory)
        self.account.restrict(0o700, self.directory)
        self._run(
            "initdb",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-U",
            self.superuser,
            "-D",
            self.directory,
        )
        settings = dict(_SETTINGS)
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        lines = "".join(f"{name} = '{value}'\n" for name, value in settings.items())
        self.account.write(self.directory / "postgresql.auto.conf", lines, append=True)
        self.start()
        with self._open_cursor("postgres") as cursor:
            cursor.execute("CREATE DATABASE gavo")

    def _find_program(self, name: str) -> Path:
        """Find a program of the version that wrote the data; of the newest if there is none."""
        written = self.directory / "PG_VERSION"
        version = written.read_text().strip() if written.exists() else "*"
        return find_program(name, version, self.programs)

    @contextmanager
    def _open_cursor(self, database: str) -> Iterator[psycopg2.extensions.cursor]:
        opened = self.connect(database)
        try:
            yield opened.cursor()
        finally:
            opened.close()

    def _run(
        self, program: str | Path, *arguments: str | Path, check: bool = True
    ) -> tuple[int, str]:
        argv = self.account.command([self._find_program(str(program)), *arguments])
        # The server inherits these streams: a pipe would stay open as long as it runs.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(  # noqa: S603 - our own words, no shell
                argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                check=False,
                env={**os.environ, "LC_ALL": "C.UTF-8"},
                start_new_session=True,
            )
            output.seek(0)
            text = output.read().strip()
        if check and done.returncode != 0:
            raise DeployError(
                f"{program} failed",
                where=str(self.directory),
                why=text[-500:],
                cure=f"Fix what it names; {self.account.name} has to own the directory, and the"
                " disk needs free space.",
            )
        return done.returncode, text


def find_program(name: str, version: str = "*", programs: Path = PROGRAMS) -> Path:
    """Find one of PostgreSQL's programs where Debian installs them.

    Parameters
    ----------
    name : str
        The program.
    version : str
        The major version, such as ``17``; by default the newest.
    programs : pathlib.Path
        Where they are, in a directory for each version.

    Raises
    ------
    DeployError
        If PostgreSQL, or that version of it, is not installed.
    """
    found = sorted(
        programs.glob(f"{version}/bin/{name}"), key=lambda path: int(path.parts[-3]), reverse=True
    )
    if found:
        return found[0]
    if version != "*":
        raise DeployError(
            f"PostgreSQL {version}, which wrote this cluster, is not installed",
            where=str(programs),
            cure=f"Install the package postgresql-{version} again, or convert the cluster with"
            " pg_upgrade.",
        )
    raise DeployError(
        f"PostgreSQL's {name} is not installed",
        where=str(programs),
        cure="Run scripts/setup, or install the package postgresql.",
    )


def find_newer(running: str, program: Path) -> str | None:
    """Return the release of an installed server, if a running one is of another.

    Parameters
    ----------
    running : str
        The running server's ``server_version``.
    program : pathlib.Path
        The installed ``postgres``.
    """
    words: list[str | Path] = [program, "--version"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    installed = done.stdout.strip().partition("(PostgreSQL) ")[2]
    return installed if installed and installed != running else None


def _is_left_over(pid_file: Path) -> bool:
    """Return whether a pid file names a process that is dead or is not PostgreSQL.

    pg_ctl accepts any process of that number: one that reuses the number, or a zombie.
    """
    if not pid_file.exists():
        return False
    status = Path("/proc") / pid_file.read_text().split("\n", 1)[0].strip() / "status"
    try:
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    except FileNotFoundError:
        return True
    return lines["Name"].strip() != "postgres" or lines["State"].strip().startswith("Z")


def _find_fatal_line(path: Path) -> str:
    """Return the last fatal message of a log, or else its last line."""
    lines = path.read_text(errors="replace").splitlines() if path.exists() else []
    fatal = [line for line in lines if "FATAL" in line or "PANIC" in line] or lines
    return fatal[-1] if fatal else ""
