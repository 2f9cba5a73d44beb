"""ASDF files of data sets: outlines and files of good ones, and what damaged ones may not do."""

from __future__ import annotations

import gzip
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import asdf
import numpy as np
import pytest

from epnkit.replicas.datasets import Mosaic, Tile, write_bare, write_dataset
from epnkit.sources.asdf.blocks import read_arrays
from epnkit.sources.asdf.datasets import read_dataset

INVENTORY = {"startTime": "2024-03-01T17:00:00", "endTime": "2024-03-01T17:20:00"}


def name_files(*grid: int) -> Any:
    return np.array([f"f{k}.fits" for k in range(int(np.prod(grid)))]).reshape(grid)


def write(directory: Path, what: Tile | Mosaic) -> Path:
    path = directory / "one.asdf"
    path.write_bytes(write_dataset(INVENTORY, what))
    return path


def outline_of(found: dict[str, Any]) -> Any:
    return np.array(found["outline"]).reshape(-1, 2)


@pytest.mark.parametrize(
    ("grid", "frame"), [((4, 7), (11, 13)), ((4, 3, 7), (11, 13)), ((5,), (9, 8))]
)
@pytest.mark.parametrize("corner", [(-400.0, 160.0), (-20.0, -30.0)])
def test_the_outline_is_the_box_that_the_frames_fill(
    tmp_path: Path, grid: tuple[int, ...], frame: tuple[int, int], corner: tuple[float, float]
) -> None:
    (found,) = read_dataset(write(tmp_path, Tile(name_files(*grid), frame, corner, (40.0, 70.0))))
    outline = outline_of(found)
    # A plane is no sphere: over 70" they differ by less than a thousandth of an arcsecond.
    np.testing.assert_allclose(outline.min(axis=0), corner, atol=2e-3)
    np.testing.assert_allclose(outline.max(axis=0), np.add(corner, (40.0, 70.0)), atol=2e-3)
    assert list(found["shape"]) == [*grid, *frame]
    assert found["begin"] == "2024-03-01T17:00:00"
    (part,) = json.loads(found["files"])
    assert (part["grid"], part["frame"], part["hdu"]) == ([*grid], [*frame], 1)
    assert part["names"] == name_files(*grid).ravel().tolist()


def test_a_mosaic_is_the_outer_edge_of_its_tiles(tmp_path: Path) -> None:
    tiles = {
        (row, column): Tile(name_files(2), (8, 8), (100.0 * column, 100.0 * row), (110.0, 110.0))
        for row, column in ((0, 0), (0, 1), (1, 0))
    }
    (found,) = read_dataset(write(tmp_path, Mosaic(tiles)))
    outline = outline_of(found)
    # An L has six corners; its seventh, the missing tile's, is no part of it.
    assert len(outline) == 6
    assert not (outline > 111).all(axis=1).any()
    assert [part["tile"] for part in json.loads(found["files"])] == [[0, 0], [0, 1], [1, 0]]
    assert (found["kind"], found["file_count"]) == ("mosaic", 6)


def test_a_compressed_file_is_the_same(tmp_path: Path) -> None:
    path = write(tmp_path, Tile(name_files(4, 7), (11, 13), (0.0, 0.0), (40.0, 70.0)))
    packed = tmp_path / "one.asdf.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert list(read_dataset(packed)) == list(read_dataset(path))


# Other packages that are here offer asdf extensions which need more.
@pytest.mark.filterwarnings("ignore::asdf.exceptions.AsdfWarning")
@pytest.mark.parametrize("compression", [None, "zlib", "bzp2"])
def test_arrays_are_those_that_the_library_wrote(tmp_path: Path, compression: str | None) -> None:
    values = [np.arange(6.0).reshape(2, 3), np.array([[1.5, 2.5]]), np.arange(4, dtype=">f4")]
    path = tmp_path / "arrays.asdf"
    asdf.AsdfFile({f"a{k}": each for k, each in enumerate(values)}).write_to(
        path, all_array_compression=compression
    )
    from epnkit.sources.files.asdf import load_tree

    with path.open("rb") as stream:
        tree, end = load_tree(stream)
    found = read_arrays(path, end, [tree["a2"], tree["a0"], 7, [1, 2]])
    expected: list[Any] = [values[2], values[0], 7.0, [1.0, 2.0]]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_does_not_say_where_it_lies_lists_its_files(tmp_path: Path) -> None:
    path = tmp_path / "one.asdf"
    path.write_bytes(write_bare(["a.fits", "b.fits"]))
    (found,) = read_dataset(path)
    assert found["file_count"] == 2
    assert found["problem"] == "its coordinates are not helioprojective"
    assert "outline" not in found


def test_a_file_without_its_blocks_lists_its_files(tmp_path: Path) -> None:
    path = write(tmp_path, Tile(name_files(4, 7), (11, 13), (0.0, 0.0), (40.0, 70.0)))
    content = path.read_bytes()
    first = content.index(b"\xd3BLK")
    for end, why in ((first, "no blocks"), (first + 20, "within"), (first + 70, "no block")):
        path.write_bytes(content[:end])
        (found,) = read_dataset(path)
        assert found["file_count"] == 28
        assert why in found["problem"]


@pytest.mark.parametrize(
    "change",
    [
        (b"source: 0", b"source: 999999"),
        (b"source: 0", b"source: -1"),
        (b"source: 0", b"source: other.asdf"),
        (b"shape: [2]", b"shape: [9]"),
        (b"datatype: float64", b"datatype: object"),
        (b"datatype: float64", b"datatype: [ucs4, 9]"),
        (b"lon_pole: 180.0", b"lon_pole: 90.0"),
        (b"helioprojective", b"heliographic"),
    ],
)
def test_damaged_coordinates_cost_the_outline_alone(
    tmp_path: Path, change: tuple[bytes, bytes]
) -> None:
    path = write(tmp_path, Tile(name_files(4, 7), (11, 13), (0.0, 0.0), (40.0, 70.0)))
    content = path.read_bytes()
    assert change[0] in content
    path.write_bytes(content.replace(*change))
    (found,) = read_dataset(path)
    assert found["file_count"] == 28
    assert found.get("outline") is None
    assert found["problem"]


def test_a_tag_makes_no_object_of_python(tmp_path: Path) -> None:
    path, made = tmp_path / "one.asdf", tmp_path / "made"
    call = f"!!python/object/apply:os.system ['touch {made}']"
    content = write_bare(["a.fits"]).replace(b"meta: {}", f"meta: {{x: {call}}}".encode())
    path.write_bytes(content)
    (found,) = read_dataset(path)
    assert found["file_count"] == 1
    assert not made.exists()


@pytest.mark.parametrize("text", ["", "#ASDF 1.0.0\n--- {", "#ASDF 1.0.0\n---\na: 1\n...\n"])
def test_what_describes_no_data_set_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "one.asdf"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"\w"):
        list(read_dataset(path))


def test_times_are_those_of_the_axis(tmp_path: Path) -> None:
    (found,) = read_dataset(write(tmp_path, Tile(name_files(5), (9, 8), (0.0, 0.0), (40.0, 70.0))))
    assert datetime.fromisoformat(found["begin"]) == datetime(2024, 3, 1, 17)
