"""Texts beyond ASCII: which column of an RD would serve them mangled."""

from __future__ import annotations

import polars as pl

from epnkit.epncore.characters import check_declared_texts, find_beyond_ascii
from epnkit.epncore.published import DeclaredField, DeclaredTable

GRANULES = pl.DataFrame(
    {
        "instrument_host_name": ["Kanzelhoehe", "Kanzelhöhe"],
        "target_name": ["Sun", None],
        "obs_title": ["ñ", "n"],
        "c1min": [1.0, 2.0],
    }
)


def test_columns_beyond_ascii() -> None:
    assert find_beyond_ascii(GRANULES) == ["instrument_host_name", "obs_title"]
    assert find_beyond_ascii(GRANULES.clear()) == []


def test_a_column_of_char_is_named_with_its_cure() -> None:
    table = DeclaredTable(
        (
            DeclaredField("instrument_host_name", "char"),
            DeclaredField("obs_title", "unicodeChar"),
            DeclaredField("target_name", "char"),
        )
    )
    (finding,) = check_declared_texts(table, GRANULES)
    assert (finding.rule, finding.column, finding.value) == (
        120,
        "instrument_host_name",
        "Kanzelhöhe",
    )
    assert 'type="unicode"' in finding.message
