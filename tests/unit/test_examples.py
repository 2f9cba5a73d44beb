"""The examples of the API that service authors use: each has some, and they are right."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
from typing import Any

import pytest
from tests.conftest import ROOT

import epnkit
from epnkit import mapping

SOURCE = ROOT / "src"

#: Names of the facade that are shown by what they are part of.
SHOWN_ELSEWHERE = {
    *("Dataset", "FIELD", "OUTLINE", "Outcome", "POINTING", "WORLD_COORDINATES"),
    "read_datasets",
}


def find_examples() -> dict[str, list[doctest.DocTest]]:
    """Find the examples in the docstrings of epnkit, by module."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = {}
    for each in pkgutil.walk_packages(epnkit.__path__, "epnkit."):
        path = SOURCE / f"{each.name.replace('.', '/')}{'/__init__' if each.ispkg else ''}.py"
        if ">>>" in path.read_text(encoding="utf-8"):
            tests = finder.find(importlib.import_module(each.name))
            found[each.name] = [test for test in tests if test.examples]
    return found


EXAMPLES = find_examples()


@pytest.mark.parametrize("module", EXAMPLES)
def test_examples_are_right(module: str) -> None:
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    written: list[str] = []
    for test in EXAMPLES[module]:
        runner.run(test, out=written.append)
    assert runner.failures == 0, "".join(written)
    assert runner.tries > 0


@pytest.mark.parametrize("name", sorted({*mapping.__all__} - SHOWN_ELSEWHERE))
def test_each_conversion_has_an_example(name: str) -> None:
    value: Any = getattr(mapping, name)
    assert ">>>" in (inspect.getdoc(value) or "")
