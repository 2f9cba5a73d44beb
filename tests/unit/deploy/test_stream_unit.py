"""The unit of the streaming server, and what web servers get: what is written."""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.conftest import ROOT

from epnkit.cli.stream import command
from epnkit.dachs.instance import DachsInstance
from epnkit.deploy.installation import Installation
from epnkit.deploy.reverse_proxy import write_proxy
from epnkit.deploy.stream import (
    PYRAMID,
    TIMER,
    StreamUnit,
    plan_install,
    plan_uninstall,
    read_option,
    read_unit,
)
from epnkit.deploy.stream import UNIT as SERVER
from epnkit.errors import ConfigurationError, DeployError

URL = "https://vo.example.org/streams"

UNIT = StreamUnit(Path("/opt/epnkit/bin/epnkit"), URL, Path("/var/gavo/etc"))

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd is not installed"
)


def read_lines(unit: StreamUnit, key: str, name: str = SERVER) -> list[str]:
    return [
        line.removeprefix(f"{key}=")
        for line in unit.units()[name].splitlines()
        if line.startswith(f"{key}=")
    ]


def analyze(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, check=False)


def test_it_serves_as_nobody_with_the_profile_of_the_role_that_answers_adql() -> None:
    assert read_lines(UNIT, "ExecStart") == [
        "/opt/epnkit/bin/epnkit stream serve --url https://vo.example.org/streams --port 8087"
        " --cache /var/cache/epnkit-stream --cache-size 10"
    ]
    assert read_lines(UNIT, "LoadCredential") == [
        "untrustedquery:/var/gavo/etc/untrustedquery",
        "dsn:/var/gavo/etc/dsn",
    ]
    assert read_lines(UNIT, "DynamicUser") == ["yes"]
    assert read_lines(UNIT, "SocketBindAllow") == ["tcp:8087"]
    assert read_lines(UNIT, "IPAddressDeny") == []


def test_what_is_asked_for_is_in_the_unit() -> None:
    unit = replace(
        UNIT,
        program=Path("/home/me/epnkit/bin/epnkit"),
        services=("nda",),
        archives=("https://a.example/=/home/nda/my data",),
        cache_size=5,
        identity=("--id", "a/b"),
        port=8100,
        directories=(Path("/home/nda/my data"), Path("/srv/other")),
        credentials=(Path("/etc/epnkit/credentials/nda"),),
        groups=("nda", "solar"),
        memory="500M",
        local=True,
    )
    assert read_lines(unit, "ExecStart") == [
        "/home/me/epnkit/bin/epnkit stream serve nda --url https://vo.example.org/streams"
        " --port 8100 --cache /var/cache/epnkit-stream --cache-size 5"
        ' --archive "https://a.example/=/home/nda/my data" --id a/b'
    ]
    assert read_lines(unit, "ExecStart", PYRAMID) == [
        "/home/me/epnkit/bin/epnkit stream pyramid nda --cache /var/cache/epnkit-stream"
        ' --cache-size 5 --archive "https://a.example/=/home/nda/my data"'
    ]
    assert read_lines(unit, "BindReadOnlyPaths") == ['"/home/me/epnkit"', '"/home/nda/my data"']
    assert read_lines(unit, "LoadCredential")[2:] == ["nda:/etc/epnkit/credentials/nda"]
    assert read_lines(unit, "SupplementaryGroups") == ["nda solar"]
    assert read_lines(unit, "MemoryMax") == ["500M"]
    assert (read_lines(unit, "IPAddressDeny"), read_lines(unit, "IPAddressAllow")) == (
        ["any"],
        ["localhost"],
    )


def test_reductions_are_made_by_the_same_account_which_listens_at_no_port() -> None:
    for key in ("User", "CacheDirectory", "LoadCredential", "ProtectSystem", "SocketBindDeny"):
        assert read_lines(UNIT, key, PYRAMID) == read_lines(UNIT, key) != []
    assert read_lines(UNIT, "SocketBindAllow", PYRAMID) == []
    assert read_lines(UNIT, "OnCalendar", TIMER) == ["daily"]


@pytest.mark.parametrize("changes", [{"memory": "much"}, {"groups": ("a b",)}])
def test_what_systemd_would_not_understand_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        replace(UNIT, **changes)  # type: ignore[arg-type]


@needs_systemd
def test_systemd_understands_paths_with_blanks_quotes_and_percents(tmp_path: Path) -> None:
    odd = tmp_path / "a 100%n 'b' \"c\""
    program = tmp_path / "my 100%n tools" / "bin" / "epnkit"
    program.parent.mkdir(parents=True)
    program.symlink_to("/bin/true")
    address = "https://a.example/100%25 $HOME/=" + str(odd)
    unit = replace(
        UNIT,
        program=program,
        profiles=odd,
        settings=odd / "gavo.rc",
        archives=(address,),
        directories=(Path("/home/a 'b' 100%n"),),
        credentials=(odd / "nda",),
    )
    for name, text in unit.units().items():
        (tmp_path / name).write_text(text)
    path = tmp_path / SERVER
    done = analyze("verify", "--man=no", *(tmp_path / name for name in unit.units()))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    found = read_unit((tmp_path / "none", tmp_path))
    assert found is not None
    assert found == (path, list(unit.command))
    assert read_option(found[1], "--archive", "") == address


@needs_systemd
def test_systemd_finds_little_exposed(tmp_path: Path) -> None:
    path = tmp_path / "epnkit-stream.service"
    for local, most in ((False, 1.4), (True, 1.2)):
        path.write_text(replace(UNIT, local=local).units()[SERVER])
        done = analyze("security", "--offline=true", "--no-pager", path)
        level = done.stdout.splitlines()[-1].partition("service: ")[2].split()[0]
        assert 0 < float(level) <= most, done.stdout


@pytest.mark.parametrize("kind", ["nginx", "apache"])
def test_the_documentation_shows_what_the_command_prints(kind: str) -> None:
    page = (ROOT / "docs" / "howto" / "streams.md").read_text()
    done = CliRunner().invoke(command, ["proxy", kind, URL])
    assert f"```{kind}\n{done.output}```\n" in page


@pytest.mark.parametrize(
    "url", ["https://vo.example.org", "https://vo.example.org/a b", "https://a/%"]
)
def test_an_address_without_a_plain_path_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        write_proxy("nginx", url, 8087)


def make_instance(tmp_path: Path) -> DachsInstance:
    settings = tmp_path / "gavo.rc"
    settings.write_text(f"[general]\nrootDir: {tmp_path}\n")
    for name in ("etc", "inputs", "units"):
        (tmp_path / name).mkdir()
    return DachsInstance(settings, None)


SQL = 'kind = "sql"\nconnection = "secret"\nquery = "SELECT 1"\n'
FILES = 'kind = "files"\nconnection = "archive"\n'

SERVICE = """
from epnkit.mapping import Mapping
from epnkit.service import Events, Service

service = Service(
    name="{name}",
    frame="none",
    mapping=Mapping(columns={{"granule_uid": "a"}}),
    key=("a",),
    streams=(Events("{name}_events", "Events"),),
)
"""


def add_service(instance: DachsInstance, name: str, source: str) -> None:
    folder = instance.inputs / name
    folder.mkdir()
    (folder / "service.py").write_text(SERVICE.format(name=name))
    (folder / "source.toml").write_text(source)


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DachsInstance:
    made = make_instance(tmp_path)
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    monkeypatch.setenv("EPNKIT_CREDENTIALS", str(credentials))
    monkeypatch.setenv("GAVOSETTINGS", str(made.settings))
    for name, text in (
        ("secret", "Driver=x;PWD=y"),
        ("archive", f"directory={tmp_path};address=a"),
    ):
        (credentials / name).write_text(text)
        (credentials / name).chmod(0o600)
    add_service(made, "bursts", SQL)
    add_service(made, "spectra", FILES)
    return made


def test_no_password_of_a_source_is_handed_over(instance: DachsInstance, tmp_path: Path) -> None:
    done = CliRunner().invoke(command, ["install", "--url", URL, "--dry-run"])
    assert done.exit_code == 0, done.output
    assert f"LoadCredential=archive:{tmp_path}/credentials/archive" in done.output
    assert "secret" not in done.output
    assert f'Environment="GAVOSETTINGS={instance.settings}"' in done.output


def test_it_is_installed_and_uninstalled(instance: DachsInstance, tmp_path: Path) -> None:
    folder = tmp_path / "units"
    words = ["install", "--url", f"{URL}/", "--units", str(folder), "--id", "a/b"]
    done = CliRunner().invoke(command, words)
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-1] == (
        f"Now: epnkit stream proxy nginx {URL}, and epnkit stream link {URL}"
    )
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.read(folder / "epnkit-stream.service")
    assert unit["Service"]["ExecStart"].endswith(
        '--cache-size 10 --contact "the operator of the DaCHS" --id a/b'
    )
    links = instance.configuration / "epnkit-stream.json"
    links.write_text("{}")
    assert CliRunner().invoke(command, ["uninstall", "--units", str(folder)]).exit_code == 0
    assert (list(folder.iterdir()), links.exists()) == ([], False)


def test_a_plan_says_what_it_does(instance: DachsInstance, tmp_path: Path) -> None:
    folder = tmp_path / "units"
    names = ("epnkit-stream.service", PYRAMID, TIMER)
    assert [each.plan for each in plan_install(UNIT, folder)] == [
        f"write {folder}/{name}" for name in names
    ]
    assert [each.plan for each in plan_uninstall(instance, folder)] == [
        *(f"remove {folder}/{name}" for name in names),
        f"remove {instance.configuration}/epnkit-stream.json",
    ]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root uninstalls")
def test_uninstalling_epnkit_removes_the_server_if_it_is_installed(
    instance: DachsInstance, tmp_path: Path
) -> None:
    folder = tmp_path / "units"
    folder.mkdir(exist_ok=True)
    installation = Installation(instance=instance, units=folder)
    before = [each.plan for each in installation.plan_uninstall()]
    (folder / "epnkit-stream.service").write_text("")
    after = [each.plan for each in installation.plan_uninstall()]
    assert after == [*(each.plan for each in plan_uninstall(instance, folder)), *before]


def test_a_private_dachs_is_refused(tmp_path: Path) -> None:
    make_instance(tmp_path)
    (tmp_path / "postgresql").mkdir()
    (tmp_path / "postgresql" / "PG_VERSION").write_text("15\n")
    done = CliRunner().invoke(command, ["install", "--url", URL, "--dachs", str(tmp_path)])
    assert isinstance(done.exception, DeployError)
    assert "epnkit stream serve" in str(done.exception.cure)


@pytest.mark.parametrize("words", [["install", "--url"], ["proxy", "nginx"], ["link"]])
def test_an_address_that_is_none_is_refused(words: list[str]) -> None:
    done = CliRunner().invoke(command, [*words, "vo.example.org/streams"])
    assert done.exit_code == 2
    assert "begins with neither http:// nor https://" in done.output
