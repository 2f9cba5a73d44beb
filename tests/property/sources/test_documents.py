"""Random documents in MongoDB and Elasticsearch: what was put in comes out, or is named."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bson
import polars as pl
import pymongo
import pytest
import requests
from bson import Decimal128, Int64, ObjectId, Regex, Timestamp
from bson.datetime_ms import DatetimeMS
from scripts.servers.processes import Server

from epnkit.sources import open_source
from epnkit.sources.base import UNREADABLE, Order
from epnkit.sources.config.credentials import Secret
from epnkit.sources.search.settings import SearchSettings
from epnkit.sources.search.source import SearchSource
from epnkit.sources.values.documents import flatten

if TYPE_CHECKING:
    from tests.support.servers import Keep

pytest_plugins = ["tests.support.servers"]

DOCUMENTS = 400

_TEXTS = ["", "a", "é\u4e2d\U0001f300", "a;b: c|d", "$x.y", "NaN", "2001-01-01", "\t\n", "\u202e"]


def plain(rng: random.Random) -> Any:
    """Make a value that JSON has."""
    return rng.choice(
        [
            None,
            rng.choice(_TEXTS),
            rng.randint(-(2**31), 2**31),
            rng.randint(-(2**63), 2**63 - 1),
            rng.uniform(-1e9, 1e9),
            1e300,
            True,
            False,
            [rng.randint(0, 9) for _ in range(rng.randrange(4))],
            [rng.choice(_TEXTS) for _ in range(rng.randrange(3))],
            {"a": rng.randint(0, 9), "b": {"c": rng.choice(_TEXTS)}},
            {},
            [],
        ]
    )


def of_bson(rng: random.Random) -> Any:
    """Make a value that only BSON has."""
    return rng.choice(
        [
            dt.datetime(2001, 2, 3, 4, 5, 6, 789000),
            dt.datetime(1, 1, 1),
            dt.datetime(9999, 12, 31, 23, 59, 59, 999000),
            DatetimeMS(10**15),
            DatetimeMS(-(10**15)),
            Decimal128("0.937"),
            Decimal128("NaN"),
            Decimal128("-Infinity"),
            float("nan"),
            float("inf"),
            Int64(2**40),
            ObjectId(rng.randbytes(12)),
            rng.randbytes(5),
            Regex("^a.*", "i"),
            Timestamp(1_500_000_000, 3),
            bson.MinKey(),
            bson.Code("x = 1"),
        ]
    )


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.all) for seed in range(2, 40))]
)
def test_a_collection_is_read_alike_by_driver_and_by_restheart(
    mongo: Server, restheart: Server, keep: Keep, tmp_path: Path, seed: int
) -> None:
    rng = random.Random(seed)
    # Fields of one kind, and of any.
    kinds: list[Callable[[], Any]] = [
        lambda: rng.randint(-9, 2**40),
        lambda: rng.random(),
        lambda: rng.choice(_TEXTS),
        lambda: rng.choice([dt.datetime(2001, 2, 3, 4, 5, 6, 789000), DatetimeMS(10**15)]),
        lambda: rng.choice([[1.5, 2.5], [], [rng.random()]]),
        lambda: rng.randbytes(3),
        lambda: plain(rng),
        lambda: of_bson(rng),
        lambda: rng.choice([plain, of_bson])(rng),
    ]
    documents = [
        {"_id": n, **{f"f{k}": make() for k, make in enumerate(kinds) if rng.random() < 0.8}}
        for n in range(DOCUMENTS)
    ]
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(mongo.url)
    client.drop_database("fuzz")
    client["fuzz"]["all"].insert_many(documents)
    client.close()
    frames = []
    for kind, server in (("mongodb", mongo), ("restheart", restheart)):
        keep("fuzz", f"{'mongodb' if kind == 'mongodb' else 'http'}://127.0.0.1:{server.port}")
        path = tmp_path / "source.toml"
        path.write_text(
            f'kind = "{kind}"\nconnection = "fuzz"\ndatabase = "fuzz"\ncollection = "all"\n'
        )
        read = open_source(path, Order(None)).batches(size=150)
        frames.append(pl.concat(read, how="diagonal").sort("_id"))
    one, other = (
        frame.select(sorted(frame.columns)).with_columns(pl.selectors.float().fill_nan(None))
        for frame in frames
    )
    assert one.schema == other.schema
    for name in one.columns:
        differing = [
            (documents[n].get(name), a, b)
            for n, (a, b) in enumerate(zip(one[name], other[name], strict=True))
            if repr(a) != repr(b)
        ]
        assert not differing, (name, differing[:3])
    assert one["f0"].to_list() == [d.get("f0") for d in documents]
    assert one["f2"].to_list() == [d.get("f2") for d in documents]
    far = [isinstance(d.get("f3"), DatetimeMS) for d in documents]
    if one["f3"].dtype == pl.Datetime:
        named = ["; f3: " in f"; {text}" for text in one[UNREADABLE]]
        assert named == far
    print(f"{DOCUMENTS * len(kinds) * 2} values")


_FIELDS: dict[str, tuple[str, Callable[[random.Random], Any]]] = {
    "n": ("long", lambda rng: rng.choice([2**63 - 1, -5, 0, [1, 2]])),
    "i": ("integer", lambda rng: rng.randint(-(2**31), 2**31 - 1)),
    "x": ("double", lambda rng: rng.choice([0.1, 1e300, -5, rng.random()])),
    "k": ("keyword", lambda rng: rng.choice(_TEXTS)),
    "t": ("text", lambda rng: rng.choice(_TEXTS)),
    "b": ("boolean", lambda rng: rng.choice([True, False, "true"])),
    "d": ("date", lambda rng: rng.choice(["2001-02-03T04:05:06.789Z", "2001-02-03", 10**12])),
    "l": ("keyword", lambda rng: [rng.choice(_TEXTS) for _ in range(rng.randrange(4))]),
    "o.p": ("float", lambda rng: rng.choice([1.5, [1.5, 2.5], None])),
    "loose": ("integer", lambda rng: rng.choice([5, "7", 2.0, " 8", "x", 1.9])),
}


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.all) for seed in range(2, 40))]
)
def test_what_was_put_into_an_index_comes_out(search_server: Server, seed: int) -> None:
    rng = random.Random(seed)
    url = f"{search_server.url}/fuzz{seed}"
    requests.delete(url, timeout=30)
    kinds: dict[str, Any] = {name: {"type": kind} for name, (kind, _) in _FIELDS.items()}
    kinds["loose"]["ignore_malformed"] = True
    documents = [
        {"id": n, **{name: make(rng) for name, (_, make) in _FIELDS.items() if rng.random() < 0.8}}
        for n in range(DOCUMENTS)
    ]
    made = requests.put(url, json={"mappings": {"properties": kinds}}, timeout=30)
    assert made.ok, made.text
    lines = "".join(f'{{"index":{{}}}}\n{json.dumps(each)}\n' for each in documents)
    sent = requests.post(
        f"{url}/_bulk?refresh=true",
        lines.encode(),
        headers={"Content-Type": "application/x-ndjson"},
        timeout=60,
    )
    assert not sent.json()["errors"], sent.text[:500]
    settings = SearchSettings(f"fuzz{seed}", {"match_all": {}}, order=Order(None, ("id",)))
    source = SearchSource(Secret("fuzz", search_server.url), settings)
    frame = pl.concat(source.batches(size=150), how="diagonal").sort("id")
    problems = frame[UNREADABLE] if UNREADABLE in frame.columns else [None] * len(frame)
    for row, document, problem in zip(frame.rows(named=True), documents, problems, strict=True):
        for name, value in flatten(document).items():
            found = row[name]
            if f"; {name}: " in f"; {problem}":
                assert found is None
                continue
            wanted = value
            if isinstance(found, list) and not isinstance(value, list):
                found = found[0] if found else None
            if isinstance(found, str) and not isinstance(value, str):
                wanted = json.dumps(value) if not isinstance(value, list) else value
            if isinstance(value, str) and isinstance(found, bool | int | float):
                wanted = json.loads(value)
            assert found == wanted, (name, value, found)
    print(f"{DOCUMENTS * len(_FIELDS)} values")
