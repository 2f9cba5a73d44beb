"""Angles with minutes and seconds, in the forms of catalogues."""

from __future__ import annotations

import polars as pl
import pytest

from epnkit.mapping.sexagesimal_angles import sexagesimal


@pytest.mark.parametrize(
    ("text", "hours", "degrees"),
    [
        ("18:36:56.3", True, 279.234583),
        ("18h36m56.3s", True, 279.234583),
        ("+38 47 01", False, 38.783611),
        ("38° 47′ 01″", False, 38.783611),
        ("-00:30:00", False, -0.5),
        ("-12 30,", False, None),
        ("12:30", False, 12.5),
        ("12 30 15,5", False, 12.504306),
        (" ", False, None),
        (None, False, None),
    ],
)
def test_forms(text: str | None, hours: bool, degrees: float | None) -> None:
    (read,) = sexagesimal(pl.Series([text], dtype=pl.String), hours=hours).values
    assert read == (None if degrees is None else pytest.approx(degrees, abs=1e-6))


@pytest.mark.parametrize("text", ["x", "12", "12.5", "1:2:3:4", "-12 30,"])
def test_what_is_none_has_a_reason(text: str) -> None:
    (reason,) = sexagesimal(pl.Series([text])).reasons
    assert reason == f"'{text}' is no angle with minutes"
