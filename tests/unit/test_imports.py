"""The verbs that import: which options exclude each other, and how long requests are cut."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from epnkit.cli.load import command as load
from epnkit.errors import ConfigurationError


@pytest.mark.parametrize("others", [["--limit", "10"], ["--from", "2024"], ["--to", "2024"]])
def test_a_full_load_takes_no_part_of_the_records(others: list[str]) -> None:
    done = CliRunner().invoke(load, ["hfc1ar", "--full", *others])
    assert isinstance(done.exception, ConfigurationError)
    assert "--full" in str(done.exception)
