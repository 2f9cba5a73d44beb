"""Publications whose declaration cannot be read are refused when they are declared."""

from __future__ import annotations

from pathlib import Path

import pytest

from epnkit.datalink.collections import Collection, read_collections
from epnkit.errors import ConfigurationError


@pytest.mark.parametrize("pattern", ["(", "[a", "*", "(?=ahead)"])
def test_an_unreadable_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a pattern for granule_uid"):
        Collection("10.25935/8ZFF-NX36", "Data", {"granule_uid": pattern})


def test_an_unreadable_pattern_in_the_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "collections.toml"
    path.write_text(
        '[[collection]]\ndoi = "10.25935/8ZFF-NX36"\ntitle = "Data"\nwhere.granule_uid = "("\n'
    )
    with pytest.raises(ConfigurationError, match="is not a pattern"):
        read_collections(path)
