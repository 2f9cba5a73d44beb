"""What the doctor finds in a real DaCHS, and that it finds nothing where all is well."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from socket import socket
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from epnkit import service as services
from epnkit.cli.doctor import command
from epnkit.dachs.account import Account
from epnkit.dachs.instance import DachsInstance
from epnkit.dachs.private import PrivateDachs
from epnkit.deploy import state
from epnkit.doctor import imports, installation, network, permissions
from epnkit.doctor.checks import CheckContext, Finding
from epnkit.doctor.examination import CHECKS
from tests.conftest import ROOT, bring_up, tear_down

#: A port of this machine at which nobody listens: nothing outside is ever asked here.
NOWHERE = "127.0.0.1:9"


@pytest.fixture(scope="module")
def instance(scratch: PrivateDachs) -> DachsInstance:
    bring_up(scratch, "bass2000")
    return DachsInstance(scratch.settings, scratch)


@pytest.fixture
def context(instance: DachsInstance, tmp_path: Path) -> CheckContext:
    """Give a DaCHS with one service, without timers."""
    (tmp_path / "units").mkdir()
    (tmp_path / "cron").mkdir()
    return CheckContext(
        instance,
        (services.read_service(instance.inputs / "bass2000"),),
        reach=NOWHERE,
        units=(tmp_path / "units",),
        crontabs=(tmp_path / "cron", tmp_path / "crontab"),
    )


@pytest.fixture
def credential(instance: DachsInstance) -> Iterator[Path]:
    assert instance.private is not None
    path = instance.private.root / "credentials" / "bass2000"
    text = path.read_text()
    yield path
    path.write_text(text)
    path.chmod(0o600)


def run_doctor(
    instance: DachsInstance, *arguments: str
) -> tuple[int, dict[str, list[Finding]], str]:
    """Examine in a process of its own, which knows this DaCHS alone; give what each check found."""
    words: list[str | Path] = [
        Path(sys.executable).with_name("epnkit"),
        "doctor",
        *arguments,
        "--reach",
        NOWHERE,
        "--dachs",
        instance.root,
        "--format",
        "json",
    ]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.stdout, done.stderr
    told = json.loads(done.stdout)
    found: dict[str, list[Finding]] = {name: [] for name in told["well"]}
    for each in told["findings"]:
        found.setdefault(each.pop("check"), []).append(Finding(**each))
    return done.returncode, found, str(told["could_not_look"])


def test_all_is_well_but_for_what_this_machine_allows(instance: DachsInstance) -> None:
    assert instance.private is not None
    with instance.private.run_server():
        status, found, failed = run_doctor(instance)
    assert failed == "{}"
    assert set(found) == set(CHECKS)
    # Nobody keeps the tests' account from connecting to this machine.
    assert {name for name, each in found.items() if each} == {"egress"}
    assert status == 1


def test_well_means_status_0(instance: DachsInstance) -> None:
    chosen = (
        "dachs",
        "postgresql",
        "pgsphere",
        "toolkit",
        "versions",
        "services",
        "permissions",
        "drivers",
    )
    words = [word for name in chosen for word in ("--check", name)]
    assert run_doctor(instance, *words) == (0, {name: [] for name in chosen}, "{}")


def test_in_words(instance: DachsInstance) -> None:
    words: list[str | Path] = [
        Path(sys.executable).with_name("epnkit"),
        "doctor",
        "--check",
        "drivers",
        "--check",
        "egress",
        "--reach",
        NOWHERE,
        "--dachs",
        instance.root,
    ]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=False)
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["drivers", "well"]
    assert lines[1].split() == ["egress", "1", "found"]
    assert lines[4].startswith("    cure: Refuse the connections")
    assert "\x1b" not in done.stdout


def test_settings_that_dachs_does_not_take(instance: DachsInstance, tmp_path: Path) -> None:
    broken = tmp_path / "gavo.rc"
    broken.write_text(instance.settings.read_text() + "\n[nonsense\n")
    (found,) = installation.check_dachs(CheckContext(Broken(broken, instance.private)))
    assert found.what == "DaCHS does not start"
    assert str(broken) in found.why + found.where


def test_a_setting_that_dachs_does_not_take(instance: DachsInstance) -> None:
    before = instance.settings.read_text()
    instance.settings.write_text(before.replace("serverport = ", "serverport = x"))
    try:
        status, found, _ = run_doctor(instance, "--check", "dachs")
    finally:
        instance.settings.write_text(before)
    (finding,) = found["dachs"]
    assert (status, finding.what) == (1, "DaCHS does not start")
    assert "serverport" in finding.why.lower()


class Broken(DachsInstance):
    """The DaCHS of the tests, with other settings."""

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "GAVOSETTINGS": str(self.settings)}


def test_a_database_that_does_not_answer(instance: DachsInstance) -> None:
    assert instance.private is not None
    instance.private.cluster.stop()
    try:
        status, found, failed = run_doctor(instance, "--sample", "1")
        (finding,) = found["postgresql"]
        assert finding.what == "its database does not answer"
        assert "\n" not in finding.why
        # Told once; what else needs the database says so in a line.
        assert {name for name, each in found.items() if each} <= {"postgresql", "egress"}
        for name in ("dachs", "pgsphere", "disk", "links"):
            assert f"'{name}': 'it needs the database: see postgresql'" in failed
        assert status == 1
        status, _, failed = run_doctor(instance, "--check", "disk", "--check", "links")
        assert status == 2
        assert "does not answer" in failed
        assert "'links': 'it needs the database: see disk'" in failed
        subprocess.run(["sh", "-c", finding.cure.removeprefix("Start it: ")], check=True)
        assert run_doctor(instance, "--check", "postgresql")[0] == 0
    finally:
        instance.private.cluster.start()


def test_a_profile_that_dachs_cannot_read(instance: DachsInstance) -> None:
    profile = instance.configuration / "feed"
    before = profile.read_text()
    profile.write_text(before.replace("user", "uzer"))
    try:
        status, found, failed = run_doctor(instance, "--check", "postgresql", "--check", "disk")
    finally:
        profile.write_text(before)
    (finding,) = found["postgresql"]
    assert finding.what == "DaCHS's database profiles cannot be read"
    assert str(profile) in finding.why
    assert (status, failed) == (1, "{'disk': 'it needs the database: see postgresql'}")


def test_a_database_without_pgsphere(instance: DachsInstance) -> None:
    assert instance.private is not None
    kinds = []
    with closing(instance.private.cluster.connect("postgres")) as connection:
        kinds = list(installation.find_missing_types(connection))
    assert [found.what for found in kinds] == [
        "the database has no type spoly",
        "the database has no type smoc",
    ]
    with closing(instance.private.cluster.connect()) as connection:
        assert list(installation.find_missing_types(connection)) == []


def test_other_versions_than_those_that_were_tested(context: CheckContext, tmp_path: Path) -> None:
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("# limits\nnumpy<1.0\nastropy>=5\nnot-installed==1\nclick>=8  # yes\n")
    (found,) = installation.check_versions(replace(context, constraints=constraints))
    assert found.what == f"numpy {version('numpy')} is installed"
    assert found.why == "epnkit was tested with numpy<1.0"
    assert found.cure == f"pip install -c {constraints} numpy"


def test_a_system_python_that_does_not_know_epnkit(instance: DachsInstance) -> None:
    # This machine's own Python, without the file that deploying into a system DaCHS writes.
    found = list(installation.check_toolkit(CheckContext(System(instance.settings, None))))
    assert [each.what for each in found] == [
        f"the account {instance.account.name} cannot import epnkit"
    ]
    assert "epnkit deploy" in found[0].cure


class System(DachsInstance):
    """The DaCHS of the tests, as if it were the system's."""


def test_no_room_on_the_disk(instance: DachsInstance) -> None:
    assert instance.private is not None
    with closing(instance.private.cluster.connect()) as connection:
        size = state.largest_table_size(connection)
    assert size > 100_000
    paths = (instance.root, instance.private.cluster.directory)
    assert list(installation.find_full_disks(paths, 1)) == []
    full = list(installation.find_full_disks(paths, 10**18))
    assert [found.where for found in full] == [str(path) for path in paths]
    assert full[0].what.endswith("GB are free")


@pytest.mark.parametrize(
    ("text", "what", "cure"),
    [
        ("Driver=MariaDB Nowhere;Server=x;Uid=u;Pwd=secret", "MariaDB Nowhere", "odbc-mariadb"),
        ("DRIVER={Nothing 17};Server=x", "Nothing 17", "Name one of these"),
        ("nothing+driver://u:secret@h/d", "nothing+driver", "Python package"),
        ("mssql+pymssql://u:secret@h/d", "mssql+pymssql", "Python package"),
    ],
)
def test_drivers_that_are_not_installed(
    context: CheckContext, credential: Path, text: str, what: str, cure: str
) -> None:
    credential.write_text(text)
    (found,) = run_doctor(context.instance, "--check", "drivers")[1]["drivers"]
    assert what in found.what
    assert cure in found.cure
    assert "secret" not in str(found)


def write_timer(folder: Path, name: str, line: str, every: str) -> None:
    (folder / f"{name}.timer").write_text(f"[Timer]\nOnUnitActiveSec={every}\n")
    (folder / f"{name}.service").write_text(f"[Service]\nExecStart={line}\n")


def test_two_timers_of_one_service(context: CheckContext) -> None:
    write_timer(context.units[0], "epnkit-bass2000", "/opt/bin/epnkit load bass2000", "1d")
    write_timer(context.units[0], "backup", "/usr/bin/backup", "1d")
    assert list(imports.find_overlapping(imports.find_timers(context))) == []
    (context.crontabs[0] / "epnkit").write_text(
        "# 1 2 * * * root epnkit load bass2000\n"
        "7 3 * * * gavo sleep 3; GAVOSETTINGS=/x dachs imp bass2000/q\n"
        "7 3 * * * gavo dachs imp other/q\nunclosed ' quote\n"
    )
    (found,) = imports.find_overlapping(imports.find_timers(context))
    assert found.what == "bass2000 is imported by 2 timers"
    assert "epnkit-bass2000.timer" in found.where
    assert "cron/epnkit:2" in found.where


def test_a_timer_of_a_service_that_is_gone(context: CheckContext) -> None:
    write_timer(context.units[0], "epnkit-gone", "/opt/bin/epnkit load gone", "1d")
    write_timer(context.units[0], "epnkit-bass2000", "/opt/bin/epnkit load bass2000", "1d")
    (found,) = imports.find_orphaned(imports.find_timers(context), context.instance.inputs)
    assert found.what == "it imports gone, which does not exist"
    assert found.where.endswith("epnkit-gone.timer")


def test_a_timer_that_comes_before_the_import_has_ended(context: CheckContext) -> None:
    assert context.instance.private is not None
    write_timer(context.units[0], "epnkit-bass2000", "/opt/bin/epnkit load bass2000", "15min")
    timers = imports.find_timers(context)
    assert [timer.seconds for timer in timers] == [900]
    with closing(context.instance.private.cluster.connect(autocommit=False)) as connection:
        assert list(imports.find_too_short(connection, timers)) == []
        with connection.cursor() as cursor:
            cursor.execute("UPDATE epnkit.runs SET ended = started + interval '20 min'")
        (found,) = imports.find_too_short(connection, timers)
    assert found.what == "bass2000 is imported every 900 s"
    assert found.why == "one of its last ten imports took 1200 s"


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        ("*/15 * * * *", 900),
        ("7 */6 * * *", 21600),
        ("7 3 * * *", 86400),
        ("@hourly", 3600),
        ("1,2 3 * * 1", None),
    ],
)
def test_how_often_cron_comes(context: CheckContext, line: str, seconds: float | None) -> None:
    context.crontabs[1].write_text(f"{line} epnkit load bass2000\n")
    assert [timer.seconds for timer in imports.find_timers(context)] == [seconds]


def test_others_may_write_and_read(context: CheckContext) -> None:
    assert list(permissions.check_permissions(context)) == []
    inputs, feed = context.instance.inputs, context.instance.configuration / "feed"
    rd = inputs / "bass2000" / "q.rd"
    modes = {path: path.stat().st_mode & 0o777 for path in (inputs, feed)}
    inputs.chmod(0o777)
    feed.chmod(0o644)
    try:
        found = {each.where: each for each in permissions.check_permissions(context)}
    finally:
        for path, mode in modes.items():
            path.chmod(mode)
    assert set(found) == {str(inputs), str(feed)}
    assert found[str(feed)].cure == f"chmod o-r {feed}"
    assert rd.exists()


def test_credentials_that_are_open_or_gone(context: CheckContext, credential: Path) -> None:
    assert list(permissions.check_credentials(context)) == []
    credential.chmod(0o644)
    (found,) = permissions.check_credentials(context)
    assert found.where == str(credential)
    assert found.cure == f"chmod 600 {credential}"
    credential.chmod(0o600)
    other = credential.with_name("another")
    other.write_text("Driver=x")
    other.chmod(0o640)
    try:
        (found,) = permissions.check_credentials(context)
    finally:
        other.unlink()
    assert (found.where, found.why) == (str(other), "its mode is 640")
    with tear_down(credential):
        (found,) = permissions.check_credentials(context)
    assert "was not found" in found.what


@pytest.fixture
def listening() -> Iterator[str]:
    """Give a host and port at which something listens."""
    with closing(socket()) as outward:
        outward.bind(("127.0.0.1", 0))
        outward.listen()
        host, port = outward.getsockname()
        yield f"{host}:{port}"


def test_what_the_server_can_reach(context: CheckContext, listening: str) -> None:
    found = list(network.find_reachable(context.instance.server_account, listening, "a cure"))
    assert [each.where for each in found] == [listening, "127.0.0.1"]
    assert found[0].cure == "a cure"


@pytest.fixture
def alone() -> tuple[str, ...]:
    """Say what runs a command in a network of its own, where it is root and nobody else is."""
    words = ("unshare", "--map-root-user", "--net")
    if subprocess.run([*words, "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("this machine lets nobody make a network namespace")
    return words


def test_a_server_in_a_network_of_its_own_reaches_nothing(
    context: CheckContext, alone: tuple[str, ...], listening: str
) -> None:
    account = Account(context.instance.server_account.name, alone)
    assert list(network.find_reachable(account, listening, "")) == []


def test_the_cure_of_what_the_server_can_reach(alone: tuple[str, ...]) -> None:
    root = Account("root")
    lines = ["set -e", *network.egress_rules(root), "nft list ruleset"]
    done = subprocess.run(
        [*alone, "sh", "-c", "\n".join(lines)], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "ct state new reject" in done.stdout
    cure = network.egress_cure(root, private=False)
    assert all(line in cure for line in network.egress_rules(root))
    assert "{" not in cure.replace("{ type filter hook output priority 0; }", "")


def test_broken_links_are_told_once_for_each_reason(instance: DachsInstance) -> None:
    assert instance.private is not None
    archive = instance.private.root / "web" / "nv_static" / "replica"
    with instance.private.run_server():
        assert run_doctor(instance, "--check", "links") == (0, {"links": []}, "{}")
        with tear_down(archive):
            found = run_doctor(instance, "--check", "links", "--sample", "5")[1]["links"]
    assert [each.what for each in found] == [
        "5 of 5 access_url of bass2000 lead nowhere",
        "5 of 5 thumbnail_url of bass2000 lead nowhere",
    ]
    assert "404" in found[0].why
    (silent,) = run_doctor(instance, "--check", "links", "--sample", "5")[1]["links"]
    assert silent.what == f"{urlsplit(instance.url).netloc} does not answer"
    assert "start it, with dachs serve start" in silent.cure


@pytest.mark.parametrize(
    "text", ["service = 1\n", "import nothing_of_the_kind\n", "this is no Python\n", "x = y\n"]
)
def test_a_service_that_cannot_be_read(instance: DachsInstance, text: str) -> None:
    folder = instance.inputs / "broken"
    folder.mkdir()
    (folder / "service.py").write_text(text)
    try:
        status, found, failed = run_doctor(instance, "--check", "services", "--check", "drivers")
    finally:
        shutil.rmtree(folder)
    assert [each.where for each in found["services"]] == [str(folder / "service.py")]
    assert (status, found["drivers"], failed) == (1, [], "{}")


@pytest.mark.parametrize("reach", ["ivoa.net", "ivoa.net:", ":443", "a b:443", "::1:443"])
def test_what_is_no_host_and_port(instance: DachsInstance, reach: str) -> None:
    done = CliRunner().invoke(command, ["--reach", reach, "--dachs", str(instance.root)])
    assert done.exit_code == 2
    assert "HOST:PORT" in done.output


def test_a_service_that_is_not_there(instance: DachsInstance) -> None:
    words: list[str | Path] = [
        Path(sys.executable).with_name("epnkit"),
        "doctor",
        "nothing",
        "--dachs",
        instance.root,
    ]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 1
    assert "there are: bass2000" in done.stderr
