"""TAP sources on a real DaCHS: every row once, and truncation never taken for the end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import polars as pl
import pytest
import pyvo

from epnkit.errors import ConfigurationError, SourceError, TransientSourceError
from epnkit.sources import open_source
from epnkit.sources.base import ALL, UNORDERED, Order, Source, Window
from epnkit.sources.config.credentials import Secret
from epnkit.sources.tap.source import TapSettings, TapSource
from tests.support.proxy import Fault, Proxy, http

Make = Callable[..., Source]

#: Retries for tests: several attempts, and a short timeout.
QUICK = "attempts = 4\ntimeout = 3\n"

BY_TIME = Order("time_min", ("granule_uid",))


@pytest.fixture
def make(hfc1ar: str, tmp_path: Path) -> Make:
    def source(order: Order = BY_TIME, more: str = "page = 150", url: str = hfc1ar) -> Source:
        path = tmp_path / "source.toml"
        path.write_text(
            f'kind = "tap"\nurl = "{url}"\ntable = "hfc1ar.epn_core"\n{more}\n{QUICK}',
            encoding="utf-8",
        )
        return open_source(path, order)

    return source


@pytest.fixture(scope="module")
def whole(hfc1ar: str) -> pl.DataFrame:
    """Give the table, read in one query."""
    source = TapSource(Secret("url", hfc1ar), TapSettings("hfc1ar.epn_core"))
    return pl.concat(source.batches())


def _uids(source: Source, size: int = 1000, window: Window = ALL) -> list[str]:
    return [uid for batch in source.batches(window, size) for uid in batch["granule_uid"]]


def test_pages_hold_what_one_query_holds(make: Make, whole: pl.DataFrame) -> None:
    assert len(whole) > 500
    source = make()
    assert source.count() == len(whole)
    pages = list(source.batches())
    assert max(map(len, pages)) == 150
    read = pl.concat(pages)
    assert read.sort("granule_uid").equals(whole.sort("granule_uid"))
    assert read["time_min"].is_sorted()


def test_columns_have_the_types_of_votable(make: Make) -> None:
    told = make().schema()
    assert told["granule_uid"] == "String"
    assert told["time_min"] == "Float64"
    assert told["processing_level"] == "Int64"


def test_a_window_holds_what_it_says(make: Make, whole: pl.DataFrame) -> None:
    source = make(more="page = 20\nwhere = \"granule_gid = 'active_region'\"")
    times = whole["time_min"].sort()
    low, high = float(times[50]), float(times[130])
    cases: list[tuple[Window, Literal["left", "right"]]] = [
        (Window(low, high), "left"),
        (Window(low, high, low_closed=False, high_closed=True), "right"),
    ]
    for window, closed in cases:
        held = whole.filter(pl.col("time_min").is_between(low, high, closed=closed))
        assert source.count(window) == len(held)
        assert sorted(_uids(source, window=window)) == sorted(held["granule_uid"])


def test_texts_of_times_are_ends_too(make: Make, whole: pl.DataFrame) -> None:
    source = make(Order("creation_date", ("granule_uid",)))
    assert sorted(_uids(source, window=Window(low="2000-01-01"))) == sorted(whole["granule_uid"])
    assert source.count(Window(low="2500-01-01", nulls=False)) == 0


def test_an_overflow_is_an_error_unless_pages_are_read(
    make: Make, hfc1ar: str, whole: pl.DataFrame
) -> None:
    source = TapSource(Secret("url", hfc1ar), TapSettings("hfc1ar.epn_core", at_once=5))
    with pytest.raises(SourceError, match=r"OVERFLOW.*page"):
        list(source.batches())
    assert len(_uids(make())) == len(whole)


def test_a_page_shorter_than_asked_is_not_taken_for_the_end(
    make: Make, whole: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some services cut at their own limit and don't say OVERFLOW."""
    run = pyvo.dal.TAPService.run_sync

    def cut(self: pyvo.dal.TAPService, query: str, **options: Any) -> object:
        return run(self, query.replace("TOP 150 ", "TOP 110 "), **options)

    monkeypatch.setattr(pyvo.dal.TAPService, "run_sync", cut)
    assert sorted(_uids(make())) == sorted(whole["granule_uid"])


@pytest.mark.parametrize(
    "faults",
    [
        [Fault("reset", 90_000)],
        [Fault("close", 90_000), Fault("close", 2_000)],
        [Fault("stall", 90_000)],
        [http("503 Service Unavailable", b"", "Retry-After: 0")],
    ],
)
def test_what_passes_loses_and_doubles_nothing(
    make: Make, hfc1ar: str, whole: pl.DataFrame, faults: list[Fault]
) -> None:
    with Proxy(urlsplit(hfc1ar).port or 80) as proxy:
        source = make(url=f"http://127.0.0.1:{proxy.port}/tap")
        proxy.faults.extend(faults)
        assert sorted(_uids(source)) == sorted(whole["granule_uid"])
        assert not proxy.faults


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('columns = ["nonesuch"]', "refuses the query.*nonesuch"),
        ('where = "granule_uid LIKE"', "refuses the query"),
    ],
)
def test_a_wrong_query_is_one_clear_error(make: Make, more: str, words: str) -> None:
    with pytest.raises(SourceError, match=words) as caught:
        make(more=more).schema()
    assert not isinstance(caught.value, TransientSourceError)
    assert "\n" not in str(caught.value)


def test_a_web_page_is_reported(make: Make, hfc1ar: str) -> None:
    page = http("200 OK", b"<html><body>Log in</body></html>", "Content-Type: text/html")
    with Proxy(urlsplit(hfc1ar).port or 80) as proxy:
        source = make(url=f"http://127.0.0.1:{proxy.port}/tap")
        proxy.faults.extend([page] * 8)
        with pytest.raises(SourceError, match="answers no VOTable"):
            source.count()


def test_a_password_in_the_source_file_is_refused(make: Make) -> None:
    with pytest.raises(ConfigurationError, match="Move the address into a credential") as caught:
        make(url="http://reader:canary-5d1@127.0.0.1:1/tap")
    assert "canary" not in str(caught.value)


def test_a_window_needs_a_cursor(make: Make) -> None:
    with pytest.raises(SourceError, match="needs a cursor"):
        make(UNORDERED).count(Window(low=1.0))
