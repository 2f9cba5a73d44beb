"""Answers as one table: what services differ in, and the files that it is written to."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from astropy.table import MaskedColumn, Table

from epnkit.client.adql import TableQuery
from epnkit.client.ask import TableAnswer
from epnkit.client.links import FoundLink, fetch_links, to_table
from epnkit.client.output import write_table
from epnkit.client.results import merge_answers
from epnkit.client.targets import EpnTable
from epnkit.errors import ConfigurationError


def answer(url: str, table: str, **columns: Any) -> TableAnswer:
    return TableAnswer(EpnTable(url, table), TableQuery("", ()), Table(columns))


ONE = answer(
    "http://a/tap",
    "x.epn_core",
    granule_uid=["b", "a", "b"],
    time_min=[2.0, 1.0, 2.0],
    extra=[1, 2, 1],
)
TWO = answer("http://b/tap", "y.epn_core", granule_uid=["b"], time_min=[1.5], extra=["two"])


def test_answers_are_one_table_sorted_and_each_row_once() -> None:
    merged = merge_answers([ONE, TWO])
    rows = list(zip(merged["service"], merged["granule_uid"], strict=True))
    assert rows == [("x", "a"), ("y", "b"), ("x", "b")]
    assert list(merged["extra"]) == ["2", "two", "1"]
    assert set(merged["tap_url"]) == {"http://a/tap", "http://b/tap"}


def test_tables_of_one_name_are_told_apart_by_their_host() -> None:
    other = answer("http://b/tap", "x.epn_core", granule_uid=["b"], time_min=[9.0])
    assert set(merge_answers([ONE, other])["service"]) == {"x@a", "x@b"}


def test_what_a_table_lacks_is_masked_and_comes_last() -> None:
    none = answer("http://c/tap", "z.epn_core", granule_uid=["c"])
    merged = merge_answers([none, TWO])
    assert list(merged["granule_uid"]) == ["b", "c"]
    assert merged["time_min"][1] is np.ma.masked


def test_a_column_keeps_its_unit_and_ucd_and_no_limits_of_one_service() -> None:
    meta = {"ucd": "time.start;obs", "values": {"min": {"value": 1.0}, "max": {"value": 2.0}}}
    times = MaskedColumn([1.5], unit="d", description="The begin", meta=meta)
    rows = answer("http://a/tap", "x.epn_core", granule_uid=["a"], time_min=times)
    merged = merge_answers([rows, TWO])["time_min"]
    assert (merged.unit, merged.description) == ("d", "The begin")
    assert merged.meta == {"ucd": "time.start;obs"}


def test_nothing_found_is_an_empty_table() -> None:
    assert len(merge_answers([])) == 0


@pytest.mark.parametrize("ending", [".vot", ".csv", ".ecsv", ".parquet"])
def test_a_table_is_written_in_every_form(tmp_path: Path, ending: str) -> None:
    merged = merge_answers([ONE, TWO])
    path = tmp_path / f"found{ending}"
    write_table(merged, path)
    if ending == ".parquet":
        read = pl.read_parquet(path)["granule_uid"].to_list()
    else:
        form = {".vot": "votable", ".csv": "ascii.csv", ".ecsv": "ascii.ecsv"}[ending]
        read = list(Table.read(path, format=form)["granule_uid"])
    assert [str(each) for each in read] == ["a", "b", "b"]
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("name", ["found.txt", "found", "no such directory/found.csv"])
def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        write_table(merge_answers([ONE]), tmp_path / name)
    assert caught.value.cure


def test_a_row_without_datalink_has_the_links_of_its_columns() -> None:
    rows = answer(
        "http://a/tap",
        "x.epn_core",
        granule_uid=["a"],
        access_url=["http://a/1.fits"],
        access_format=["image/fits"],
        thumbnail_url=["javascript:alert(1)"],
    )
    links = list(fetch_links(merge_answers([rows])))
    assert [(link.semantics, link.url) for link in links] == [("#this", "http://a/1.fits")]
    assert list(to_table(links)["url"]) == ["http://a/1.fits"]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://a/b/c.fits?x=1", "c.fits"),
        ("http://a/..%2f..%2fetc%2fpasswd", "passwd"),
        ("http://a/.bashrc", "bashrc"),
        ("http://a/%00%1b[31m", "31m"),
        ("http://a/", "this"),
    ],
)
def test_names_of_files_are_harmless(url: str, name: str) -> None:
    assert FoundLink("s", "g", "#this", url).name.lstrip("_") == name


def test_the_function_is_offered_whatever_was_imported_before() -> None:
    importlib.import_module("epnkit.client.searches")
    package = importlib.import_module("epnkit.client")
    assert callable(package.search)
    assert callable(package.send_table)


def test_rows_without_an_identifier_all_stay() -> None:
    uids = MaskedColumn(["a", "x", "x"], mask=[False, True, True])
    found = merge_answers([answer("http://a/tap", "x.epn_core", granule_uid=uids)])
    assert len(found) == 3


def test_lists_and_bytes_are_texts_and_what_is_masked_stays_masked() -> None:
    given = [np.array([1.0, 2.5]), b"two", "three", None, "five"]
    values = MaskedColumn(np.array(given, dtype=object), mask=[value is None for value in given])
    found = merge_answers(
        [answer("http://a/tap", "x.epn_core", granule_uid=list("abcde"), v=values)]
    )
    assert found["v"].tolist() == ["1.0 2.5", "two", "three", None, "five"]
