"""SiTools2: a server that refuses large queries, as MEDOC's, is read in parts by time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from epnkit.errors import SourceError
from epnkit.replicas.sitools import SitoolsColumn, SitoolsDataset, make_server
from epnkit.sources import open_source
from epnkit.sources.base import ALL, Order, Source, Window

COLUMNS = (SitoolsColumn("recnum", "int8", key=True), SitoolsColumn("date__obs", "timestamp"))

SDO = """
kind = "records"
url = "{url}"
path = "/webs_IAS_SDO_AIA_dataset/records"
parameters = {{media = "json", colModel = '"recnum, date__obs"'}}
window = ["p[0]", "DATE_BETWEEN|date__obs|{{low}}|{{high}}"]
page = 300
attempts = 1
{more}
"""

TYPED = 'most = 500\ntypes = {date__obs = "datetime"}'


def list_records(count: int) -> list[dict[str, Any]]:
    """Give records a second apart, every other one on a full second."""
    first = datetime(2014, 5, 1)
    times = (first + timedelta(milliseconds=1500 * number) for number in range(count))
    return [
        {"recnum": number, "date__obs": time.isoformat(timespec="milliseconds")}
        for number, time in enumerate(times)
    ]


Make = Callable[..., Source]


@contextmanager
def serving(records: list[dict[str, Any]], directory: Path) -> Iterator[Make]:
    """Serve a data set of which a query selects 499 records at most."""
    dataset = SitoolsDataset("webs_IAS_SDO_AIA_dataset", COLUMNS, records, most=500)
    with make_server([dataset]) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

        def make(more: str = TYPED) -> Source:
            path = directory / "source.toml"
            url = f"http://127.0.0.1:{server.server_address[1]}"
            path.write_text(SDO.format(url=url, more=more))
            return open_source(path, Order("date__obs", ("recnum",)))

        yield make
        server.shutdown()


def read(source: Source, window: Window = ALL) -> list[int]:
    return [number for batch in source.batches(window) for number in batch["recnum"]]


def test_more_than_a_query_may_select_is_read_once_each(tmp_path: Path) -> None:
    with serving(list_records(3000), tmp_path) as make:
        source = make()
        assert source.count() == 3000
        assert read(source) == list(range(3000))
        later = Window(low="2014-05-01T00:30:00", nulls=False)
        assert read(source, later) == list(range(1200, 3000))
        between = Window(low=datetime(2014, 5, 1, 0, 10), high=datetime(2014, 5, 1, 1), nulls=False)
        # The end is not in it, though SiTools2's BETWEEN has both ends.
        assert read(source, between) == list(range(400, 2400))
        assert source.count(between) == 2000


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("most = 500", "the service allows fewer than 500"),
        ('types = {date__obs = "datetime"}', "the answer has no total"),
    ],
)
def test_what_cannot_be_split_is_refused_with_its_cure(tmp_path: Path, more: str, why: str) -> None:
    with serving(list_records(3000), tmp_path) as make, pytest.raises(SourceError, match=why):
        read(make(more))


def test_records_without_a_time_are_not_left_out_in_silence(tmp_path: Path) -> None:
    records = list_records(3000)
    records[7]["date__obs"] = None
    with serving(records, tmp_path) as make:
        with pytest.raises(SourceError, match="1 of 3000 records have no date__obs"):
            read(make())
        timed = Window(low="2014-05-01", nulls=False)
        assert read(make(), timed) == [number for number in range(3000) if number != 7]


def test_too_many_records_of_one_time_are_named(tmp_path: Path) -> None:
    records = [{**each, "date__obs": "2014-05-01T00:00:00.000"} for each in list_records(600)]
    with (
        serving(records, tmp_path) as make,
        pytest.raises(SourceError, match="600 records cannot be parted by time"),
    ):
        read(make())
