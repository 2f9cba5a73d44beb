"""Ends of windows written as texts: each is compared as what the cursor field holds."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from epnkit.errors import SourceError
from epnkit.sources.base import CursorValue, Order, Window
from epnkit.sources.config.credentials import Secret
from epnkit.sources.mongo.query import bound_operators
from epnkit.sources.mongo.restheart import RestheartSettings, RestheartSource
from epnkit.sources.records.source import RecordsSettings, RecordsSource
from epnkit.sources.transport.http import HttpClient
from epnkit.sources.values.window_bounds import parse_bound, parse_window

FEBRUARY = dt.datetime(2024, 2, 1)


@pytest.mark.parametrize(
    ("text", "dtype", "read"),
    [
        ("7", pl.Int64(), 7),
        ("7.5", pl.Int64(), 7.5),
        ("1e3", pl.Float64(), 1000.0),
        ("2024-02-01", pl.Datetime("us"), FEBRUARY),
        ("2024-02-01T01:00:00+01:00", pl.Datetime("us"), FEBRUARY),
        ("2024-02-01T00:00:00Z", pl.Datetime("ms"), FEBRUARY),
        ("2024-02-01", pl.Date(), FEBRUARY),
        ("2024-02-01", pl.String(), "2024-02-01"),
        (5, pl.Float64(), 5),
    ],
)
def test_an_end_is_read_as_the_cursor(
    text: CursorValue, dtype: pl.DataType, read: CursorValue
) -> None:
    assert parse_bound(text, dtype, "t") == read
    assert type(parse_bound(text, dtype, "t")) is type(read)


@pytest.mark.parametrize(
    ("text", "dtype"),
    [("soon", pl.Datetime("us")), ("2024-02-01", pl.Int64()), ("nan", pl.Float64())],
)
def test_an_end_of_another_type_is_reported(text: str, dtype: pl.DataType) -> None:
    with pytest.raises(SourceError, match=f"'{text}' cannot be compared with column 't'"):
        parse_bound(text, dtype, "t")


def test_mongodb_compares_dates_with_dates() -> None:
    window = parse_window(Window("2024-02-01", "2024-03-01"), "t", {"t": pl.Datetime("us")})
    assert bound_operators(window) == {"$gte": FEBRUARY, "$lt": dt.datetime(2024, 3, 1)}
    assert bound_operators(parse_window(Window("2024-02-01"), "t", {})) == {"$gte": "2024-02-01"}


def test_restheart_asks_for_dates_as_extended_json(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def ask(_: HttpClient, method: str, path: str, **more: dict[str, str]) -> object:
        if "count" in more["parameters"]:
            asked.append(more["parameters"]["filter"])
            return {"_size": 1}
        return [{"_id": 1, "t": {"$date": 1706745600000}}]

    monkeypatch.setattr(HttpClient, "request", ask)
    # A type that the source file declares is that of the batch: the database still holds dates.
    settings = RestheartSettings("d", "c", order=Order("t"), types={"t": pl.String()})
    source = RestheartSource(Secret("url", "https://archive.test"), settings)
    assert source.count(Window("2024-02-01", nulls=False)) == 1
    assert asked == ['{"t":{"$ne":null,"$gte":{"$date":1706745600000}}}']


def test_record_services_compare_numbers_with_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    documents = [{"n": 9}, {"n": 10}, {"n": 11}]
    monkeypatch.setattr(HttpClient, "request", lambda *_, **_more: {"data": documents, "total": 3})
    settings = RecordsSettings("/records", order=Order("n"))
    source = RecordsSource(Secret("url", "https://archive.test"), settings)
    assert source.count(Window("10")) == 2
    with pytest.raises(SourceError, match="'soon' cannot be compared"):
        source.count(Window("soon"))
