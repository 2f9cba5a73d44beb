"""What Python is offered: the names of the facade, and functions that equal the commands."""

from __future__ import annotations

import inspect
import subprocess
import sys

import polars as pl
import pytest
from click.testing import CliRunner
from tests.conftest import ROOT

import epnkit
from epnkit import api
from epnkit.cli import cli
from epnkit.errors import ConfigurationError


@pytest.mark.parametrize("name", epnkit.__all__)
def test_every_name_is_there_and_described(name: str) -> None:
    offered = getattr(epnkit, name)
    assert callable(offered)
    assert inspect.getdoc(offered)


def test_a_name_that_is_not_offered_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        epnkit.nothing  # noqa: B018


def test_importing_the_package_imports_no_library() -> None:
    code = "import sys, epnkit; print(*{'polars', 'numpy', 'click', 'psycopg2'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("name", ["load", "preview", "quarantine", "reconcile", "source", "status"])
def test_functions_take_what_commands_take(name: str) -> None:
    command = cli.get_command(None, name)  # type: ignore[arg-type]
    assert command is not None
    taken = {*inspect.signature(getattr(api, name)).parameters} - {"dachs", "service"}
    if name == "quarantine":
        command = command.commands["list"]  # type: ignore[attr-defined]
    options = {option.name for option in command.params} - {"service", "directory", "form"}
    assert taken == options


def test_a_service_is_previewed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(ConfigurationError, match="there is no such service"):
        epnkit.preview("no such service")
    assert epnkit.find_service("hfc1ar").name == "hfc1ar"


def test_a_table_is_checked_and_contours_drawn(tmp_path: object) -> None:
    found = epnkit.circles([10.0], [5.0], [1.0])
    assert found.s_region[0] is not None
    path = ROOT / "var" / "check.csv"
    path.parent.mkdir(exist_ok=True)
    pl.DataFrame({"granule_uid": ["a", "a"]}).write_csv(path)
    report = epnkit.check_table(str(path))
    assert report.broken()
    path.unlink()


def test_options_that_exclude_each_other_are_refused_as_by_the_command() -> None:
    with pytest.raises(ConfigurationError) as error:
        epnkit.load("hfc1ar", full=True, limit=3)
    done = CliRunner().invoke(cli, ["load", "hfc1ar", "--full", "--limit", "3"])
    assert str(error.value) == str(done.exception)
