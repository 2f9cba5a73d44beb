"""UCDs by the words of UCD1+ 1.6."""

from __future__ import annotations

import pytest

from epnkit.epncore import ucd


@pytest.mark.parametrize(
    "text", ["phot.radiance;em.opt", "PHYS.magfield", "phys.temperature", "pos;obs"]
)
def test_valid(text: str) -> None:
    assert ucd.find_fault(text) == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("phys.flux.density", "not a word"),
        ("em.opt", "may only follow"),
        ("phot.radiance;arith.factor", "may only lead"),
        ("phot radiance", "not written"),
        ("", "not written"),
    ],
)
def test_invalid(text: str, why: str) -> None:
    assert why in ucd.find_fault(text)
