"""Several sources as one."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from epnkit.errors import ConfigurationError, SourceError
from epnkit.sources import open_source
from epnkit.sources.base import Order, Window


def write_part(folder: Path, name: str, frame: pl.DataFrame, more: str = "") -> None:
    """Write a Parquet file and the source file that names it."""
    (folder / name).mkdir()
    frame.write_parquet(folder / name / "part.parquet")
    (folder / f"{name}.toml").write_text(f'kind = "parquet"\ndirectory = "{name}"\n{more}\n')


def write_union(folder: Path, text: str = 'sources = ["aia.toml", "hmi.toml"]') -> Path:
    path = folder / "source.toml"
    path.write_text(f'kind = "union"\n{text}\n')
    return path


AIA = pl.DataFrame({"recnum": [1, 2, 3], "wave": [171, 193, 211]})

HMI = pl.DataFrame({"harpnum": [7, 8], "recnum": [2, 4], "wave": [6173, 6173]})


def test_records_of_all_sources_come_once_each(tmp_path: Path) -> None:
    write_part(tmp_path, "aia", AIA)
    write_part(tmp_path, "hmi", HMI)
    source = open_source(write_union(tmp_path), Order("recnum", ("wave", "recnum")))
    assert source.schema() == {"recnum": "Int64", "wave": "Int64"}
    assert source.count() == 5
    read = pl.concat(source.batches(size=2))
    assert read.rows() == [(1, 171), (2, 193), (3, 211), (2, 6173), (4, 6173)]
    window = Window(2, 4, nulls=False)
    assert source.count(window) == 3
    assert pl.concat(source.batches(window)).rows() == [(2, 193), (3, 211), (2, 6173)]
    assert source.label.count(" and ") == 1


def test_a_field_that_one_lacks_is_declared_there(tmp_path: Path) -> None:
    write_part(tmp_path, "aia", AIA, 'types = {harpnum = "integer"}')
    write_part(tmp_path, "hmi", HMI)
    read = pl.concat(open_source(write_union(tmp_path)).batches())
    assert read["harpnum"].to_list() == [None, None, None, 7, 8]


def test_a_field_of_different_types_is_reported(tmp_path: Path) -> None:
    write_part(tmp_path, "aia", AIA)
    write_part(tmp_path, "hmi", HMI.with_columns(pl.col("wave").cast(pl.String)))
    source = open_source(write_union(tmp_path))
    with pytest.raises(SourceError, match=r"'wave' is of different types.*Declare one"):
        source.schema()


def test_a_union_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="'sources' is missing"):
        open_source(write_union(tmp_path, "sources = []"))
