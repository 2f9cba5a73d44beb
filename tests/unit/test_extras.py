"""The extras: every optional package is imported where an error would name its extra."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import ROOT

from epnkit.errors import ConfigurationError
from epnkit.modules import requires_extra

SOURCE = ROOT / "src" / "epnkit"

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

#: Distributions whose packages have other names.
DISTRIBUTIONS = {
    "PIL": "pillow",
    "arrow_odbc": "arrow-odbc",
    "astropy_healpix": "astropy-healpix",
    "bson": "pymongo",
    "gridfs": "pymongo",
    "erfa": "pyerfa",
    "rucio": "rucio-clients",
    "yaml": "pyyaml",
}

#: Packages that come with Debian's DaCHS, or with a dependency that needs them.
WITH_OTHERS = {"gavo", "urllib3"}


def distributions(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=~; ]", each)[0] for each in requirements}


MANDATORY = distributions(PROJECT["dependencies"])
EXTRAS = {name: distributions(each) for name, each in PROJECT["optional-dependencies"].items()}


def imported(node: ast.AST) -> set[str]:
    """Name the distributions of others that a statement imports."""
    names: list[str] = []
    if isinstance(node, ast.Import):
        names = [each.name for each in node.names]
    elif isinstance(node, ast.ImportFrom) and node.module:
        names = [node.module]
    packages = {name.partition(".")[0] for name in names}
    packages -= {*sys.stdlib_module_names, "epnkit"} | WITH_OTHERS
    return {DISTRIBUTIONS.get(name, name) for name in packages}


def extra_of(node: ast.AST) -> str | None:
    if isinstance(node, ast.With):
        call = node.items[0].context_expr
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "requires_extra":
            return str(ast.literal_eval(call.args[0]))
    return None


def imports(node: ast.AST, extra: str | None = None) -> Iterator[tuple[str, str | None]]:
    """Give each import of a package of others, with the extra that it is guarded by."""
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    for distribution in imported(node):
        yield distribution, extra
    for child in ast.iter_child_nodes(node):
        yield from imports(child, extra_of(node) or extra)


FILES = sorted(SOURCE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=[str(each.relative_to(SOURCE)) for each in FILES])
def test_what_is_optional_is_imported_with_its_extra(path: Path) -> None:
    for distribution, extra in imports(ast.parse(path.read_text(encoding="utf-8"))):
        known = MANDATORY if extra is None else EXTRAS[extra]
        assert distribution in known, f"{distribution} is not in {extra or 'dependencies'}"


def test_all_has_every_extra_but_those_of_developers() -> None:
    (requirement,) = PROJECT["optional-dependencies"]["all"]
    listed = requirement.removeprefix("epnkit[").removesuffix("]").split(",")
    assert {*listed} == EXTRAS.keys() - {"all", "test", "docs"}


def test_a_missing_package_names_the_extra() -> None:
    with (
        pytest.raises(ConfigurationError, match=r'nowhere is not.*pip install "epnkit\[mongodb\]"'),
        requires_extra("mongodb"),
    ):
        import nowhere  # type: ignore[import-not-found]  # noqa: F401


def test_a_missing_module_of_epnkit_is_no_missing_package() -> None:
    with pytest.raises(ModuleNotFoundError), requires_extra("mongodb"):
        import epnkit.nowhere  # type: ignore[import-untyped]  # noqa: F401
