"""The unit of the streaming server under a real systemd: it serves, and can do little else."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from epnkit.dachs.private import PrivateDachs
from tests.conftest import bring_up
from tests.support.booted import Machine, boot

pytestmark = pytest.mark.all

EPNKIT = Path(sys.executable).with_name("epnkit")

URL = "https://vo.example.org/streams"

#: Makes the private DaCHS at /srv/dachs look as the system's: settings, profiles, credentials.
PREPARE = """
set -e
cp -a /srv/dachs/etc /etc/dachs
sed -i "s#{root}#/srv/dachs#" /etc/dachs/dsn
sed -e "s#{root}#/srv/dachs#" -e "s#^profilepath.*#profilepath = /etc/dachs#" \
    -e "s#^tempdir.*#configdir = /etc/dachs#" /srv/dachs/gavo.rc > /etc/gavo.rc
mkdir -p /etc/epnkit
cp -a /srv/dachs/credentials /etc/epnkit/
sed -i "s#{root}#/srv/dachs#" /etc/epnkit/credentials/*
"""


@pytest.fixture(scope="module")
def machine(scratch: PrivateDachs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    for name in ("nda", "hfc1t3"):
        bring_up(scratch, name)
    # A private PostgreSQL is for its own account; Debian's is for all, who need a password.
    for path in (scratch.root.parent, scratch.cluster.socket_directory):
        path.chmod(0o755)
    for socket in scratch.cluster.socket_directory.glob(".s.PGSQL.*[0-9]"):
        socket.chmod(0o777)
    with boot(tmp_path_factory.mktemp("machine"), scratch.root) as booted:
        booted.sh(PREPARE.format(root=scratch.root))
        yield booted


@pytest.fixture(scope="module")
def installed(machine: Machine) -> str:
    """Install the unit; give what is printed."""
    said = machine.run(EPNKIT, "stream", "install", "--url", URL, "--local")
    await_server(machine)
    return said


def await_server(machine: Machine) -> None:
    for _ in range(300):
        if '"code":1200' in ask(machine, "hapi/capabilities"):
            return
        time.sleep(0.1)
    pytest.fail(
        machine.run("systemctl", "status", "--no-pager", "-l", "epnkit-stream", check=False)
    )


def ask(machine: Machine, path: str) -> str:
    code = f"import urllib.request as u; print(u.urlopen('http://127.0.0.1:8087/{path}').read())"
    return machine.run("/usr/bin/python3", "-c", code, check=False)


def find_process(machine: Machine) -> str:
    return machine.run("systemctl", "show", "-p", "MainPID", "--value", "epnkit-stream").strip()


def try_as_server(machine: Machine, script: str) -> str:
    """Run a script of the shell as the server's account, in the server's view of the files."""
    number = find_process(machine)
    view = f"nsenter --target {number} --mount --user --setuid $uid --setgid $uid"
    return machine.sh(
        f"uid=$(stat -c %u /proc/{number}); {view} bash -c '{script}' 2>&1", check=False
    )


def test_it_is_started_and_serves_files_of_the_archive(machine: Machine, installed: str) -> None:
    assert "epnkit-stream.service: enabled and started" in installed
    assert f"Now: epnkit stream proxy nginx {URL}" in installed
    assert machine.run("systemctl", "is-enabled", "epnkit-stream") == "enabled\n"
    listed = ask(machine, "hapi/catalog")
    assert "nda_routine_jup" in listed
    assert "hfc1t3_bursts" in listed
    span = "start=2016-01-30T22:47:06.030Z&stop=2016-01-31T06:45:58.681Z"
    records = ask(machine, f"hapi/data?dataset=nda_routine_jup&parameters=LL&{span}")
    assert records.count("Z,") == 61
    assert "\\x89PNG" in ask(machine, f"plot?dataset=nda_routine_jup&{span}")


def test_it_has_no_rights(machine: Machine, installed: str) -> None:
    status = machine.run("cat", f"/proc/{find_process(machine)}/status")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert fields["CapEff"] == fields["CapBnd"] == "0" * 16
    assert (fields["NoNewPrivs"], fields["Seccomp"]) == ("1", "2")
    assert 61184 <= int(fields["Uid"].split()[0]) <= 65519  # what systemd gives away
    listening = machine.sh("cut -c 7-20,35-37 /proc/net/tcp | grep ' 0A'")
    assert listening.split() == ["0100007F:1F97", "0A"]


def test_it_sees_its_own_profile_and_no_other(machine: Machine, installed: str) -> None:
    handed = "/run/credentials/epnkit-stream.service"
    names = try_as_server(machine, f"ls {handed}").split()
    # That of hfc1t3 has the password of a database.
    assert names == ["dsn", "nda", "untrustedquery"]
    assert "user = untrusted" in try_as_server(machine, f"cat {handed}/untrustedquery")
    for path in ("/etc/dachs/feed", "/etc/epnkit/credentials/hfc1t3", "/etc/shadow"):
        assert "Permission denied" in try_as_server(machine, f"cat {path}"), path
    for path in ("/etc/x", "/srv/dachs/x", "/var/lib/x"):
        assert "Read-only file system" in try_as_server(machine, f"touch {path}"), path
    assert try_as_server(machine, "touch /var/cache/epnkit-stream/x") == ""
    assert try_as_server(machine, "ls /root /home") == "/home:\n\n/root:\n"


def test_it_starts_again_if_it_is_killed(machine: Machine, installed: str) -> None:
    before = find_process(machine)
    machine.run("kill", "-9", before)
    await_server(machine)
    assert find_process(machine) not in (before, "0")


def test_reductions_are_made_by_the_same_account(machine: Machine, installed: str) -> None:
    machine.run("systemctl", "start", "epnkit-stream-pyramid.service")
    assert machine.run("systemctl", "is-enabled", "epnkit-stream-pyramid.timer") == "enabled\n"
    assert machine.run("systemctl", "is-active", "epnkit-stream-pyramid.timer") == "active\n"
    owner = machine.run("stat", "-c", "%u", "/var/cache/private/epnkit-stream/reductions.sqlite")
    assert owner == machine.run("stat", "-c", "%u", f"/proc/{find_process(machine)}")
    span = "start=1990-01-01Z&stop=2030-01-01Z"
    assert "\\x89PNG" in ask(machine, f"plot?dataset=nda_routine_jup&{span}")


def test_nothing_of_it_stays(machine: Machine, installed: str) -> None:
    assert machine.run(EPNKIT, "stream", "link", URL).startswith("datalink leads to ")
    links = json.loads(machine.run("cat", "/etc/dachs/epnkit-stream.json"))
    assert links["url"] == URL
    # All is well but for the web server, which is not there.
    said = machine.run(EPNKIT, "doctor", "--check", "streams", check=False)
    assert "streams      1 found" in said
    assert f"- {URL}: the public address of the streaming server does not lead to it" in said
    machine.run(EPNKIT, "stream", "uninstall")
    found = machine.sh("find /etc /var/cache /run -xdev -name '*epnkit-stream*'")
    assert found == ""
    assert machine.run("systemctl", "is-active", "epnkit-stream", check=False) == "inactive\n"
    assert "not there" in machine.run(EPNKIT, "stream", "uninstall", check=False)
