"""The documentation: it builds without a warning, and names all that a user can set."""

from __future__ import annotations

import ast
import builtins
import dataclasses
import datetime
import importlib
import json
import os
import pkgutil
import re
import shlex
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest
from lxml import etree
from numpydoc.docscrape import ClassDoc
from tests.conftest import ROOT

import epnkit.datalink.links
import epnkit.mapping
import epnkit.regions
import epnkit.service
from epnkit.cli import cli
from epnkit.datalink.collections import Collection
from epnkit.datalink.links import Link
from epnkit.datalink.streams import Stream
from epnkit.mapping.declare import Mapping, Product
from epnkit.mapping.folding import Fold
from epnkit.service import (
    Axis,
    CdfFile,
    Cursor,
    DataSet,
    Events,
    Service,
    Table,
    TableFile,
    Variable,
)
from epnkit.sources.search.settings import REQUEST_KEYS

DOCS = ROOT / "docs"

SOURCES = ROOT / "src" / "epnkit" / "sources"

#: How the code takes a key out of a source file.
_TAKEN = re.compile(r"""settings\.(?:take\w*|has)\(\s*["'](\w+)["']""")


def commands(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """Go through all commands, those of groups within included."""
    with click.Context(group) as context:
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            if isinstance(command, click.Group):
                yield from commands(command, f"{path}{name} ")
            else:
                yield f"{path}{name}", command


COMMANDS = dict(commands(cli))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the pages, warnings taken for errors."""
    target = tmp_path_factory.mktemp("docs")
    words = ["-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    done = subprocess.run(
        [sys.executable, *words, "-d", target / "doctrees", DOCS, target / "html"],
        env={**os.environ, "MPLCONFIGDIR": str(target)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return target / "html"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_documented(name: str, built: Path) -> None:
    page = re.sub(r"<[^>]+>", "", (built / "reference" / "commands.html").read_text())
    command = COMMANDS[name]
    assert f"epnkit {name} [OPTIONS]" in page
    assert command.help
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, f"{option.opts} says nothing of itself"
            assert all(word in page for word in option.opts)


def test_every_key_of_a_source_file_is_documented() -> None:
    page = (DOCS / "reference" / "source-file.md").read_text()
    taken = {key for path in SOURCES.rglob("*.py") for key in _TAKEN.findall(path.read_text())}
    named = set(re.findall(r"`(\w+)`", page))
    assert len(taken) > 40
    assert taken - named == set()


@pytest.mark.parametrize(
    "declared",
    [
        Service,
        Cursor,
        Mapping,
        Product,
        Fold,
        Link,
        Collection,
        Stream,
        DataSet,
        Events,
        Variable,
        Axis,
        CdfFile,
        TableFile,
        Table,
    ],
)
def test_every_setting_of_a_service_is_documented(declared: Any) -> None:
    described = {
        name for each in ClassDoc(declared)["Parameters"] for name in each.name.split(", ")
    }
    page = (DOCS / "reference" / "service.md").read_text()
    assert {field.name for field in dataclasses.fields(declared)} - described == set()
    assert f"autoclass:: {declared.__module__}.{declared.__name__}" in page


def test_every_variable_of_the_environment_is_documented() -> None:
    pages = "".join(path.read_text() for path in DOCS.rglob("*.md"))
    code = "".join(path.read_text() for path in (ROOT / "src" / "epnkit" / "cli").glob("*.py"))
    read = set(re.findall(r'envvar="(\w+)"', code)) | {
        "EPNKIT_CREDENTIALS",
        "CREDENTIALS_DIRECTORY",
    }
    assert [name for name in sorted(read) if name not in pages] == []


def test_every_page_is_reached_and_every_picture_shown() -> None:
    pages = {path: path.read_text() for path in DOCS.rglob("*.md") if "_build" not in path.parts}
    text = "".join(pages.values()) + (ROOT / "README.md").read_text()
    assert [each.name for each in (DOCS / "images").iterdir() if each.name not in text] == []


def test_code_of_pages_is_python() -> None:
    found = [
        (path, code)
        for path in DOCS.rglob("*.md")
        for code in re.findall(r"^```python\n(.*?)^```", path.read_text(), re.M | re.S)
    ]
    assert len(found) > 5
    functions: dict[Path, set[str]] = defaultdict(set)
    for path, code in found:
        tree = _parsed(code, str(path))
        functions[path] |= {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        made = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        made |= functions[path]
        made |= {
            node.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        assert names - made - offered() == set(), path.name


def _parsed(code: str, path: str) -> ast.AST:
    try:
        return ast.parse(code, path)
    except SyntaxError:
        # An entry of a mapping alone.
        return ast.parse("{\n" + code + "\n}", path, "eval")


@cache
def offered() -> frozenset[str]:
    """List the names that a ``service.py`` can take from epnkit, Python and polars."""
    inner = [
        importlib.import_module(f"epnkit.mapping.{each.name}")
        for each in pkgutil.iter_modules(epnkit.mapping.__path__)
    ]
    modules = [builtins, epnkit.service, epnkit.datalink.links, epnkit.regions, datetime, *inner]
    offers = {"pl", "np", "drawn", "code", *epnkit.__all__, *epnkit.service.__all__}
    return frozenset(offers.union(*(vars(module) for module in modules)))


def test_source_files_of_pages_are_ones() -> None:
    found = [
        (path, code)
        for path in pages()
        for code in re.findall(r"^```(?:toml|json)\n(.*?)^```", path.read_text(), re.M | re.S)
    ]
    assert len(found) > 4
    known = {key for path in SOURCES.rglob("*.py") for key in _TAKEN.findall(path.read_text())}
    known |= {"key", *REQUEST_KEYS}
    # What sip.toml says is read by the tests of packages.
    for path, code in ((path, code) for path, code in found if "[[storage]]" not in code):
        told = json.loads(code) if code.startswith("{") else tomllib.loads(code)
        assert told.keys() <= known, path.name


def pages() -> list[Path]:
    return [ROOT / "README.md", *(p for p in DOCS.rglob("*.md") if "_build" not in p.parts)]


def test_commands_of_pages_exist_with_their_options() -> None:
    shown = [
        (path, line)
        for path in pages()
        for block in re.findall(r"^```(?:sh|console)\n(.*?)^```", path.read_text(), re.M | re.S)
        for line in re.findall(r"^(?:\$ )?(?:\S*/)?epnkit (.*)$", block, re.M)
    ]
    assert len(shown) > 30
    for path, line in shown:
        words = shlex.split(line, comments=True)
        name = next((n for n in (" ".join(words[:2]), words[0]) if n in COMMANDS), None)
        assert name, f"{path.name}: epnkit {line}"
        known = {word for each in COMMANDS[name].params for word in each.opts}
        assert {word for word in words if word.startswith("--")} <= known, f"{path.name}: {line}"


def test_xml_of_pages_is_well_formed() -> None:
    blocks = re.compile(r"^```xml\n(.*?)^```", re.M | re.S)
    found = [code for path in pages() for code in blocks.findall(path.read_text())]
    assert len(found) > 3
    for code in found:
        etree.fromstring(f"<resource>{code}</resource>")
