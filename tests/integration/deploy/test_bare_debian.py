"""A bare Debian and the wheel alone: the how-to and the tutorial, as they are written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from epnkit.dachs.ports import free_port
from tests.conftest import ROOT
from tests.support.sessions import BASH, Shell, Step, perform, read_steps

pytestmark = [pytest.mark.all, pytest.mark.timeout(1800)]

HOW_TO = ROOT / "docs" / "howto" / "installing.md"
TUTORIAL = ROOT / "docs" / "tutorial.md"
RELEASES = ("bookworm", "trixie")


class BareShell(Shell):
    """A shell in a bare Debian, whose processes all end with it."""

    def leave_running(self, command: str, lines: int) -> str:
        """Start a command in the background, and give its first lines."""
        self.run(f"{command} > stays.log 2>&1 &")
        for _ in range(600):
            printed = self.run("cat stays.log")
            if printed.count("\n") >= lines:
                return printed
            time.sleep(0.2)
        raise AssertionError(f"{command} printed only {printed!r}")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("dist")
    words: list[str | Path] = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "-t",
        "wheel",
        "-d",
        directory,
    ]
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
    return next(directory.glob("*.whl"))


@pytest.fixture(scope="module", params=RELEASES)
def bare(request: pytest.FixtureRequest, wheel: Path) -> Iterator[BareShell]:
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        pytest.skip("a bare Debian is made by root, with debootstrap")
    chroot = [str(ROOT / "scripts" / "chroot"), "--new", request.param]
    opened = BareShell(ROOT, os.environ, [*chroot, *BASH])
    base = Path(os.environ.get("EPNKIT_CHROOTS", "/var/tmp/epnkit"))
    opened.run("cd /root")
    shutil.copy(wheel, base / request.param / "srv")
    try:
        yield opened
    finally:
        opened.close()


def list_how_to(wheel: Path) -> list[Step]:
    """Give the commands of the how-to, with the wheel in place of the index of packages."""
    page = HOW_TO.read_text(encoding="utf-8").partition("<!-- run until here -->")[0]
    named = f"epnkit[all] @ file:///srv/{wheel.name}"
    return [
        replace(step, command=step.command.replace("'epnkit[all]'", f"'{named}'"))
        for step in read_steps(page, "<!-- run from here on")
    ]


def test_a_bare_debian_comes_to_a_published_service(bare: BareShell, wheel: Path) -> None:
    steps = list_how_to(wheel)
    assert len(steps) <= 10
    printed = ""
    for step in steps:
        printed = bare.run(f"({step.command}) || echo FAILED")
        assert "FAILED" not in printed, f"{step.command}\n{printed}"
        if "epnkit check" in step.command:
            assert "No rule is broken" in printed
    assert "wrote /etc/cron.d/epnkit-tower" in printed
    query = "http://localhost:8080/tap/sync?LANG=ADQL&FORMAT=csv&QUERY=SELECT+obs_id+FROM+tower.epn_core"
    code = f"import urllib.request as u; print(u.urlopen('{query}').read().decode())"
    assert bare.run(f'python3 -c "{code}"').split()[0] == "obs_id"
    # What is left is what a firewall does, and that the example's files are nowhere.
    found = bare.run("epnkit doctor")
    named = [line.split()[0] for line in found.splitlines() if " found" in line]
    assert named == ["egress", "links"], found


def test_uninstalling_leaves_dachs_as_it_was(bare: BareShell) -> None:
    assert "epnkit undeploy tower" in bare.run("epnkit uninstall")
    assert "FAILED" not in bare.run("epnkit undeploy tower || echo FAILED")
    done = bare.run("/opt/epnkit/bin/epnkit uninstall || echo FAILED")
    assert "FAILED" not in done, done
    left = bare.run("ls /usr/local/bin /usr/local/lib/python3*/dist-packages")
    assert "epnkit" not in left
    schemas = bare.run("su postgres -c 'psql -d gavo -Atc \"SELECT nspname FROM pg_namespace\"'")
    assert "epnkit" not in schemas.split()
    assert "dc" in schemas.split()


def test_the_tutorial_needs_the_wheel_alone(bare: BareShell) -> None:
    bare.run("service dachs stop; rm /etc/epnkit/credentials/tower")
    bare.run("mkdir /srv/t && cd /srv/t && PATH=/opt/epnkit/bin:$PATH")
    port = str(free_port())
    for written in read_steps(TUTORIAL.read_text(encoding="utf-8"), "<!-- run from here on"):
        step = replace(
            written,
            command=written.command.replace("8080", port),
            expected=written.expected.replace("8080", port),
        )
        printed = perform(step, bare)
        assert step.matches(printed), f"{TUTORIAL.name}:{step.line}: {step.command}\n{printed}"
