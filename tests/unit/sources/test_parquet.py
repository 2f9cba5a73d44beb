"""Parquet files as a source: every row once, in windows, in batches of flat memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from epnkit.errors import ConfigurationError, SourceError, TransientSourceError
from epnkit.sources import open_source
from epnkit.sources.base import ALL, UNORDERED, UNREADABLE, Order, Source, Window
from epnkit.sources.files.tables import read_parquet
from epnkit.sources.parquet.source import ParquetSettings, ParquetSource

START = dt.datetime(2020, 1, 1)

COUNT = 1000

BY_TIME = Order("updated", ("id",))

Make = Callable[..., Source]


def make_rows(first: int, count: int) -> pl.DataFrame:
    numbers = range(first, first + count)
    times = [None if n % 10 == 0 else START + dt.timedelta(hours=n) for n in numbers]
    return pl.DataFrame(
        {
            "id": pl.Series(numbers, dtype=pl.Int32),
            "updated": pl.Series(times, dtype=pl.Datetime("ns")),
            "zoned": pl.Series(times, dtype=pl.Datetime("ms")).dt.replace_time_zone("UTC"),
            "target": pl.Series([f"t{n}" for n in numbers], dtype=pl.Categorical),
            "freqs": [[n, n + 1] for n in numbers],
            "image": [{"size": n} for n in numbers],
        }
    )


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    directory = tmp_path / "data"
    (directory / "late").mkdir(parents=True)
    make_rows(0, 600).write_parquet(directory / "a.parquet", row_group_size=100)
    late = make_rows(600, 400).with_columns(quality=pl.lit(1, pl.Int8)).drop("image")
    late.write_parquet(directory / "late" / "b.parquet", row_group_size=100)
    return directory


@pytest.fixture
def make(directory: Path, tmp_path: Path) -> Make:
    def source(order: Order = BY_TIME, more: str = "") -> Source:
        path = tmp_path / "source.toml"
        path.write_text(f'kind = "parquet"\ndirectory = "data"\nattempts = 2\n{more}')
        return open_source(path, order)

    return source


def read(source: Source, window: Window = ALL, size: int = 70) -> pl.DataFrame:
    return pl.concat(source.batches(window, size))


def test_fields_are_those_of_all_files_in_the_types_of_sources(make: Make) -> None:
    assert (
        make().schema()
        == {
            "id": "Int64",
            "updated": str(pl.Datetime("us")),
            "zoned": str(pl.Datetime("us")),
            "target": "String",
            "freqs": str(pl.List(pl.Int64)),
            "image": "String",
            "quality": "Int64",
        }
        | {}
    )


def test_every_row_comes_once_in_small_batches_of_one_type(make: Make) -> None:
    batches = list(make().batches(size=70))
    assert max(map(len, batches)) <= 70
    assert len({tuple(batch.schema.items()) for batch in batches}) == 1
    found = pl.concat(batches)
    assert found["id"].to_list() == list(range(COUNT))
    assert found["updated"].to_list() == found["zoned"].to_list()
    assert found["image"][7] == '{"size":7}'
    assert found["quality"].null_count() == 600


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (Window(START + dt.timedelta(hours=595), START + dt.timedelta(hours=603), nulls=False), 7),
        (Window("2020-01-01T05:00:00", "2020-01-01T05:00:00", high_closed=True, nulls=False), 1),
        (Window(low=START + dt.timedelta(hours=995)), 5 + 100),
        (Window(), COUNT),
    ],
)
def test_a_window_holds_what_it_says(make: Make, window: Window, expected: int) -> None:
    source = make()
    assert source.count(window) == read(source, window).height == expected


def test_a_window_needs_a_cursor(make: Make) -> None:
    with pytest.raises(SourceError, match="needs a cursor"):
        make(UNORDERED).count(Window(low="2020"))


def test_a_declared_type_wins(make: Make) -> None:
    assert make(more='[types]\nid = "text"').schema()["id"] == "String"


@pytest.mark.parametrize("number", [0, 3, 9])
def test_reading_continues_after_a_failure(
    make: Make, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """What holds the files goes away in the middle of one, and comes back."""
    read_batches = pl.LazyFrame.collect_batches
    broken: list[int] = []

    def break_once(frame: pl.LazyFrame, **options: Any) -> Iterator[pl.DataFrame]:
        for count, batch in enumerate(read_batches(frame, **options)):
            if count == number and not broken:
                broken.append(count)
                raise OSError("Stale file handle")
            yield batch

    monkeypatch.setattr(pl.LazyFrame, "collect_batches", break_once)
    assert read(make(), size=50)["id"].to_list() == list(range(COUNT))
    assert broken == [number]


def test_what_cannot_be_read_is_an_error_with_a_cure(make: Make, directory: Path) -> None:
    (directory / "a.parquet").write_bytes(b"PAR1" + b"\0" * 100)
    with pytest.raises(
        SourceError, match=r"a\.parquet: .*See that it is there and whole"
    ) as caught:
        read(make())
    assert not isinstance(caught.value, TransientSourceError)


def test_a_directory_without_files_is_an_error(make: Make) -> None:
    with pytest.raises(SourceError, match=r"no Parquet files.*Correct `directory`"):
        make(more='glob = "*.pq"').schema()


def test_an_unknown_key_is_refused(make: Make) -> None:
    with pytest.raises(ConfigurationError, match=r"'globs' is wrong.*Did you mean 'glob'"):
        make(more='globs = "*.pq"')


def test_times_that_python_does_not_have_are_null_and_named(tmp_path: Path) -> None:
    pl.DataFrame(
        {
            "id": [1, 2, 3],
            "t": pl.Series([2**61, 0, None]).cast(pl.Datetime("us")),
            "d": pl.Series([0, -(10**6), None], dtype=pl.Int32).cast(pl.Date),
            "s": [{"a": 1}, {"a": None}, None],
            "long": [dt.timedelta(days=1), None, None],
        }
    ).write_parquet(tmp_path / "a.parquet")
    source = ParquetSource(ParquetSettings(tmp_path, order=Order(None, ("id",))))
    found = pl.concat(source.batches())
    assert found["t"].to_list() == [None, dt.datetime(1970, 1, 1), None]
    assert found["d"].to_list() == [dt.date(1970, 1, 1), None, None]
    assert found["s"].to_list() == ['{"a":1}', '{"a":null}', None]
    assert found["long"].to_list() == ["P1D", None, None]
    named = [str(text).partition(" ")[0] for text in found[UNREADABLE]]
    assert named == ["t:", "d:", "None"]
    rows = list(read_parquet(tmp_path / "a.parquet"))
    assert [row["t"] for row in rows] == [None, dt.datetime(1970, 1, 1), None]
    assert [str(row.get(UNREADABLE)).partition(" ")[0] for row in rows] == ["t:", "d:", "None"]
