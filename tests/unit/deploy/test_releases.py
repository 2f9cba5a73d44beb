"""What depends on the release of Debian: tested versions, paths, what is in use."""

from __future__ import annotations

import os
import pwd
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from tests.conftest import ROOT

from epnkit.deploy.installation import Installation
from epnkit.deploy.toolkit import Toolkit
from epnkit.doctor.installation import find_used
from epnkit.errors import DeployError
from epnkit.packaged import find_constraints, name_release

RELEASES = ("debian12", "debian13")


def read_lines(path: Path) -> list[str]:
    lines = (line.partition("#")[0].strip() for line in path.read_text().splitlines())
    return [line for line in lines if line]


@pytest.mark.parametrize("release", RELEASES)
def test_a_release_has_its_versions_and_its_packages(release: str) -> None:
    constraints = find_constraints(release)
    assert constraints is not None
    names = [Requirement(line).name.lower() for line in read_lines(constraints)]
    assert len(names) == len(set(names)) > 50
    packages = read_lines(ROOT / "scripts" / f"packages-{release}.txt")
    assert {name.split("-")[0] for name in packages} == {"postgresql"}


def test_lists_for_all_releases_name_no_version_of_postgresql() -> None:
    for path in (ROOT / "scripts").glob("packages*.txt"):
        if "debian" not in path.name:
            assert not [name for name in read_lines(path) if name.startswith("postgresql-1")]


def test_another_system_has_no_tested_versions() -> None:
    assert find_constraints("fedora43") is None
    assert find_constraints("ubuntu24.04") is None
    assert name_release() in RELEASES


def test_the_python_of_dachs_is_the_one_of_the_release() -> None:
    version = f"python3.{sys.version_info.minor}"
    account = Toolkit.__dataclass_fields__["path"].default
    assert account == Path("/usr/local/lib") / version / "dist-packages" / "epnkit.pth"


def test_what_only_tests_need_is_not_in_use() -> None:
    used = find_used()
    assert {"numpy", "polars", "llvmlite"} <= used.keys()
    assert not {"hypothesis", "pytest", "sphinx", "epnkit"} & used.keys()
    assert find_used("no-such-distribution") == {}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")
def test_only_root_installs() -> None:
    nobody = pwd.getpwnam("nobody").pw_uid
    os.seteuid(nobody)
    try:
        with pytest.raises(DeployError, match="only root"):
            Installation().plan_install()
        with pytest.raises(DeployError, match="only root"):
            Installation().plan_uninstall()
    finally:
        os.seteuid(0)
