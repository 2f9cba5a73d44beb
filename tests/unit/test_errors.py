"""The errors: each raised one says what to do, and names only commands that exist."""

from __future__ import annotations

import ast
import pickle
import re
from collections.abc import Iterator

import click
import pytest
from tests.conftest import ROOT
from tests.unit.test_docs import COMMANDS

from epnkit import errors
from epnkit.cli import cli
from epnkit.dachs.instance import NoDatabaseError
from epnkit.errors import EpnkitError, SourceError

SOURCE = ROOT / "src" / "epnkit"

TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in SOURCE.rglob("*.py")}


def subclasses(kind: type[EpnkitError]) -> Iterator[type[EpnkitError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from subclasses(each)


#: The names of the kinds of errors.
BASES = {kind.__name__ for kind in subclasses(EpnkitError)}

CLASSES = [
    node for tree in TREES.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
]

#: The names of all kinds of errors that are made with a cure; one kind copies that of another.
KINDS = {
    node.name
    for node in CLASSES
    if node.name == "EpnkitError" or {ast.unparse(base) for base in node.bases} & BASES
} - {"RetryLaterError"}

#: ``epnkit COMMAND`` and what follows, up to the end of the phrase.
_NAMED = re.compile(r"\bepnkit ([a-z]+)((?: [a-z]+)?)([^.;:,()`'\"\n]*)")

#: The same in a docstring, where only what stands in backticks is a command.
_MARKED = re.compile(r"(?<=``)epnkit ([a-z]+)((?: [a-z]+)?)([^`\n]*)(?=``)")

#: Words that follow ``epnkit`` in messages and are no command.
_PROSE = frozenset(
    {"again", "has", "in", "installed", "is", "loaded", "next", "on", "output"}
    | {"books", "read", "record", "was", "where"}
)


def raised() -> Iterator[tuple[str, ast.Call]]:
    """Give each place where an error is made."""
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in KINDS:
                yield f"{path.relative_to(SOURCE)}:{node.lineno}", node


def test_every_error_says_what_to_do() -> None:
    found = dict(raised())
    assert len(found) > 150
    without = [
        where
        for where, call in found.items()
        if not {"cure", None} & {each.arg for each in call.keywords}
    ]
    assert without == []


def test_no_cure_is_empty() -> None:
    empty = [
        where
        for where, call in raised()
        for each in call.keywords
        if each.arg == "cure" and isinstance(each.value, ast.Constant) and not each.value.value
    ]
    assert empty == []


def docstrings(tree: ast.Module) -> set[int]:
    """Give the identities of the nodes that are docstrings."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, kinds)]
    return {id(b[0].value) for b in bodies if b and isinstance(b[0], ast.Expr)}


def joined(node: ast.JoinedStr) -> str:
    """Write a formatted text, with a word in place of each value."""
    return "".join(str(p.value) if isinstance(p, ast.Constant) else "X" for p in node.values)


def named_commands() -> Iterator[tuple[str, re.Match[str]]]:
    """Give the commands that the texts of the code name, and where."""
    for path, tree in TREES.items():
        known = docstrings(tree)
        for node in ast.walk(tree):
            where = f"{path.relative_to(SOURCE)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.JoinedStr):
                yield from ((where, each) for each in _NAMED.finditer(joined(node)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                pattern = _MARKED if id(node) in known else _NAMED
                yield from ((where, each) for each in pattern.finditer(node.value))


def command_of(first: str, second: str) -> click.Command | None:
    name = f"{first}{second}"
    if name in COMMANDS:
        return COMMANDS[name]
    with click.Context(cli) as context:
        return cli.get_command(context, first)


def test_every_command_that_is_named_exists_with_its_options() -> None:
    named = [(where, each) for where, each in named_commands() if each[1] not in _PROSE]
    assert len(named) > 40
    for where, found in named:
        command = command_of(found[1], found[2])
        assert command is not None, f"{where}: {found[0]}"
        known = {"--help"}.union(*(each.opts for each in command.params))
        options = {*re.findall(r"(?<!\S)--[a-z-]+", found[2] + found[3])}
        assert options <= known, f"{where}: {found[0]}"


@pytest.mark.parametrize("kind", [EpnkitError, SourceError, NoDatabaseError])
def test_an_error_goes_from_one_process_to_another_whole(kind: type[EpnkitError]) -> None:
    error = kind("it broke", where="here", why="it was old", cure="Buy a new one.")
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert type(copy) is kind
    assert str(copy) == str(error) == "here: it broke: it was old. Buy a new one."
    assert (copy.what, copy.where, copy.why, copy.cure) == (
        "it broke",
        "here",
        "it was old",
        "Buy a new one.",
    )


def test_an_error_without_a_cure_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="cure"):
        errors.LoadError("it broke")  # type: ignore[call-arg]
