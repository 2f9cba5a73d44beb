"""Each error of deployment says what to do."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import epnkit.deploy
from epnkit import errors
from epnkit.deploy.inputs import find_parts
from epnkit.errors import ConfigurationError, DeployError, EpnkitError
from epnkit.replicas import programs

MODULES = sorted(Path(epnkit.deploy.__path__[0]).rglob("*.py"))
ERRORS = {
    name
    for name, each in vars(errors).items()
    if isinstance(each, type) and issubclass(each, EpnkitError)
}


def find_raised_errors(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ERRORS:
            yield node


def test_each_error_is_raised_with_a_cure() -> None:
    calls = [(path, call) for path in MODULES for call in find_raised_errors(path)]
    assert calls
    bare = [
        f"{path.name}:{call.lineno}"
        for path, call in calls
        if "cure" not in {each.arg for each in call.keywords}
    ]
    assert bare == []


def test_a_folder_without_an_rd(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="epnkit new writes one"):
        find_parts(tmp_path)


def test_a_companion_that_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"no use.*Read the whole log"):
        programs.start(["-c", "raise SystemExit('no use')"], tmp_path, tmp_path / "log")
