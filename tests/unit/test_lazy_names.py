"""Names that are imported when they are first asked for, and what is said if that fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from epnkit.modules import import_attribute


def test_what_a_module_fails_with_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_loops.py").write_text("import math\nmath.no_such_thing\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportError, match=r"broken_loops cannot be imported: .*no_such_thing"):
        import_attribute("epnkit", {"draw": "broken_loops:draw"}, "draw")


def test_a_name_that_is_not_offered_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'epnkit' has no attribute 'draw'"):
        import_attribute("epnkit", {}, "draw")
