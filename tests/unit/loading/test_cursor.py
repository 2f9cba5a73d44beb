"""A cursor goes back in the form in which it was written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import pytest

from epnkit.loading.state.cursor import Position, next_window
from epnkit.service import Cursor, Service


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


def test_a_position_beyond_the_present_is_read_from_the_present() -> None:
    """A clock that was ahead, ours and the source's, leaves no gap behind it."""
    ahead = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=400)
    service = cast(Service, SimpleNamespace(cursor=Cursor("changed")))
    for value in (ahead, ahead.date(), ahead.isoformat(sep=" ", timespec="seconds")):
        low = next_window(service, Position.of(value)).low
        assert Position.of(value).value[:4] > str(low)[:4]
    past = datetime(2003, 1, 1, 12, 30, 0, 250)
    assert next_window(service, Position.of(past)).low == past
    assert next_window(service, Position.of("2003-01-01")).low == "2003-01-01"
