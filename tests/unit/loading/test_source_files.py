"""Which files of a service say where its records come from."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import ROOT

from epnkit.loading.state.declarations import is_source_file


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("gris/source.toml", True),
        ("gris/observations.toml", True),
        ("gris/service.py", False),
        ("expres/collections.toml", False),
        ("gris/nothing.toml", False),
    ],
)
def test_a_source_that_another_one_names_is_one_too(path: str, expected: bool) -> None:
    assert is_source_file(ROOT / "resources" / path) is expected


def test_what_cannot_be_read_may_be_one(tmp_path: Path) -> None:
    path = tmp_path / "records.toml"
    path.write_text("kind = ")
    assert is_source_file(path)
