"""Rucio's real server, in an environment of its own, with SQLite."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from scripts.servers.maven import run
from scripts.servers.processes import Server, launch

VERSION = "41.5.0"

#: The account, its user, and the password that must appear nowhere.
ACCOUNT, USER, PASSWORD = "root", "reader", "canary-52ad"

_SETTINGS = """\
[common]
logdir = {directory}
loglevel = WARNING
[client]
rucio_host = http://127.0.0.1:{port}
auth_host = http://127.0.0.1:{port}
[database]
default = sqlite:///{directory}/rucio.db
[bootstrap]
userpass_identity = {user}
userpass_pwd = {password}
[policy]
permission = generic
schema = generic
[api]
endpoints = accounts, auth, dids, ping, replicas, rses, scopes
"""

#: Rucio's own way to its tables ends with an error: it wants Alembic's settings, which are for
#: upgrades.
_PREPARE = """\
from configparser import NoSectionError
from contextlib import suppress
from rucio.db.sqla.util import build_database, create_base_vo, create_root_account
with suppress(NoSectionError):
    build_database()
create_base_vo()
create_root_account()
"""

_SERVE = """\
import sys
from werkzeug.serving import run_simple
from rucio.web.rest.flaskapi.v1.main import application
run_simple("127.0.0.1", int(sys.argv[1]), application, threaded=True)
"""


def start_rucio(port: int, directory: Path, cache: Path) -> Server:
    """Start the server with an empty database; the first time its environment is made."""
    python = _make_environment(cache / f"rucio-{VERSION}")
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    settings = directory / "rucio.cfg"
    settings.write_text(
        _SETTINGS.format(directory=directory, port=port, user=USER, password=PASSWORD)
    )
    for name, text in (("prepare.py", _PREPARE), ("serve.py", _SERVE)):
        (directory / name).write_text(text)
    named = ["env", f"RUCIO_CONFIG={settings}", f"RUCIO_HOME={directory}", str(python)]
    run([*named, str(directory / "prepare.py")], directory)
    argv: list[str | Path] = [*named, directory / "serve.py", str(port)]
    url = f"http://{USER}:{PASSWORD}@127.0.0.1:{port}?account={ACCOUNT}"
    return launch("rucio", argv, port, directory, url)


def _make_environment(home: Path) -> Path:
    """Install Rucio, if it is not there yet; return its Python."""
    python = home / "bin/python"
    if not (home / "whole").exists():
        shutil.rmtree(home, ignore_errors=True)
        home.parent.mkdir(parents=True, exist_ok=True)
        run([sys.executable, "-m", "venv", str(home)], home.parent)
        run([str(python), "-m", "pip", "install", "-q", f"rucio=={VERSION}"], home)
        (home / "whole").touch()
    return python
