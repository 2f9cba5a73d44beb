"""Texts: clean, whole, and lists without stray marks."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epnkit.mapping.texts import clean, hash_list


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("#Saturn#Jupiter#", "Saturn#Jupiter"),
        ("Earth # Sun", "Earth#Sun"),
        ("Sun#Sun", "Sun"),
        ("##", None),
        ("", None),
        (None, None),
        ("Sun", "Sun"),
        ("13733, 13734", "13733, 13734"),
        ("Côte d'Azur", "Côte d_Azur"),
        ('the "Great"#back\\slash`', "the _Great_#back_slash_"),
    ],
)
def test_hash_lists(given_text: str | None, expected: str | None) -> None:
    assert hash_list(pl.Series([given_text], dtype=pl.String)).values.to_list() == [expected]


def test_other_separators_become_hashes() -> None:
    assert hash_list(pl.Series(["13733, 13734;"]), ",;").values.to_list() == ["13733#13734"]


def test_lists_are_joined() -> None:
    lists = pl.Series([["Sun", None, " Earth "], [], None])
    assert hash_list(lists).values.to_list() == ["Sun#Earth", None, None]


@given(st.lists(st.text(), max_size=5))
def test_no_hash_list_has_a_stray_mark_or_a_part_twice(parts: list[str]) -> None:
    made = hash_list(pl.Series(["#".join(parts)], dtype=pl.String)).values[0]
    again = (made or "x").split("#")
    assert all(part and part == part.strip() for part in again)
    assert len(set(again)) == len(again)


def test_control_characters_are_removed_or_refused() -> None:
    texts = pl.Series(["a\x00b", "fine"])
    assert clean(texts).values.to_list() == ["ab", "fine"]
    refused = clean(texts, control="refuse")
    assert refused.values.to_list() == [None, "fine"]
    assert "control characters" in refused.reasons[0]


@pytest.mark.parametrize("text", ["Nançay", "Observatoire de Paris – Nançay", "visibilité", "µm"])
@pytest.mark.parametrize("encoding", ["windows-1252", "latin-1"])
def test_utf8_read_wrongly_is_mended(text: str, encoding: str) -> None:
    broken = text.encode().decode(encoding, errors="replace")
    if "�" not in broken:
        assert clean(pl.Series([broken])).values.to_list() == [text]
    assert clean(pl.Series([text])).values.to_list() == [text]


def test_texts_are_composed() -> None:
    assert clean(pl.Series(["Nanc\u0327ay"])).values.to_list() == ["Nançay"]


def test_blank_texts_are_nothing() -> None:
    assert clean(pl.Series(["  ", None])).values.to_list() == [None, None]
