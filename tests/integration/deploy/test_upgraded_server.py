"""PostgreSQL's programs replaced while its server runs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from epnkit.dachs.cluster import Cluster, find_program
from epnkit.doctor.installation import find_outdated_server
from epnkit.errors import DeployError

NEWER = "postgres (PostgreSQL) 99.1 (Debian)"
PROGRAMS = ("initdb", "pg_ctl", "postgres")


@pytest.fixture
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give PostgreSQL's programs in a directory where they can be replaced."""
    base = tmp_path_factory.mktemp("postgresql")
    for parent in (base, *list(base.parents)[:2]):
        parent.chmod(0o755)
    for name in PROGRAMS:
        real = find_program(name)
        script = base / real.parts[-3] / "bin" / name
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(f'#!/bin/sh\nexec {real} "$@"\n')
        script.chmod(0o755)
    return base


@pytest.fixture
def cluster(programs: Path) -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="epnkit-") as directory:
        made = Cluster(Path(directory) / "p", durable=False, programs=programs)
        made.start()
        yield made
        made.stop()


def replace_server(programs: Path) -> None:
    """Put a newer release in the place of the server's program."""
    (program,) = programs.glob("*/bin/postgres")
    text = program.read_text().replace(
        "exec",
        '[ "$1" = --version ] && { echo "postgres (PostgreSQL) 99.1 (Debian)"; exit; }\nexec',
    )
    program.write_text(text)


def read_pid(cluster: Cluster) -> int:
    return int((cluster.directory / "postmaster.pid").read_text().split()[0])


def test_a_private_server_starts_again_in_the_new_release(cluster: Cluster, programs: Path) -> None:
    before = read_pid(cluster)
    cluster.start()
    assert read_pid(cluster) == before
    replace_server(programs)
    assert cluster.is_outdated()
    cluster.start()
    assert read_pid(cluster) != before
    assert cluster.running


def test_the_doctor_sees_that_another_release_is_installed(
    cluster: Cluster, programs: Path
) -> None:
    with closing(cluster.connect()) as connection:
        assert list(find_outdated_server(connection, programs)) == []
        replace_server(programs)
        (found,) = find_outdated_server(connection, programs)
    assert "99.1 (Debian) is installed" in found.what
    assert "estart it" in found.cure


def test_a_cluster_of_a_version_that_is_gone_is_named(cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "99" / "bin").mkdir(parents=True)
    (tmp_path / "99" / "bin" / "pg_ctl").touch()
    version = (cluster.directory / "PG_VERSION").read_text().strip()
    moved = Cluster(cluster.directory, programs=tmp_path)
    with pytest.raises(DeployError, match=f"PostgreSQL {version}, which wrote this cluster") as why:
        moved.start()
    assert f"postgresql-{version}" in (why.value.cure or "")
