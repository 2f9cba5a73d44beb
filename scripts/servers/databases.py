"""MariaDB and PostgreSQL on the loopback, with a user and a password of the tests' own."""

from __future__ import annotations

import subprocess
from pathlib import Path

from scripts.servers.maven import run
from scripts.servers.processes import Server, is_listening, launch

from epnkit.dachs.account import choose_account
from epnkit.dachs.cluster import find_program
from epnkit.errors import DeployError

#: The database, its user, and the password that must appear nowhere.
DATABASE, USER, PASSWORD = "epnkit", "reader", "canary-7fe1"

#: Run by the server at its start, which takes one statement a line.
_GRANT = (
    f"CREATE DATABASE IF NOT EXISTS {DATABASE} CHARACTER SET utf8mb4;\n"
    f"CREATE USER IF NOT EXISTS '{USER}'@'%' IDENTIFIED BY '{PASSWORD}';\n"
    f"GRANT ALL ON {DATABASE}.* TO '{USER}'@'%';\nFLUSH PRIVILEGES;\n"
)


def start_mariadb(port: int, directory: Path) -> Server:
    """Start MariaDB; create its system tables first if there are none."""
    directory.mkdir(parents=True, exist_ok=True)
    data, account = directory / "data", choose_account(directory)
    account.create_owned(directory)
    if not data.is_dir():
        run(
            account.command(
                [
                    "mariadb-install-db",
                    "--no-defaults",
                    f"--datadir={data}",
                    "--auth-root-authentication-method=normal",
                    "--skip-test-db",
                ]
            ),
            directory,
        )
    script = directory / "grant.sql"
    script.write_text(_GRANT)
    argv: list[str | Path] = [
        "mariadbd",
        "--no-defaults",
        f"--datadir={data}",
        "--bind-address=127.0.0.1",
        f"--port={port}",
        f"--socket={directory}/socket",
        f"--init-file={script}",
        "--skip-name-resolve",
        "--innodb-flush-log-at-trx-commit=0",
        "--innodb-buffer-pool-size=256M",
        "--max-allowed-packet=64M",
    ]
    url = f"mysql://{USER}:{PASSWORD}@127.0.0.1:{port}/{DATABASE}"
    return launch("mariadb", argv, port, directory, url)


def start_postgresql(port: int, directory: Path, sockets: Path | str = "") -> Server:
    """Start PostgreSQL, making the cluster, the user and the database first.

    Its Unix socket is created in the directory of sockets, if one is named; the path may have 107
    bytes at most.
    """
    directory.mkdir(parents=True, exist_ok=True)
    data, account = directory / "data", choose_account(directory)
    account.create_owned(directory)
    if not data.is_dir():
        secret = directory / "password"
        secret.write_text(PASSWORD)
        run(
            account.command(
                [
                    find_program("initdb"),
                    "-A",
                    "scram-sha-256",
                    "-E",
                    "UTF8",
                    "--locale=C.UTF-8",
                    "-U",
                    USER,
                    f"--pwfile={secret}",
                    "-D",
                    data,
                ]
            ),
            Path("/"),
        )
    argv: list[str | Path] = [
        find_program("postgres"),
        "-D",
        data,
        "-p",
        str(port),
        "-c",
        "listen_addresses=127.0.0.1",
        "-c",
        f"unix_socket_directories={sockets}",
        "-c",
        "fsync=off",
        "-c",
        "timezone=UTC",
    ]
    url = f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{port}/{DATABASE}"
    server = launch("postgresql", argv, port, directory, url, lambda: _is_answering(port))
    _create(port)
    return server


def _is_answering(port: int) -> bool:
    return is_listening(port) and _psql(port, "SELECT 1").returncode == 0


def _create(port: int) -> None:
    there = _psql(port, f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'")  # noqa: S608
    if "1" in there.stdout:
        return
    made = _psql(port, f"CREATE DATABASE {DATABASE}")
    if made.returncode:
        raise DeployError(
            "the test database cannot be created",
            why=made.stderr.strip(),
            cure="Look into the log of the cluster.",
        )


def _psql(port: int, statement: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 (our own words, no shell)
        [
            find_program("psql"),
            "-h",
            "127.0.0.1",
            "-p",
            str(port),
            "-U",
            USER,
            "-Atc",
            statement,
            "postgres",
        ],
        env={"PGPASSWORD": PASSWORD},
        capture_output=True,
        text=True,
        check=False,
    )
