"""Search sources on real servers: every document once, whatever the network does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
import requests
from scripts.servers.processes import Server

from epnkit.errors import SourceError, TransientSourceError
from epnkit.sources import open_source
from epnkit.sources.base import ALL, Order, Source, Window
from epnkit.sources.config.credentials import read_credential
from epnkit.sources.search.settings import SearchSettings
from epnkit.sources.search.source import SearchSource
from epnkit.sources.transport.retry import RetryPolicy
from tests.support.proxy import Fault, Proxy, http

if TYPE_CHECKING:
    from tests.support.servers import Keep

pytest_plugins = ["tests.support.servers"]

COUNT = 2500

BY_DAY = Order("hdeb")

#: Retries for tests: many attempts, short pauses, and a short timeout.
QUICK = RetryPolicy(attempts=4, first=0.05, longest=0.2, read_timeout=2.0)

PASSWORD = "canary-3c9"


def _document(number: int) -> dict[str, object]:
    day = {} if number % 10 == 0 else {"hdeb": f"2007-12-{1 + number % 28:02d}T11:44:13.005Z"}
    return {
        "unique_id": f"u{number:06d}",
        "frq": [2280, 0, number],
        "file": f"f{number}",
        "physpara": "Nançay",
        "image": {"size": number / 2},
        **day,
    }


@pytest.fixture(scope="module")
def index(search_server: Server) -> Iterator[Server]:
    url = f"{search_server.url}/trial"
    kinds = {"unique_id": "keyword", "hdeb": "date", "frq": "integer", "file": "text"}
    mappings = {"properties": {name: {"type": kind} for name, kind in kinds.items()}}
    settings = {"number_of_shards": 2, "number_of_replicas": 0}
    made = requests.put(url, json={"settings": settings, "mappings": mappings}, timeout=30)
    made.raise_for_status()
    lines = [
        json.dumps(each)
        for number in range(COUNT)
        for each in ({"index": {"_id": f"d{number}"}}, _document(number))
    ]
    requests.post(
        f"{url}/_bulk?refresh=true",
        data="\n".join([*lines, ""]).encode(),
        timeout=60,
        headers={"Content-Type": "application/x-ndjson"},
    ).raise_for_status()
    yield search_server
    requests.delete(url, timeout=30).raise_for_status()


Make = Callable[..., Source]


@pytest.fixture
def make(index: Server, keep: Keep, tmp_path: Path) -> Make:
    def source(order: Order = BY_DAY, **body: object) -> Source:
        keep("nrh", f"http://reader:{PASSWORD}@127.0.0.1:{index.port}")
        path = tmp_path / "source.json"
        content = {"connection": "nrh", "index": "trial", "key": ["unique_id"], **body}
        path.write_text(json.dumps(content), encoding="utf-8")
        return open_source(path, order)

    return source


def through(proxy: Proxy, keep: Keep, **more: object) -> SearchSource:
    """Read through a proxy."""
    keep("proxied", f"http://reader:{PASSWORD}@127.0.0.1:{proxy.port}")
    settings = SearchSettings(
        "trial",
        {"match_all": {}},
        order=Order("hdeb", ("unique_id",)),
        retry_policy=QUICK,
        **more,  # type: ignore[arg-type]
    )
    return SearchSource(read_credential("proxied"), settings)


def _ids(source: Source, size: int = 300, window: Window = ALL) -> list[str]:
    return [key for batch in source.batches(window, size) for key in batch["unique_id"]]


EVERY = [f"u{number:06d}" for number in range(COUNT)]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"_source": False, "fields": ["unique_id", "frq", "hdeb"]},
        {"size": 77, "track_total_hits": True},
    ],
)
def test_every_document_comes_once(make: Make, body: dict[str, object]) -> None:
    source = make(**body)
    assert source.count() == COUNT
    assert sorted(_ids(source)) == EVERY


def test_fields_have_the_types_of_the_index(make: Make) -> None:
    source = make()
    batches = list(source.batches(size=400))
    assert len({tuple(batch.schema.items()) for batch in batches}) == 1
    read = pl.concat(batches)
    assert read["frq"].dtype == pl.List(pl.Int64)
    assert read["image.size"].dtype == pl.Float64
    assert read.filter(pl.col("unique_id") == "u000007")["frq"].to_list() == [[2280, 0, 7]]


def test_a_window_holds_what_it_says(make: Make) -> None:
    source = make()
    window = Window(low="2007-12-03", high="2007-12-05", nulls=False)
    expected = [f"u{n:06d}" for n in range(COUNT) if n % 10 and n % 28 in (2, 3)]
    assert source.count(window) == len(expected)
    assert sorted(_ids(source, 50, window)) == expected


def test_a_field_that_the_index_lacks_is_reported(make: Make) -> None:
    with pytest.raises(SourceError, match="no field 'nonesuch'"):
        make(fields=["nonesuch"]).schema()


FAULTS = {
    "cut": [Fault("close", 5_000)],
    "reset": [Fault("reset", 30_000)],
    "busy": [Fault("close", 20_000), http("429 Too Many Requests", b"{}", "Retry-After: 0")],
    "unavailable": [http("503 Service Unavailable", b"", "Retry-After: 0")],
    "broken": [http("200 OK", b'{"hits": {"hits": [', "Content-Type: application/json")],
    "stall": [Fault("stall", 20_000)],
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_passes_loses_and_doubles_nothing(index: Server, keep: Keep, name: str) -> None:
    with Proxy(index.port) as proxy:
        proxy.faults.extend(FAULTS[name])
        assert sorted(_ids(through(proxy, keep))) == EVERY
        assert not proxy.faults
        assert proxy.connections > len(FAULTS[name])


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (http("200 OK", b"<html>Log in</html>", "Content-Type: text/html"), "answers no JSON"),
        (http("401 Unauthorized", b"{}"), "answers 401"),
        (http("403 Forbidden", b"{}"), "answers 403"),
    ],
)
def test_what_stays_is_one_clear_error(index: Server, keep: Keep, fault: Fault, words: str) -> None:
    with Proxy(index.port) as proxy:
        proxy.faults.append(fault)
        with pytest.raises(SourceError, match=words) as caught:
            _ids(through(proxy, keep))
    assert not isinstance(caught.value, TransientSourceError)
    assert f"127.0.0.1:{proxy.port}" in str(caught.value)
    assert "canary" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_lost_point_in_time_is_opened_again(index: Server, keep: Keep) -> None:
    with Proxy(index.port) as proxy:
        pages = through(proxy, keep).batches(size=300)
        read = list(next(pages)["unique_id"])
        _close_all_contexts(index.url)
        read += [key for batch in pages for key in batch["unique_id"]]
    assert sorted(read) == EVERY


def _close_all_contexts(url: str) -> None:
    for path in ("_search/point_in_time/_all", "_pit"):
        requests.delete(f"{url}/{path}", timeout=30)
    requests.post(f"{url}/trial/_close", timeout=30).raise_for_status()
    requests.post(f"{url}/trial/_open?wait_for_active_shards=all", timeout=30).raise_for_status()


def test_a_server_that_is_not_there_is_reported(keep: Keep) -> None:
    keep("gone", f"http://reader:{PASSWORD}@127.0.0.1:1")
    source = SearchSource(
        read_credential("gone"), SearchSettings("trial", {"match_all": {}}, retry_policy=QUICK)
    )
    with pytest.raises(TransientSourceError, match="does not answer") as caught:
        source.count()
    assert "canary" not in str(caught.value)
