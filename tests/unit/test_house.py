"""The house: which package may import which, and that no module imports itself by way of others."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

from tests.conftest import ROOT

SOURCE = ROOT / "src"

#: From the ground up: each imports from those before it alone.
LAYERS = (
    "errors",
    "packaged",
    "garbage",
    "modules",
    "database_profiles",
    "quoting",
    "tables",
    "times",
    "units",
    "fits",
    "epncore",
    "regions",
    "mapping",
    "datalink",
    "sources",
    "streaming",
    "service",
    "loading",
    "check",
    "client",
    "dachs",
    "deploy",
    "regards",
    "explore",
    "hips",
    "doctor",
    "replicas",
    "report",
    "survey",
    "drafts",
    "api",
    "cli",
)


#: What prepares batches, of which several are prepared at the same time.
PREPARES = (
    "times",
    "units",
    "epncore",
    "regions",
    "mapping",
    "datalink",
    "sources.values",
    "loading.prepare",
    "loading.table.binary_rows",
    "loading.table.copying",
    "loading.table.shared_values",
)

#: Calls that change a setting for all threads.
OF_THE_PROCESS = {
    "locale.setlocale",
    "os.chdir",
    "os.putenv",
    "signal.signal",
    "sys.setswitchinterval",
    "warnings.catch_warnings",
    "warnings.filterwarnings",
    "warnings.simplefilter",
}


def _name(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


MODULES = {_name(path): path for path in SOURCE.rglob("*.py")}


def _run(path: Path) -> ast.Module:
    """Parse what runs: imports for annotations alone are none."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.test, node.body = ast.Constant(value=False), []
    return tree


def find_imports(name: str) -> set[str]:
    """Name the modules of epnkit that a module imports, at its top or later."""
    found: set[str] = set()
    for node in ast.walk(_run(MODULES[name])):
        if isinstance(node, ast.ImportFrom) and node.module:
            within = {f"{node.module}.{each.name}" for each in node.names}
            found |= within & MODULES.keys() or {node.module} & MODULES.keys()
        elif isinstance(node, ast.Import):
            found |= {each.name for each in node.names} & MODULES.keys()
    return found - {name}


def find_layer(name: str) -> str:
    return name.split(".")[1] if "." in name else ""


def test_every_package_has_its_place() -> None:
    assert {find_layer(name) for name in MODULES if name != "epnkit"} == {*LAYERS}


def test_packages_import_downward() -> None:
    upward = {
        f"{name} imports {other}"
        for name in MODULES
        for other in find_imports(name)
        if "epnkit" not in (name, other)
        and LAYERS.index(find_layer(other)) > LAYERS.index(find_layer(name))
    }
    assert upward == set()


def test_no_module_imports_itself_by_way_of_others() -> None:
    # What goes round in a circle is named by the error.
    order = TopologicalSorter({name: find_imports(name) for name in MODULES}).static_order()
    assert {*order} == {*MODULES}


def test_what_prepares_batches_changes_nothing_for_other_threads() -> None:
    changing = {
        f"{name}: {ast.unparse(node.func)}"
        for name in MODULES
        if name.removeprefix("epnkit.").startswith(PREPARES)
        for node in ast.walk(_run(MODULES[name]))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in OF_THE_PROCESS
    }
    assert changing == set()
