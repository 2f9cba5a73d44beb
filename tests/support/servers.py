"""Real servers as fixtures: started once a session on free ports, and ended with it.

A test module takes them by ``pytest_plugins = ["tests.support.servers"]``. One that cannot start
is a failure, not a reason to skip.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from scripts.servers import databases, java_servers, rabbitmq, rucio, search
from scripts.servers.processes import Server

from epnkit.dachs.ports import free_port

#: Gives a credential its content: name and connection string.
Keep = Callable[[str, str], None]


@pytest.fixture(scope="session")
def server_directory() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="epnkit-servers-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def mariadb(server_directory: Path) -> Iterator[Server]:
    server = databases.start_mariadb(free_port(), server_directory / "mariadb")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgresql(server_directory: Path) -> Iterator[Server]:
    directory = server_directory / "postgresql"
    server = databases.start_postgresql(free_port(), directory, sockets=directory)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def mongo(server_directory: Path) -> Iterator[Server]:
    server = java_servers.start_mongo(
        free_port(), server_directory / "mongo", search.find_cache_directory()
    )
    yield server
    server.stop()


@pytest.fixture(scope="session")
def restheart(server_directory: Path, mongo: Server) -> Iterator[Server]:
    server = java_servers.start_restheart(
        free_port(), mongo.url, server_directory / "restheart", search.find_cache_directory()
    )
    yield server
    server.stop()


@pytest.fixture(scope="session")
def rucio_server(server_directory: Path) -> Iterator[Server]:
    server = rucio.start_rucio(
        free_port(), server_directory / "rucio", search.find_cache_directory()
    )
    yield server
    server.stop()


@pytest.fixture(
    scope="session",
    params=[
        "es8",
        *(pytest.param(kind, marks=pytest.mark.all) for kind in ("es7", "es9", "os2", "os3")),
    ],
)
def search_server(request: pytest.FixtureRequest, server_directory: Path) -> Iterator[Server]:
    directory = server_directory / request.param
    server = search.start(request.param, free_port(), directory, search.find_cache_directory())
    yield server
    server.stop()


@pytest.fixture(scope="module")
def broker(server_directory: Path) -> Iterator[Server]:
    """Give a RabbitMQ to one module, which may restart it."""
    server = rabbitmq.start_rabbitmq(free_port(), server_directory / "rabbitmq")
    yield server
    server.stop()
    shutil.rmtree(server_directory / "rabbitmq")


@pytest.fixture
def keep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keep:
    """Keep credentials where sources look for them."""
    folder = tmp_path / "credentials"
    folder.mkdir()
    monkeypatch.setenv("EPNKIT_CREDENTIALS", str(folder))

    def write(name: str, text: str) -> None:
        path = folder / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)

    return write
