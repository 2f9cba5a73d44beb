"""The wheel and the source distribution: what is in them, and the wheel alone at work."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from epnkit.dachs.private import PrivateDachs
from epnkit.packaged import find_packaged
from tests.conftest import ROOT

#: What belongs to one machine, or to no release.
FOREIGN = ("__pycache__", ".nbc", ".nbi", ".venv/", "var/", ".pyc")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build both."""
    directory = tmp_path_factory.mktemp("dist")
    words: list[str | Path] = [sys.executable, "-m", "hatchling", "build", "-d", directory]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return directory


@pytest.fixture(scope="module")
def environment(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an environment beside this machine's DaCHS that has nothing of this repository.

    What epnkit depends on is found where the tests have it; it is not installed again.
    """
    venv = tmp_path_factory.mktemp("venv")
    python = venv / "bin" / "python"
    make = ["/usr/bin/python3", "-m", "venv", "--system-site-packages", str(venv)]
    subprocess.run(make, check=True)
    (wheel,) = built.glob("*.whl")
    install = [str(python), "-m", "pip", "install", "-q", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(install, check=True)
    packages = next((venv / "lib").glob("python3*")) / "site-packages"
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    for path in (venv, *venv.parents[:3]):
        path.chmod(path.stat().st_mode | 0o055)
    return venv


def test_the_wheel_holds_what_services_need_and_nothing_of_this_machine(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    for folder in ("sql", "constraints", "grammars", "extension", "resources/epnkit"):
        inside = folder if folder != "grammars" else f"resources/{folder}"
        files = [path for path in (ROOT / folder).rglob("*") if path.is_file()]
        kept = [path for path in files if "__pycache__" not in path.parts]
        wanted = {f"epnkit/{inside}/{path.relative_to(ROOT / folder)}" for path in kept}
        assert wanted
        assert wanted <= {*names}, f"missing: {sorted(wanted - {*names})}"
    # Kernels that a release compiled are named by what they were compiled for, and are in it.
    others = [name for name in names if not name.startswith("epnkit/regions/kernels/")]
    assert not [name for name in others if any(word in name for word in FOREIGN)]


def test_the_source_distribution_builds_and_holds_its_tests(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    assert {"pyproject.toml", "LICENSE", "scripts/test", "tests/conftest.py"} <= {*names}
    foreign = [name for name in names if any(name.startswith(word) for word in FOREIGN)]
    others = [name for name in names if "/regions/kernels/" not in name]
    foreign += [name for name in others if name.endswith((".nbi", ".nbc", ".pyc"))]
    assert not foreign


def test_the_wheel_alone_drafts_deploys_and_loads(
    environment: Path, scratch: PrivateDachs, tmp_path: Path
) -> None:
    program = environment / "bin" / "epnkit"

    def run(*words: str | Path) -> str:
        done = subprocess.run(
            [program, *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "EPNKIT_DACHS": str(scratch.root)},
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    with closing(sqlite3.connect(tmp_path / "tower.sqlite")) as database, database:
        database.execute("CREATE TABLE images (id INTEGER PRIMARY KEY, date_obs TEXT, object TEXT)")
        database.execute("INSERT INTO images VALUES (1, '2024-02-01 12:00:00', 'Sun')")
    for path in (tmp_path, *tmp_path.parents[:2]):
        path.chmod(0o755)
    assert str(environment) in run("upgrade", "--dry-run")
    run("new", "tower", "--from", tmp_path / "tower.sqlite")
    # The user's folder holds nothing of ours but references.
    for name in ("grammars", "epnkit"):
        link = tmp_path / "resources" / name
        assert link.is_symlink()
        assert environment in link.resolve().parents
    assert "1 loaded" in run("deploy", "tower", "--undecided")
    assert "1 unchanged" in run("load", "tower")
    run("undeploy", "tower")


def test_an_installation_that_lacks_a_file_is_not_this_one() -> None:
    assert find_packaged("constraints/debian12.txt").is_file()
    assert find_packaged("constraints/debian13.txt").is_file()
