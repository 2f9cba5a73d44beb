"""A cursor goes back in the form in which it was written."""

from __future__ import annotations

from datetime import timedelta

import pytest

from epnkit.loading.cursor import Position


@pytest.mark.parametrize(
    ("value", "earlier"),
    [
        ("2026-03-21", "2026-03-20"),
        ("2026-03-21T06:00:00", "2026-03-20T06:00:00"),
        ("2026-03-21 06:00:00", "2026-03-20 06:00:00"),
    ],
)
def test_a_text_goes_back_in_its_own_form(value: str, earlier: str) -> None:
    assert Position.of(value).back(timedelta(days=1)) == earlier


def test_a_number_goes_back_by_a_number() -> None:
    assert Position.of(12).back(5) == 7
