"""A cursor goes back in the form in which it was written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import pytest

from epnkit.errors import ConfigurationError
from epnkit.loading.state.cursor import CursorPosition, choose_window
from epnkit.service import Cursor, Service
from epnkit.sources.values.object_ids import read_object_id_time


@pytest.mark.parametrize(
    ("value", "earlier"),
    [
        ("2026-03-21", "2026-03-20"),
        ("2026-03-21T06:00:00", "2026-03-20T06:00:00"),
        ("2026-03-21 06:00:00", "2026-03-20 06:00:00"),
        ("20260321", "20260320"),
        ("20260321T060000", "20260320T060000"),
        ("5f544bca0123456789abcdef", "5f52fa4a0000000000000000"),
    ],
)
def test_a_text_goes_back_in_its_own_form(value: str, earlier: str) -> None:
    assert CursorPosition.of(value).minus(timedelta(days=1)) == earlier


@pytest.mark.parametrize("value", ["2012/05/01 07:46:59", "v12"])
def test_a_text_that_is_no_time_does_not_go_back(value: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be taken from the cursor"):
        CursorPosition.of(value).minus(timedelta(days=7))


def test_a_number_goes_back_by_a_number() -> None:
    assert CursorPosition.of(12).minus(5) == 7


def test_a_time_with_a_zone_is_read_in_utc() -> None:
    service = cast(Service, SimpleNamespace(cursor=Cursor("changed")))
    position = CursorPosition("time", "2020-01-01T00:30:00+02:00")
    assert choose_window(service, position).low == datetime(2019, 12, 31, 22, 30)


def test_a_position_beyond_the_present_is_read_from_the_present() -> None:
    """A clock that was ahead, ours and the source's, leaves no gap behind it."""
    ahead = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=400)
    service = cast(Service, SimpleNamespace(cursor=Cursor("changed")))
    for value in (ahead, ahead.date(), ahead.isoformat(sep=" ", timespec="seconds")):
        low = choose_window(service, CursorPosition.of(value)).low
        assert CursorPosition.of(value).value[:4] > str(low)[:4]
    past = datetime(2003, 1, 1, 12, 30, 0, 250)
    assert choose_window(service, CursorPosition.of(past)).low == past
    for text in ("2003-01-01", "20030101", "20030101T123000"):
        assert choose_window(service, CursorPosition.of(text)).low == text
    assert (
        choose_window(service, CursorPosition.of("22030101")).low == f"{datetime.now(UTC):%Y%m%d}"
    )
    low = choose_window(service, CursorPosition.of("f4865700aaaaaaaaaaaaaaaa")).low
    assert read_object_id_time(str(low)).year == datetime.now(UTC).year
