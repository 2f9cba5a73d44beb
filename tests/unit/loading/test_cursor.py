"""A cursor goes back in the form in which it was written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import pytest

from epnkit.errors import ConfigurationError, LoadError
from epnkit.loading.request import Request
from epnkit.loading.state.cursor import CursorPosition, choose_window
from epnkit.service import Cursor, Service
from epnkit.sources.base import Source, Window
from epnkit.sources.values.object_ids import read_object_id_time

ORDINARY = Request()


def continue_from(position: CursorPosition, request: Request = ORDINARY, **schema: str) -> Window:
    service = cast(Service, SimpleNamespace(cursor=Cursor("changed")))
    source = cast(Source, SimpleNamespace(schema=lambda: schema, count=lambda: 1))
    return choose_window(service, position, source, request)


@pytest.mark.parametrize(
    ("value", "earlier"),
    [
        ("2026-03-21", "2026-03-20"),
        ("2026-03-21T06:00:00", "2026-03-20T06:00:00"),
        ("2026-03-21 06:00:00", "2026-03-20 06:00:00"),
        ("20260321", "20260320"),
        ("20260321T060000", "20260320T060000"),
        ("2026-03-21 06:00", "2026-03-20 06:00"),
        ("2026-03-21T06:00Z", "2026-03-20T06:00"),
        ("2026-03-21T06:00-05:00", "2026-03-20T06:00"),
        ("2026-03-21T06:00:00.250", "2026-03-20T06:00:00"),
        ("2026-03-21T06", "2026-03-20T06"),
        ("20260321T0600", "20260320T0600"),
        ("5f544bca0123456789abcdef", "5f52fa4a0000000000000000"),
    ],
)
def test_a_text_goes_back_in_its_own_form(value: str, earlier: str) -> None:
    assert CursorPosition.of(value).minus(timedelta(days=1)) == earlier


@pytest.mark.parametrize("request_", [ORDINARY, Request(low="3"), Request(keys=("1",))])
def test_a_cursor_of_another_type_is_reported_before_anything_is_read(request_: Request) -> None:
    with pytest.raises(LoadError, match="the cursor was a number and now is a time"):
        continue_from(CursorPosition.of(3), request_, changed="Datetime(time_unit='us')")
    assert continue_from(CursorPosition.of(3), request_, changed="Int64") is not None


def test_a_window_is_as_requested_and_has_no_record_without_a_cursor() -> None:
    position = CursorPosition.of(3)
    assert continue_from(position, Request(low="1")) == Window("1", nulls=False)
    assert continue_from(position, Request(full=True)).everything


@pytest.mark.parametrize(
    ("form", "zone"), [("%Y-%m-%d %H:%M", ""), ("%Y-%m-%dT%H:%M", "Z"), ("%Y%m%dT%H%M", "+00:00")]
)
def test_no_record_within_the_lag_comes_before_the_text(form: str, zone: str) -> None:
    reached, lag = datetime(2026, 3, 21, 10, 0), timedelta(hours=1)
    low = CursorPosition.of(reached.strftime(form) + zone).minus(lag)
    assert str(low) <= (reached - lag).strftime(form) + zone


@pytest.mark.parametrize("value", ["2012/05/01 07:46:59", "v12"])
def test_a_text_that_is_no_time_does_not_go_back(value: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be taken from the cursor"):
        CursorPosition.of(value).minus(timedelta(days=7))


def test_a_number_goes_back_by_a_number() -> None:
    assert CursorPosition.of(12).minus(5) == 7


def test_a_time_with_a_zone_is_read_in_utc() -> None:
    position = CursorPosition("time", "2020-01-01T00:30:00+02:00")
    assert continue_from(position).low == datetime(2019, 12, 31, 22, 30)


def test_a_position_beyond_the_present_is_read_from_the_present() -> None:
    """A clock that was ahead, ours and the source's, leaves no gap behind it."""
    ahead = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=400)
    for value in (ahead, ahead.date(), ahead.isoformat(sep=" ", timespec="seconds")):
        low = continue_from(CursorPosition.of(value)).low
        assert CursorPosition.of(value).value[:4] > str(low)[:4]
    past = datetime(2003, 1, 1, 12, 30, 0, 250)
    assert continue_from(CursorPosition.of(past)).low == past
    for text in ("2003-01-01", "20030101", "20030101T123000"):
        assert continue_from(CursorPosition.of(text)).low == text
    assert continue_from(CursorPosition.of("22030101")).low == f"{datetime.now(UTC):%Y%m%d}"
    low = continue_from(CursorPosition.of("f4865700aaaaaaaaaaaaaaaa")).low
    assert read_object_id_time(str(low)).year == datetime.now(UTC).year
