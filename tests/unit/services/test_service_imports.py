"""What a ``service.py`` imports: its author needs to know few modules."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest
from tests.conftest import ROOT

SERVICES = sorted((ROOT / "resources").glob("*/service.py"))


def imported_modules(path: Path) -> list[str]:
    """List the modules of a file's import lines, but for Python's own."""
    lines = [
        n
        for n in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(n, ast.Import | ast.ImportFrom)
    ]
    names = [n.module or "" if isinstance(n, ast.ImportFrom) else n.names[0].name for n in lines]
    return [name for name in names if name.partition(".")[0] not in sys.stdlib_module_names]


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.parent.name)
def test_three_lines_import_all_that_a_service_needs(path: Path) -> None:
    found = imported_modules(path)
    assert len(found) <= 3
    assert {*found} <= {"polars", "epnkit.mapping", "epnkit.service", "epnkit.regions"}


def test_there_are_services() -> None:
    assert len(SERVICES) > 10
