"""The verbs that import: which options exclude each other, and how long requests are cut."""

from __future__ import annotations

import os
import subprocess

import pytest
from click.testing import CliRunner

from epnkit.cli._imports import requests
from epnkit.cli.load import command as load
from epnkit.errors import ConfigurationError
from epnkit.loading.request import Request


@pytest.mark.parametrize("others", [["--limit", "10"], ["--from", "2024"], ["--to", "2024"]])
def test_a_full_load_takes_no_part_of_the_records(others: list[str]) -> None:
    done = CliRunner().invoke(load, ["hfc1ar", "--full", *others])
    assert isinstance(done.exception, ConfigurationError)
    assert "--full" in str(done.exception)


def test_requests_with_many_long_keys_can_be_handed_to_a_process() -> None:
    missing, gone = ({f"{side}{number:069d}" for number in range(2500)} for side in "mg")
    asked = list(requests(missing, gone, reconcile=True))
    assert {key for each in asked for key in each.keys} == missing
    assert {key for each in asked for key in each.gone} == gone
    assert sum(len(each.keys) + len(each.gone) for each in asked) == 5000
    for each in asked:
        variable = each.to_environment()
        assert max(map(len, variable.values())) < 100_000
        subprocess.run(["/bin/true"], env={**os.environ, **variable}, check=True)
        assert Request.from_environment(variable) == each


def test_keys_that_json_writes_longer_are_measured_as_written() -> None:
    asked = list(requests(f"{'é' * 70}{number}" for number in range(5000)))
    assert max(len(text) for each in asked for text in each.to_environment().values()) < 100_000
    assert {each.kind for each in asked} == {"retry"}


def test_nothing_to_read_again_is_no_request() -> None:
    assert list(requests([], [])) == []
