"""Keys and digests of files: what the source lists is what the book holds of its batches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from epnkit.errors import SourceError
from epnkit.sources.base import SOURCE_DIGEST, Order
from epnkit.sources.files.source import FilesSource

Make = Callable[..., FilesSource]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("x\n1\n2\n3\n")
    (tmp_path / "data" / "b.csv").write_text("x\n4\n5\n")

    def source(*key: str, more: str = "") -> FilesSource:
        path = tmp_path / "source.toml"
        path.write_text(f'kind = "files"\nformat = "csv"\ndirectory = "data"\n{more}\n')
        return FilesSource.from_file(path, Order(None, key))

    return source


def read_digests(source: FilesSource, *key: str) -> dict[str, int]:
    """Give keys and digests as they are booked: joined by a bar, and summed up."""
    parts = [pl.col(name).cast(pl.String) for name in key]
    read = pl.concat(source.batches(size=2)).select(
        pl.concat_str(parts, separator="|").alias("key"), SOURCE_DIGEST
    )
    return dict(read.group_by("key").agg(pl.col(SOURCE_DIGEST).sum()).iter_rows())


@pytest.mark.parametrize("key", [("path",), ("path", "line"), ("line", "path")])
@pytest.mark.parametrize("checksum", ["true", "false"])
def test_what_is_listed_is_what_is_booked(make: Make, key: tuple[str, ...], checksum: str) -> None:
    source = make(*key, more=f"checksum = {checksum}")
    listed = source.keys(None, None)
    assert dict(listed.iter_rows()) == read_digests(source, *key)
    assert len(listed) == (2 if key == ("path",) else 5)
    assert SOURCE_DIGEST not in source.schema()


def test_records_are_fetched_by_path_and_line(make: Make) -> None:
    source = make("path", "line")
    fetched = pl.concat(source.fetch(["a.csv|2", "b.csv|1", "gone.csv|1"]))
    assert fetched["x"].to_list() == ["2", "4"]
    assert source.keys("a.csv|2", "b.csv|2")["record_key"].to_list() == [
        "a.csv|2",
        "a.csv|3",
        "b.csv|1",
    ]
    bounds = ["a.csv|3", "b.csv|1"]
    listed = [
        source.keys(*ends)["record_digest"]
        for ends in zip([None, *bounds], [*bounds, None], strict=True)
    ]
    assert [len(part) for part in listed] == [2, 1, 2]
    assert source.digests(bounds).rows() == [(n, part.sum()) for n, part in enumerate(listed)]


def test_a_key_within_the_files_is_refused(make: Make) -> None:
    source = make("path", "x")
    for ask in (
        lambda: source.keys(None, None),
        lambda: source.digests([]),
        lambda: source.fetch(["a.csv|1"]),
    ):
        with pytest.raises(SourceError, match="cannot be compared with the table") as caught:
            ask()
        assert "path, x" in str(caught.value)
    assert sum(map(len, source.batches())) == 5
