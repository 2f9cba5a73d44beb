"""The verbs that import: which options exclude each other, and how long requests are cut."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from epnkit.cli.load import command as load
from epnkit.dachs.instance import DachsInstance
from epnkit.deploy.imports import run_imports, split_into_requests
from epnkit.errors import ConfigurationError
from epnkit.loading.request import Request


@pytest.mark.parametrize("others", [["--limit", "10"], ["--from", "2024"], ["--to", "2024"]])
def test_a_full_load_takes_no_part_of_the_records(others: list[str]) -> None:
    done = CliRunner().invoke(load, ["hfc1ar", "--full", *others])
    assert isinstance(done.exception, ConfigurationError)
    assert "--full" in str(done.exception)


@pytest.mark.parametrize(
    "others", [["--full"], ["--limit", "10"], ["--from", "2024"], ["--to", "2024"], ["--jobs", "2"]]
)
def test_granules_are_made_anew_all_or_none(others: list[str]) -> None:
    done = CliRunner().invoke(load, ["hfc1ar", "--remap", *others])
    assert isinstance(done.exception, ConfigurationError)
    assert "--remap goes with no other option" in str(done.exception)


def test_requests_with_many_long_keys_can_be_handed_to_a_process() -> None:
    missing, gone = ({f"{side}{number:069d}" for number in range(2500)} for side in "mg")
    asked = list(split_into_requests(missing, gone, reconcile=True))
    assert {key for each in asked for key in each.keys} == missing
    assert {key for each in asked for key in each.gone} == gone
    assert sum(len(each.keys) + len(each.gone) for each in asked) == 5000
    for each in asked:
        variable = each.to_environment()
        assert max(map(len, variable.values())) < 100_000
        subprocess.run(["/bin/true"], env={**os.environ, **variable}, check=True)
        assert Request.from_environment(variable) == each


def test_keys_that_json_writes_longer_are_measured_as_written() -> None:
    asked = list(split_into_requests(f"{'é' * 70}{number}" for number in range(5000)))
    assert max(len(text) for each in asked for text in each.to_environment().values()) < 100_000
    assert {each.kind for each in asked} == {"retry"}


def test_nothing_to_read_again_is_no_request() -> None:
    assert list(split_into_requests([], [])) == []


@dataclass(frozen=True)
class Noted(DachsInstance):
    """A DaCHS without a table, whose commands are noted, and fail from the given number on."""

    fails: int = 99
    commands: list[str] = field(default_factory=list)

    def run(
        self, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        self.commands.append(" ".join(arguments))
        return subprocess.CompletedProcess(arguments, int(len(self.commands) >= self.fails))

    def execute(self, *arguments: str) -> str:
        self.commands.append(" ".join(arguments))
        return ""

    @contextmanager
    def connect(self, *, migrating: bool = True) -> Iterator[Any]:
        nothing = SimpleNamespace(execute=lambda *_: None, fetchone=lambda: (None,))
        yield SimpleNamespace(cursor=lambda: nullcontext(nothing))


def make_instance(rd: str, directory: Path, fails: int = 99) -> Noted:
    (directory / "inputs" / "sun").mkdir(parents=True)
    (directory / "inputs" / "sun" / "q.rd").write_text(rd)
    (directory / "gavo.rc").write_text(f"[general]\nrootDir: {directory}\n")
    return Noted(directory / "gavo.rc", None, fails)


COVERED = '<resource schema="sun"><FEED source="epnkit/q#coverage" name="sun"/></resource>'


def test_the_coverage_is_computed_once_after_all_imports(tmp_path: Path) -> None:
    place = make_instance(COVERED, tmp_path)
    assert run_imports(place, "sun", [Request(keys=("a",)), Request(gone=("b",), reconcile=True)])
    assert place.commands == ["imp sun/q", "imp sun/q", "limits -t sun/q"]


def test_what_dachs_knows_of_columns_is_computed_after_a_full_load(tmp_path: Path) -> None:
    place = make_instance(COVERED, tmp_path)
    assert run_imports(place, "sun", [Request(full=True)])
    assert place.commands == ["imp sun/q", "limits sun/q"]


def test_an_rd_without_coverage_is_imported_alone(tmp_path: Path) -> None:
    place = make_instance('<resource schema="sun"/>', tmp_path)
    assert run_imports(place, "sun", [Request()])
    assert place.commands == ["imp sun/q"]


def test_a_failure_ends_it_with_the_coverage_of_what_came_before(tmp_path: Path) -> None:
    place = make_instance(COVERED, tmp_path, fails=2)
    assert not run_imports(place, "sun", [Request()] * 3)
    assert place.commands == ["imp sun/q", "imp sun/q", "limits -t sun/q"]


def test_an_import_that_failed_computes_nothing(tmp_path: Path) -> None:
    place = make_instance(COVERED, tmp_path, fails=1)
    assert not run_imports(place, "sun", [Request()])
    assert place.commands == ["imp sun/q"]
