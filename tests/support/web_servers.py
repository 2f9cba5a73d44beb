"""nginx and Apache as reverse proxies: Debian's programs, installed or only unpacked."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.environments import JUDGES

#: The packages that a program needs besides what every Debian has.
_PACKAGES = {"nginx": ("nginx",), "apache2": ("apache2-bin", "libapr1", "libaprutil1")}

_NGINX = """\
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    gzip on;
    gzip_types *;
    client_body_temp_path {folder};
    proxy_temp_path {folder};
    fastcgi_temp_path {folder};
    uwsgi_temp_path {folder};
    scgi_temp_path {folder};
    server {{
        listen 127.0.0.1:{port};
{snippet}
    }}
}}
"""

#: As on Debian, answers are compressed unless somebody says otherwise.
_APACHE = """\
ServerRoot {folder}
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {folder}/pid
ErrorLog {folder}/error.log
User www-data
Group www-data
{modules}
AddOutputFilterByType DEFLATE text/html text/plain text/csv application/json
{snippet}
"""

_MODULES = ("mpm_event", "authz_core", "proxy", "proxy_http", "alias", "env", "filter", "deflate")


def find_program(name: str) -> tuple[Path, dict[str, str], Path]:
    """Find a web server, and unpack Debian's packages of it unless it is installed.

    Returns
    -------
    program : pathlib.Path
        The program.
    environment : dict
        Its environment.
    root : pathlib.Path
        Where the packages are unpacked; ``/`` if they are installed.
    """
    installed = shutil.which(name, path="/usr/sbin")
    if installed:
        return Path(installed), dict(os.environ), Path("/")
    root = JUDGES / name
    program = root / "usr" / "sbin" / name
    if not program.exists():
        root.mkdir(parents=True, exist_ok=True)
        command = ["apt-get", "download", *_PACKAGES[name]]
        subprocess.run(command, cwd=root, check=True, capture_output=True)
        for package in root.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", package, root], check=True)
    libraries = root / "usr" / "lib" / "x86_64-linux-gnu"
    return program, {**os.environ, "LD_LIBRARY_PATH": str(libraries)}, root


def _configure(kind: str, snippet: str, folder: Path, port: int) -> list[str]:
    """Write the configuration; give the command line without its last words."""
    known = {"folder": folder, "port": port, "snippet": snippet}
    path = folder / "server.conf"
    if kind == "nginx":
        path.write_text(_NGINX.format(**known))
        return ["-e", str(folder / "error.log"), "-c", str(path)]
    _, _, root = find_program("apache2")
    modules = root / "usr/lib/apache2/modules"
    lines = [f"LoadModule {each}_module {modules}/mod_{each}.so" for each in _MODULES]
    path.write_text(_APACHE.format(modules="\n".join(lines), **known))
    return ["-f", str(path)]


@contextmanager
def run_proxy(kind: str, snippet: str, folder: Path) -> Iterator[str]:
    """Run a web server with a snippet in its configuration, which it finds to be right.

    Parameters
    ----------
    kind : {"nginx", "apache"}
        The web server.
    snippet : str
        Part of its configuration.
    folder : pathlib.Path
        Where its files are.
    """
    program, environment, _ = find_program({"nginx": "nginx", "apache": "apache2"}[kind])
    with socket.create_server(("127.0.0.1", 0)) as opened:
        port = opened.getsockname()[1]
    words: list[str | Path] = [program, *_configure(kind, snippet, folder, port)]
    tested = subprocess.run(
        [*words, "-t"], env=environment, capture_output=True, text=True, check=False
    )
    assert tested.returncode == 0, tested.stderr
    foreground = [] if kind == "nginx" else ["-D", "FOREGROUND"]
    with subprocess.Popen([*words, *foreground], env=environment) as process:
        try:
            _await_port(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"it ended with status {process.returncode}")
