"""Timers: what is written for systemd and for cron."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from epnkit.cli.schedule import command
from epnkit.deploy.schedule import Schedule, parse_interval
from epnkit.errors import ConfigurationError

#: What the command runs when it is not found on the PATH.
EPNKIT = shutil.which("epnkit") or Path(sys.argv[0]).resolve()


def make_plan(every: str = "1h") -> Schedule:
    credential = Path("/etc/epnkit/credentials/hfc1ar")
    return Schedule(
        "hfc1ar", parse_interval(every), Path("/opt/epnkit/bin/epnkit"), "gavo", credential
    )


def make_unit(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return parser


def test_the_service_imports_as_its_user_with_its_credential() -> None:
    service = make_unit(make_plan().units()["epnkit-hfc1ar.service"])["Service"]
    assert service["ExecStart"] == "/opt/epnkit/bin/epnkit load hfc1ar"
    assert service["User"] == "gavo"
    assert service["LoadCredential"] == "hfc1ar:/etc/epnkit/credentials/hfc1ar"
    assert service["NoNewPrivileges"] == "yes"
    assert service["ProtectSystem"] == "strict"


def test_the_timer_has_jitter_and_makes_up_for_what_was_missed() -> None:
    timer = make_unit(make_plan().units()["epnkit-hfc1ar.timer"])["Timer"]
    assert timer["OnUnitActiveSec"] == "3600s"
    assert timer["RandomizedDelaySec"] == "180s"
    assert timer["Persistent"] == "yes"


@pytest.mark.parametrize(
    ("every", "times"),
    [("15min", "*/15 * * * *"), ("1h", "7 */1 * * *"), ("6h", "7 */6 * * *"), ("1d", "7 3 * * *")],
)
def test_cron_lines(every: str, times: str) -> None:
    assert make_plan(every).cron().startswith(f"{times} ")
    assert make_plan(every).cron().endswith("/opt/epnkit/bin/epnkit load hfc1ar")


def test_an_interval_that_cron_does_not_know() -> None:
    with pytest.raises(ConfigurationError, match="every 7 minutes"):
        make_plan("7min").cron()


@pytest.mark.parametrize("text", ["", "1", "0h", "59s", "h", "1 week", "-5min"])
def test_what_is_no_interval(text: str) -> None:
    with pytest.raises(ConfigurationError, match="not an interval"):
        parse_interval(text)


def test_intervals() -> None:
    assert parse_interval("90 s") == timedelta(seconds=90)
    assert parse_interval("2d") == timedelta(days=2)


def test_a_readable_credential_is_refused(tmp_path: Path) -> None:
    credential = tmp_path / "hfc1ar"
    credential.write_text("Driver=SQLite3;Database=x")
    credential.chmod(0o644)
    done = CliRunner().invoke(command, ["hfc1ar", "--every", "1h", "--credential", str(credential)])
    assert isinstance(done.exception, ConfigurationError)
    assert "chmod 600" in str(done.exception)


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    (tmp_path / "dachs").mkdir()
    path = tmp_path / "dachs" / "gavo.rc"
    path.write_text(f"[general]\nrootDir: {path.parent}\n")
    return path


def test_the_timer_is_for_the_dachs_that_was_named(settings: Path) -> None:
    words = ["hfc1ar", "--every", "1h", "--dachs", str(settings.parent)]
    done = CliRunner().invoke(command, words)
    service = make_unit(done.output.partition("# epnkit-hfc1ar.timer")[0])["Service"]
    assert service["Environment"] == f'"GAVOSETTINGS={settings}"'
    assert service["ReadWritePaths"] == f'"-{settings.parent}"'
    named = CliRunner().invoke(command, words[:-2], env={"GAVOSETTINGS": str(settings)})
    assert named.output == done.output


def test_a_failure_is_reported_by_a_unit_of_its_own() -> None:
    plan = replace(make_plan(), on_failure="mail -s '50%' ops@example.org")
    units = {name: make_unit(text) for name, text in plan.units().items()}
    assert units["epnkit-hfc1ar.service"]["Unit"]["OnFailure"] == "epnkit-hfc1ar-failed.service"
    run = units["epnkit-hfc1ar-failed.service"]["Service"]["ExecStart"]
    assert "--unit=epnkit-hfc1ar" in run
    assert "mail -s '50%%' ops@example.org" in run


def test_cron_gives_what_a_failed_import_printed_to_the_command(tmp_path: Path) -> None:
    program = tmp_path / "epnkit"
    program.write_text("#!/bin/sh\necho reason; exit 1\n")
    program.chmod(0o755)
    plan = replace(make_plan(), program=program, on_failure=f"cat > {tmp_path}/report")
    line = plan.cron().split(maxsplit=5)[5].replace("\\%", "%")
    subprocess.run(["/bin/sh", "-c", line.partition("; ")[2]], check=True)
    assert (tmp_path / "report").read_text() == "reason\n"


def test_cron_alone_needs_no_systemd(tmp_path: Path, settings: Path) -> None:
    folder = tmp_path / "cron.d"
    folder.mkdir()
    words = ["hfc1ar", "--every", "1h", "--cron", "--user", "dachsroot"]
    words += ["--settings", str(settings), "--install", str(folder)]
    done = CliRunner().invoke(command, words)
    assert done.exit_code == 0, done.output
    (written,) = folder.iterdir()
    assert written.read_text().startswith("7 */1 * * * dachsroot sleep ")
    assert written.read_text().endswith(f"env GAVOSETTINGS={settings} {EPNKIT} load hfc1ar\n")
    refused = CliRunner().invoke(command, [*words, "--credential", str(settings)])
    assert "--credential is for systemd" in refused.output


def test_units_are_installed(tmp_path: Path, settings: Path) -> None:
    folder = tmp_path / "units"
    folder.mkdir()
    words = ["hfc1ar", "--every", "1h", "--settings", str(settings), "--install", str(folder)]
    done = CliRunner().invoke(command, words)
    assert done.exit_code == 0, done.output
    assert {path.name for path in folder.iterdir()} == {
        "epnkit-hfc1ar.service",
        "epnkit-hfc1ar.timer",
    }
    assert "systemctl enable --now epnkit-hfc1ar.timer" in done.output


def test_the_unit_writes_where_the_settings_say_that_dachs_lies(tmp_path: Path) -> None:
    settings = tmp_path / "odd.rc"
    settings.write_text(f"[general]\nrootDir: {tmp_path}/my 100% dachs\n")
    (tmp_path / "my 100% dachs").mkdir()
    words = ["hfc1ar", "--every", "1h", "--settings", str(settings), "--install", str(tmp_path)]
    assert CliRunner().invoke(command, words).exit_code == 0
    service = make_unit((tmp_path / "epnkit-hfc1ar.service").read_text())["Service"]
    assert service["ReadWritePaths"] == f'"-{tmp_path}/my 100%% dachs"'
    assert service["Environment"] == f'"GAVOSETTINGS={settings}"'


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_understands_paths_with_blanks_quotes_and_percents(tmp_path: Path) -> None:
    odd = tmp_path / "a 100%n 'b' \"c\""
    credential, settings = odd / "hfc1ar", odd / "gavo.rc"
    program = tmp_path / "my 100%n tools"  # systemd runs no program with quotes in its path
    program.symlink_to("/bin/true")
    told = Schedule(
        "hfc1ar", parse_interval("1h"), program, "root", credential, settings, odd
    ).units()
    for name, text in told.items():
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(tmp_path / name for name in told)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "epnkit-hfc1ar" not in done.stdout + done.stderr, done.stderr
    assert done.returncode == 0
