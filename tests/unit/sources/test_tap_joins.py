"""Joins of a TAP service's tables, on the replica of one: declared types, versions, attachments."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from astropy.io import fits

from epnkit.errors import ConfigurationError, SourceError
from epnkit.replicas.tap import MOST, PATH, TapTable, make_server
from epnkit.sources import open_source
from epnkit.sources.base import ALL, UNREADABLE, Order, Source, Window

ITEMS = {"oid": "integer", "item": "text", "begin_time": "timestamp", "filename": "text"}
AXES = {"oid": "integer", "axis": "integer", "wavemin": "double"}

#: As of a service: a later version of an item counts, and one of the axes of its file.
JOIN = """table = '''(
SELECT d.item, d.begin_time, d.filename, f.wavemin
FROM soar.items AS d LEFT OUTER JOIN axes AS f ON d.oid = f.oid
WHERE (f.axis = '1' OR f.axis IS NULL) AND NOT EXISTS (
  SELECT 1 FROM items AS later WHERE later.item = d.item AND later.filename > d.filename)
) AS joined'''
types = {begin_time = "datetime"}
"""

BY_TIME = Order("begin_time", ("item",))


def make_tables(*items: tuple[str, str | None, str]) -> list[TapTable]:
    rows = [(oid, *item) for oid, item in enumerate(items)]
    axes = [(oid, axis, 70.5) for oid, *_ in rows for axis in (1, 2, 3, 4)]
    return [TapTable("items", ITEMS, rows), TapTable("axes", AXES, axes)]


def name_items(count: int) -> list[tuple[str, str | None, str]]:
    times = [datetime(2022, 3, 5) + timedelta(hours=number) for number in range(count)]
    return [
        (f"item{number:04d}", f"{time.isoformat(' ')}.000", f"item{number:04d}_V01.fits")
        for number, time in enumerate(times)
    ]


@contextmanager
def serve(tables: list[TapTable]) -> Iterator[str]:
    server = make_server(tables)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}{PATH}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def open_join(folder: Path, url: str, more: str = "", page: int = 150) -> Source:
    path = folder / "source.toml"
    text = f'kind = "tap"\nurl = "{url}"\npage = {page}\n{JOIN}{more}'
    path.write_text(text, encoding="utf-8")
    return open_source(path, BY_TIME)


def read(source: Source, window: Window = ALL) -> pl.DataFrame:
    return pl.concat(list(source.batches(window)), how="diagonal")


def test_a_join_has_each_item_once_though_answers_are_cut_without_a_word(tmp_path: Path) -> None:
    items = name_items(MOST + 120)
    with serve(make_tables(*items)) as url:
        pages = read(open_join(tmp_path, url))
        source = open_join(tmp_path, url, page=20_000)
        found = read(source)
        assert source.count() == len(items)
    assert found["item"].to_list() == [name for name, *_ in items]
    assert pages.equals(found)


def test_a_later_version_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    first, second = name_items(2)
    with serve(make_tables(first, second)) as url:
        assert read(open_join(tmp_path, url))["filename"].to_list() == [first[2], second[2]]
    later = (first[0], first[1], first[2].replace("V01", "V02"))
    with serve(make_tables(first, second, later)) as url:
        assert read(open_join(tmp_path, url))["filename"].to_list() == [later[2], second[2]]


def test_windows_of_time_are_as_long_as_they_say(tmp_path: Path) -> None:
    with serve(make_tables(*name_items(48))) as url:
        source = open_join(tmp_path, url)
        noon = datetime(2022, 3, 5, 12)
        day = Window(noon, noon + timedelta(days=1), nulls=False)
        found = read(source, day)["begin_time"]
        assert source.count(day) == len(found) == 24
    assert (found.min(), found.max()) == (noon, noon + timedelta(hours=23))


def test_a_time_that_is_none_is_named_and_pages_go_on_after_it(tmp_path: Path) -> None:
    first, *others = name_items(4)
    items = [(first[0], "MISSING", first[2]), ("none", None, "none_V01.fits"), *others]
    with serve(make_tables(*items)) as url:
        found = read(open_join(tmp_path, url, page=2))
    assert len(found) == 5
    wrong = found.filter(pl.col(UNREADABLE).is_not_null())
    assert wrong["item"].to_list() == [first[0]]
    assert wrong[UNREADABLE][0].startswith("begin_time: MISSING is not of type Datetime")
    assert found.filter(pl.col("begin_time").is_null())["item"].to_list() == [first[0], "none"]


def write_spectra(path: Path, *units: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True)
    made = [fits.PrimaryHDU()]
    for cards in units:
        made.append(fits.ImageHDU())
        made[-1].header.update(cards)
    fits.HDUList(made).writeto(path)


ATTACHED = """
[attachments.fits]
directory = "files"
address = "https://archive.example/"
path = "{year}/{filename}"
format = "windows"
parts = {begin_time = '^(?P<year>\\d{4})'}

[attachments.look]
directory = "files"
path = "{year}/{filename|stem}.png"
format = "name"
parts = {begin_time = '^(?P<year>\\d{4})'}
"""


def test_files_say_what_their_windows_are(tmp_path: Path) -> None:
    first, cut, absent = name_items(3)
    folder = tmp_path / "files" / "2022"
    write_spectra(
        folder / first[2],
        {"EXTNAME": "Ne VIII", "WAVEUNIT": -9, "WAVEMIN": 76.9, "WAVEMAX": 77.1, "HGLN_OBS": -3.4},
        {"EXTNAME": "C III", "WAVEUNIT": -10, "WAVEMIN": 976.0, "WAVEMAX": 978.0},
        {"EXTNAME": "no window"},
    )
    (folder / cut[2]).write_bytes((folder / first[2]).read_bytes()[:200])
    (folder / first[2].replace(".fits", ".png")).write_bytes(b"a picture")
    with serve(make_tables(first, cut, absent)) as url:
        found = read(open_join(tmp_path, url, ATTACHED)).to_dicts()
    assert found[0]["fits.names"] == ["Ne VIII", "C III"]
    assert found[0]["fits.shortest"] == pytest.approx([76.9, 97.6])
    assert found[0]["fits.longest"] == pytest.approx([77.1, 97.8])
    assert '"HGLN_OBS": -3.4' in found[0]["fits.header"]
    assert found[0]["fits.url"] == "https://archive.example/2022/item0000_V01.fits"
    assert found[0]["look.path"] == "2022/item0000_V01.png"
    assert "it ends within a header" in found[1]["fits.problem"]
    assert found[1]["look.path"] is None
    assert [found[2][name] for name in ("fits.names", "fits.url", "fits.problem")] == [None] * 3
    # Where there is no address there are no addresses.
    assert "look.url" not in found[0]


def test_a_pattern_that_is_none_is_reported(tmp_path: Path) -> None:
    wrong = ATTACHED.replace("{4})'}", "{4}'}")
    with pytest.raises(ConfigurationError, match="parts"):
        open_join(tmp_path, "http://127.0.0.1:1/tap", wrong)


def test_a_query_that_the_service_refuses_is_one_clear_error(tmp_path: Path) -> None:
    with serve(make_tables(*name_items(1))) as url:
        source = open_join(tmp_path, url, 'where = "nonesuch = 1"\n')
        with pytest.raises(SourceError, match=r"refuses the query.*nonesuch"):
            source.schema()
