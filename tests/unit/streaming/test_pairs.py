"""Files that need another one beside them, and parts of variables of CDF files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import requests
from tests.support.streams import ADDRESS, MemoryIndex, ask, make_feeds, serve, shorten

from epnkit.replicas import synthetic
from epnkit.streaming.archive import FileStore, FileUnavailableError
from epnkit.streaming.declare import Variable
from epnkit.streaming.index import Granule
from epnkit.streaming.readers.base import DamagedFileError
from epnkit.streaming.readers.cdf import CdfFile
from epnkit.streaming.readers.pairs import PairedFile, describe_granule, open_granule
from epnkit.streaming.readers.tables import Table
from epnkit.streaming.times import SECOND


def read(path: Path, other: Path) -> Table:
    """Read counts, and the second of each from the other file."""
    counts, seconds = np.loadtxt(path, ndmin=1), np.loadtxt(other, ndmin=1)
    if len(counts) != len(seconds):
        raise ValueError("they are not of one length")
    return Table((seconds * SECOND).astype(np.int64), {"count": counts})


READER = PairedFile(read, r"\.dat$", ".lbl")


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    (tmp_path / "a.dat").write_text("5\n6\n")
    (tmp_path / "a.lbl").write_text("10\n20\n")
    return FileStore({ADDRESS: tmp_path}, tmp_path / "cache")


def test_both_files_are_read(store: FileStore) -> None:
    with open_granule(READER, f"{ADDRESS}a.dat", store) as file:
        assert file.times.tolist() == [10 * SECOND, 20 * SECOND]
        assert file.read("count", 0, 2).tolist() == [5, 6]


def test_a_change_of_either_is_seen(store: FileStore, tmp_path: Path) -> None:
    seen = {describe_granule(READER, f"{ADDRESS}a.dat", store)}
    for name in ("a.dat", "a.lbl"):
        os.utime(tmp_path / name, (1, 1))
        seen.add(describe_granule(READER, f"{ADDRESS}a.dat", store))
    assert len(seen) == 3


def test_without_the_other_file_none_is_read(store: FileStore, tmp_path: Path) -> None:
    (tmp_path / "a.lbl").unlink()
    with pytest.raises(FileUnavailableError), open_granule(READER, f"{ADDRESS}a.dat", store):
        pass
    with pytest.raises(DamagedFileError, match="which file it needs"):
        READER.find_other(f"{ADDRESS}a.txt")
    with pytest.raises(DamagedFileError, match="without another file"):
        READER.open(tmp_path / "a.dat")


def test_a_pair_that_does_not_fit_is_damaged(store: FileStore, tmp_path: Path) -> None:
    (tmp_path / "a.lbl").write_text("10\n")
    with (
        pytest.raises(DamagedFileError, match="not of one length"),
        open_granule(READER, f"{ADDRESS}a.dat", store),
    ):
        pass


def test_pairs_are_served_and_the_etag_knows_both(store: FileStore, tmp_path: Path) -> None:
    index = MemoryIndex([Granule("s", 10 * SECOND, 20 * SECOND, f"{ADDRESS}a.dat")])
    dataset = shorten(reader=READER, variables=(Variable("count", None, "Counts"),))
    span = {"dataset": "spectra", "start": "1970-01-01T00:00:10Z"}
    span["stop"] = "1970-01-01T00:00:20.001Z"
    with serve(make_feeds(tmp_path, index, dataset)) as base:
        first = ask(base, "hapi/data", **span)
        assert first.text == "1970-01-01T00:00:10.000Z,5.0\n1970-01-01T00:00:20.000Z,6.0\n"
        os.utime(tmp_path / "a.lbl", (1, 1))
        headers = {"If-None-Match": first.headers["ETag"]}
        address = f"{base}/hapi/data"
        assert requests.get(address, params=span, headers=headers, timeout=30).status_code == 200


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    angles = np.arange(12, dtype="f4").reshape(2, 3, 2)
    variables = {
        "Epoch": synthetic.make_epochs("2015-04-30T00:00:00", "2015-04-30T00:01:00"),
        "Theta": synthetic.CdfVariable(
            synthetic.REAL4, angles, attributes={"DEPEND_2": "Label", "FILLVAL": np.float32(-1e31)}
        ),
        "Label": synthetic.CdfVariable(synthetic.CHAR, np.array(["Io NORTH", "Io S"]), False),
    }
    path = tmp_path / "a.cdf"
    path.write_bytes(synthetic.write_cdf({}, variables))
    return path


def test_a_part_of_a_variable_is_chosen_by_its_label(labelled: Path) -> None:
    with CdfFile().open(labelled) as file:
        assert file.read("Theta[Io NORTH]", 0, 2).tolist() == [[0, 2, 4], [6, 8, 10]]
        assert file.read("Theta[Io S]", 1, 2).tolist() == [[7, 9, 11]]
        assert file.missing("Theta[Io S]") == {"FILLVAL": np.float32(-1e31)}
        for name in ("Theta[Io]", "Label[Io S]", "None[Io S]"):
            with pytest.raises(DamagedFileError):
                file.read(name, 0, 2)
