"""Each kind of source is one package, one line, and two grammars."""

from __future__ import annotations

import ast

import pytest
from tests.conftest import ROOT

from epnkit.sources import KINDS, source_class


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_has_its_class(kind: str) -> None:
    found = source_class(kind)
    for name in ("from_file", "schema", "count", "batches"):
        assert callable(getattr(found, name))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", ["bulk", "rows"])
def test_a_kind_has_its_grammars(kind: str, way: str) -> None:
    suffix = "" if way == "bulk" else "_rows"
    grammar = ast.parse((ROOT / "grammars" / f"{kind}{suffix}.py").read_text())
    assert ast.unparse(grammar.body[-1]) == f"RowIterator = {way}({kind!r})"


def test_every_grammar_is_of_a_kind() -> None:
    names = {path.stem.removesuffix("_rows") for path in (ROOT / "grammars").glob("*.py")}
    assert names == {*KINDS}
