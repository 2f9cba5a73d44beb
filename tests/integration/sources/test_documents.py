"""MongoDB's protocol and RESTHeart: every document once, whatever the network does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pymongo
import pytest
from bson import Decimal128
from scripts.servers.processes import Server

from epnkit.errors import SourceError, TransientSourceError
from epnkit.sources import open_source
from epnkit.sources.base import ALL, UNREADABLE, Order, Reconcilable, Source, Window
from epnkit.sources.values.object_ids import read_object_id_time
from tests.support.proxy import Fault, Proxy, http

if TYPE_CHECKING:
    from tests.support.servers import Keep

pytest_plugins = ["tests.support.servers"]

COUNT = 2345

EVERY = [f"gris_{number:05d}" for number in range(COUNT)]

START = dt.datetime(2017, 9, 29)


def _document(number: int) -> dict[str, object]:
    return {
        "name": EVERY[number],
        "date": START.replace(hour=number % 24) if number % 10 else None,
        "theta": {"value": number / 10, "mu": Decimal128("0.937")},
        "files": [1, 2, number],
    }


@pytest.fixture(scope="module")
def documents(mongo: Server) -> Server:
    client: pymongo.MongoClient[dict[str, object]] = pymongo.MongoClient(mongo.url)
    client.drop_database("kis")
    client["kis"]["gris"].insert_many([_document(number) for number in range(COUNT)])
    client.close()
    return mongo


Make = Callable[..., Source]


@pytest.fixture(params=["mongodb", "restheart"])
def make(
    request: pytest.FixtureRequest, documents: Server, restheart: Server, keep: Keep, tmp_path: Path
) -> Make:
    def source(port: int | None = None, cursor: str | None = "date") -> Source:
        server, scheme = (
            (documents, "mongodb") if request.param == "mongodb" else (restheart, "http")
        )
        keep("kis", f"{scheme}://127.0.0.1:{port or server.port}")
        path = tmp_path / "source.toml"
        path.write_text(
            f'kind = "{request.param}"\nconnection = "kis"\ndatabase = "kis"\n'
            'collection = "gris"\nkey = ["name"]\ntimeout = 2\n',
            encoding="utf-8",
        )
        return open_source(path, Order(cursor))

    source.__dict__["target"] = documents if request.param == "mongodb" else restheart
    return source


def _names(source: Source, size: int = 300, window: Window = ALL) -> list[str]:
    return [name for batch in source.batches(window, size) for name in batch["name"]]


@pytest.mark.parametrize("cursor", ["date", None])
def test_every_document_comes_once(make: Make, cursor: str | None) -> None:
    source = make(cursor=cursor)
    assert source.count() == COUNT
    assert sorted(_names(source)) == EVERY


def test_values_are_plain(make: Make) -> None:
    read = pl.concat(make().batches()).sort("name")
    assert read["theta.value"].to_list() == [number / 10 for number in range(COUNT)]
    assert set(read["theta.mu"]) == {0.937}
    assert read["files"][7].to_list() == [1, 2, 7]
    assert read["date"][7] == START.replace(hour=7)
    assert read["_id"].str.len_chars().unique().to_list() == [24]


def test_a_window_holds_what_it_says(make: Make) -> None:
    window = Window(low=START.replace(hour=3), high=START.replace(hour=5), nulls=False)
    expected = [EVERY[n] for n in range(COUNT) if n % 10 and n % 24 in (3, 4)]
    source = make()
    assert source.count(window) == len(expected)
    assert sorted(_names(source, 50, window)) == expected


@pytest.mark.parametrize(
    "faults",
    [
        [Fault("reset", 20_000)],
        [Fault("close", 20_000), Fault("close", 3_000)],
        [Fault("stall", 20_000)],
    ],
)
def test_what_passes_loses_and_doubles_nothing(make: Make, faults: list[Fault]) -> None:
    target: Server = make.__dict__["target"]
    with Proxy(target.port) as proxy:
        source = make(proxy.port)
        proxy.faults.extend(faults)
        assert sorted(_names(source)) == EVERY
        assert not proxy.faults


def test_an_empty_page_in_mid_run_is_not_believed(restheart: Server, make: Make) -> None:
    if make.__dict__["target"] is not restheart:
        assert make().count() == COUNT  # MongoDB itself has no pages
        return
    empty = http("200 OK", b'{"_embedded": []}', "Content-Type: application/json")
    with Proxy(restheart.port) as proxy:
        source = make(proxy.port)
        proxy.faults.extend([Fault("close", 40_000), empty])
        assert sorted(_names(source)) == EVERY
        assert not proxy.faults


def test_a_web_page_is_reported(restheart: Server, make: Make) -> None:
    if make.__dict__["target"] is not restheart:
        with pytest.raises(TransientSourceError, match="does not answer"):
            make(1).count()
        return
    with Proxy(restheart.port) as proxy:
        source = make(proxy.port)
        proxy.faults.append(http("200 OK", b"<html>down</html>", "Content-Type: text/html"))
        with pytest.raises(SourceError, match="answers no JSON"):
            source.count()


def test_texts_that_are_not_utf8_cost_their_value_and_nothing_else(
    mongo: Server, keep: Keep, tmp_path: Path
) -> None:
    """MongoDB keeps any bytes, and old drivers sent Latin-1; this test's server writes UTF-8."""
    client: pymongo.MongoClient[Any] = pymongo.MongoClient(mongo.url)
    client.drop_database("latin")
    client["latin"]["all"].insert_many(
        [
            {"_id": 1, "site": "Nançay", "n": 1},
            {"_id": 2, "site": "Kanzelh__he", "n": 2},
            {"_id": 3, "site": "Meudon", "gr__sse": 3},
            {"_id": 4, "site": "Meudon", "n": [1, 2], "names": ["a", "Kanzelh__he"]},
        ]
    )
    client.close()
    path = tmp_path / "source.toml"
    path.write_text(
        'kind = "mongodb"\nconnection = "kis"\ndatabase = "latin"\ncollection = "all"\n'
    )
    with Proxy(mongo.port, {b"h__he": b"h\xf6_he", b"gr__sse": b"gr\xf6_sse"}) as proxy:
        keep("kis", f"mongodb://127.0.0.1:{proxy.port}")
        read = pl.concat(open_source(path).batches(), how="diagonal").sort("_id")
    assert read["site"].to_list() == ["Nançay", None, "Meudon", "Meudon"]
    assert read["names"].to_list() == [None, None, None, None]
    problems = [(text or "").partition(" is ")[0] for text in read[UNREADABLE]]
    assert problems == [
        "",
        "site: Kanzelh?_he",
        "gr?_sse: the name of this field",
        "names: ['a', 'Kanzelh\\udcf6_he']",
    ]


def reconcilable(source: Source) -> Reconcilable:
    assert isinstance(source, Reconcilable)
    assert source.compared_by == "key"
    return source


@pytest.mark.parametrize(
    ("low", "high"),
    [(None, None), (None, "gris_00500"), ("gris_00500", "gris_00501"), ("gris_01234", None)],
)
def test_keys_are_listed_in_parts(make: Make, low: str | None, high: str | None) -> None:
    listed = reconcilable(make()).keys(low, high)
    expected = [name for name in EVERY if (low or "") <= name < (high or "h")]
    assert listed["record_key"].to_list() == expected
    assert listed["record_digest"].null_count() == len(expected)


def test_documents_are_read_by_their_keys(make: Make) -> None:
    wanted = [*EVERY[::20], "gris_99999"]
    read = pl.concat(reconcilable(make()).fetch(wanted))
    assert sorted(read["name"]) == EVERY[::20]
    assert read.columns == next(make().batches(size=1)).columns


def test_object_ids_are_keys_too(make: Make, tmp_path: Path) -> None:
    make()
    path = tmp_path / "source.toml"
    path.write_text(path.read_text().replace('key = ["name"]', ""), encoding="utf-8")
    source = reconcilable(open_source(path, Order(None)))
    keys = source.keys(None, None)["record_key"].to_list()
    assert len(keys) == COUNT
    assert source.keys(keys[7], keys[9])["record_key"].to_list() == keys[7:9]
    assert pl.concat(source.fetch(keys[:3]))["_id"].to_list() == keys[:3]


def test_object_ids_are_a_cursor(make: Make) -> None:
    # ObjectIds of one process rise, and begin with the second they were made in.
    source = make(cursor="_id")
    read = pl.concat(source.batches()).sort("_id")
    first, middle, last = read["_id"][0], read["_id"][COUNT // 2], read["_id"][-1]
    later = Window(low=middle, nulls=False)
    assert sorted(_names(source, 50, later)) == sorted(read["name"][COUNT // 2 :])
    assert source.count(later) == COUNT - COUNT // 2
    made = read_object_id_time(first)
    assert source.count(Window(low=made, nulls=False)) == COUNT
    assert source.count(Window(low=str(made), nulls=False)) == COUNT
    assert source.count(Window(low=read_object_id_time(last) + dt.timedelta(seconds=1))) == 0
    # A bound that is closed above, or open below, takes its whole second.
    ended = read_object_id_time(last)
    assert source.count(Window(high=ended, high_closed=True, nulls=False)) == COUNT
    assert source.count(Window(low=ended, low_closed=False, nulls=False)) == 0
    with pytest.raises(SourceError, match="cannot be compared with column '_id'"):
        source.count(Window(low="yesterday"))


def test_several_fields_are_no_key_to_compare_by(make: Make, tmp_path: Path) -> None:
    make()
    path = tmp_path / "source.toml"
    path.write_text(path.read_text().replace('["name"]', '["name", "date"]'), encoding="utf-8")
    with pytest.raises(SourceError, match="cannot be compared") as caught:
        reconcilable(open_source(path, Order(None))).keys(None, None)
    assert "--full" in str(caught.value)
