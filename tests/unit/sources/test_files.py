"""Sources of files: small real files of every format, read in order and only where they changed."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from astropy.io import fits

from epnkit.errors import ConfigurationError, SourceError
from epnkit.sources import open_source
from epnkit.sources.base import ALL, UNREADABLE, Order, Window
from epnkit.sources.files.readers import read_json
from epnkit.sources.files.settings import FilesSettings
from epnkit.sources.files.source import FilesSource
from epnkit.sources.files.walk import GONE

Make = Callable[..., FilesSource]

EPOCH = dt.datetime(1970, 1, 1)

BY_TIME = Order("modified", ("path",))


@pytest.fixture
def make(tmp_path: Path) -> Make:
    (tmp_path / "data").mkdir()

    def source(form: str, *globs: str, more: str = "", order: Order = BY_TIME) -> FilesSource:
        path = tmp_path / "source.toml"
        path.write_text(
            f'kind = "files"\nformat = "{form}"\ndirectory = "data"\n'
            f"files = {json.dumps(globs or ['*'])}\n{more}\n",
            encoding="utf-8",
        )
        opened = open_source(path, order)
        assert isinstance(opened, FilesSource)
        return opened

    return source


@pytest.fixture
def data(make: Make, tmp_path: Path) -> Path:
    return tmp_path / "data"


def read(source: FilesSource, window: Window = ALL) -> pl.DataFrame:
    return pl.concat(source.batches(window))


def write_fits(path: Path, **cards: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = fits.PrimaryHDU(np.zeros((4, 4), "f4"))
    image.header.update(cards)
    second = fits.ImageHDU(np.zeros(3, "i2"), name="ERROR")
    second.header["EXPTIME"] = 2.5
    image.header["COMMENT"] = "left out"
    fits.HDUList([image, second]).writeto(path)


def write_json(folder: Path, name: str, document: object) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def set_time(path: Path, day: int) -> None:
    moment = dt.datetime(2020, 1, day, tzinfo=dt.UTC).timestamp()
    os.utime(path, (moment, moment))


def test_fits_headers_also_compressed(make: Make, data: Path) -> None:
    write_fits(data / "2020" / "a.fits", TELESCOP="Meudon ", WAVELNTH=6562.8)
    write_fits(data / "b.fits", TELESCOP="Nancay")
    (data / "c.fits.gz").write_bytes(gzip.compress((data / "b.fits").read_bytes()))
    (data / "notes.txt").write_text("no image")
    rows = read(make("fits", "*.fits", "*.fits.gz"))
    assert rows["path"].to_list() == ["2020/a.fits", "b.fits", "c.fits.gz"]
    assert rows["TELESCOP"].to_list() == ["Meudon", "Nancay", "Nancay"]
    assert rows["WAVELNTH"].to_list() == [6562.8, None, None]
    assert rows["NAXIS1"].to_list() == [4, 4, 4]
    assert "COMMENT" not in rows.columns
    assert rows["file_size"][0] == (data / "2020" / "a.fits").stat().st_size
    assert rows["unreadable"].null_count() == 3


def test_the_header_of_an_extension(make: Make, data: Path) -> None:
    write_fits(data / "a.fits")
    for extension in ('"ERROR"', "1"):
        rows = read(make("fits", more=f"extension = {extension}"))
        assert rows["EXPTIME"].to_list() == [2.5]


def test_cdf_attributes_and_epochs(make: Make, data: Path) -> None:
    import cdflib
    from cdflib.cdfwrite import CDF

    starts = ["2014-05-01T00:00:00", "2014-05-01T12:30:00"]
    epochs = np.array([cdflib.cdfepoch.parse(f"{start}.000000000") for start in starts])
    with CDF(data / "nda.cdf") as made:
        made.write_globalattrs({"Project": {0: "NDA"}, "Channels": {0: "LH", 1: "RH"}})
        made.write_var(
            {
                "Variable": "Epoch",
                "Data_Type": 33,
                "Num_Elements": 1,
                "Rec_Vary": True,
                "Dim_Sizes": [],
            },
            var_data=epochs,
        )
    (row,) = read(make("cdf")).to_dicts()
    assert row["Project"] == "NDA"
    assert row["Channels"] == ["LH", "RH"]
    assert row["epoch_first"].startswith(starts[0])
    assert row["epoch_last"].startswith(starts[1])


ASDF = b"""#ASDF 1.0.0
#ASDF_STANDARD 1.5.0
%YAML 1.1
%TAG ! tag:stsci.edu:asdf/
--- !core/asdf-1.1.0
instrument: !<asdf://dkist.nso.edu/tags/instrument-1.0.0> {name: VBI}
frames: [1, 2]
image: !core/ndarray-1.0.0 {source: 0, datatype: float64, byteorder: little, shape: [64, 64]}
...
\xd3BLK\x00\x30"""


@pytest.mark.parametrize("name", ["vbi.asdf", "vbi.asdf.gz"])
def test_the_tree_of_asdf_without_its_data(make: Make, data: Path, name: str) -> None:
    (data / name).write_bytes(gzip.compress(ASDF) if name.endswith(".gz") else ASDF)
    (row,) = read(make("asdf")).to_dicts()
    assert row["instrument.name"] == "VBI"
    assert row["frames"] == [1, 2]
    assert row["image.shape"] == [64, 64]


PDS3 = """PDS_VERSION_ID = PDS3\r
INSTRUMENT_NAME = "RADIO AND PLASMA WAVE"\r
START_TIME = 2004-07-01T00:00:00.000\r
SAMPLING_INTERVAL = 8.0 <SECOND>\r
TARGET_NAME = {SATURN, TITAN}\r
OBJECT = TABLE\r
  ROWS = 12\r
END_OBJECT = TABLE\r
END\r
"""


def test_pds3_labels_attached_and_detached(make: Make, data: Path) -> None:
    (data / "a.lbl").write_text(PDS3)
    (data / "b.lbl").write_bytes(PDS3.encode() + b"\0\xff\x80 data" * 50)
    rows = read(make("pds3"))
    assert rows["unreadable"].to_list() == [None, None]
    for row in rows.to_dicts():
        assert row["INSTRUMENT_NAME"] == "RADIO AND PLASMA WAVE"
        assert row["START_TIME"].startswith("2004-07-01T00:00:00")
        assert row["SAMPLING_INTERVAL"] == 8.0
        assert sorted(row["TARGET_NAME"]) == ["SATURN", "TITAN"]
        assert row["TABLE.ROWS"] == 12


def test_two_fields_of_one_name_are_noted(make: Make, data: Path) -> None:
    (data / "a.json").write_text('{"a.b": 1, "a": {"b": 2}, "c": 3}')
    (read,) = make("json").batches()
    assert read.select("a.b", "c", UNREADABLE).rows() == [
        (None, 3, "a.b: two fields have this name")
    ]


def test_json_one_document_or_several(make: Make, data: Path) -> None:
    write_json(data, "a.json", {"n": 1, "spectrum": {"unit": "kHz"}})
    write_json(data, "b.json", [{"n": 2}, {"n": 3}])
    source = make("json")
    rows = read(source)
    assert rows.select("path", "line", "n").rows() == [
        ("a.json", 1, 1),
        ("b.json", 1, 2),
        ("b.json", 2, 3),
    ]
    assert rows["spectrum.unit"].to_list() == ["kHz", None, None]
    assert source.count() == 3


def test_csv_in_another_encoding(make: Make, data: Path) -> None:
    (data / "a.csv").write_bytes("name;site\np1;Nançay\np2;\n".encode("latin-1"))
    source = make("csv", more='separator = ";"\nencoding = "latin-1"')
    assert read(source).select("name", "site").rows() == [("p1", "Nançay"), ("p2", None)]
    assert source.count() == 2


@pytest.mark.parametrize(
    ("form", "content"),
    [
        ("fits", b"<html>moved</html>"),
        ("cdf", b"\0" * 40),
        ("asdf", b"#ASDF 1.0.0\n%YAML 1.1\n{"),
        ("json", b'{"n": '),
        ("csv", b"a,b\n1,2\n3\n"),
        ("pds3", b"\xff\xfe\x00 = = ="),
    ],
)
def test_an_unreadable_file_is_a_record_with_the_reason(
    make: Make, data: Path, form: str, content: bytes
) -> None:
    (data / "bad").write_bytes(content)
    rows = read(make(form))
    (why,) = [each for each in rows["unreadable"] if each is not None]
    assert "Error" in why or "Exception" in why
    assert rows["path"].unique().to_list() == ["bad"]


def test_a_quote_out_of_place_stops_no_other_file(make: Make, data: Path) -> None:
    (data / "bad.csv").write_text('a,b\n1,1\n"x"y,2\n')
    (data / "good.csv").write_text("a,b\n5,6\n")
    source = make("csv")
    rows = read(source)
    assert source.schema()["a"] == "String"
    assert rows["a"].to_list() == ["1", None, "5"]
    assert rows["unreadable"].is_not_null().to_list() == [False, True, False]
    assert rows["unreadable"][1].startswith("CsvError: ")


@pytest.mark.parametrize("extension", ["", "extension = 1"])
def test_a_damaged_archive_stops_no_other_file(make: Make, data: Path, extension: str) -> None:
    write_fits(data / "good.fits", TELESCOP="Meudon")
    whole = bytearray(gzip.compress((data / "good.fits").read_bytes()))
    whole[10] = 0x07  # a block of a kind that there is none of (RFC 1951, section 3.2.3)
    (data / "bad.fits.gz").write_bytes(whole)
    source = make("fits", more=extension)
    assert "TELESCOP" in source.schema() or "EXPTIME" in source.schema()
    rows = read(source)
    assert rows["path"].to_list() == ["bad.fits.gz", "good.fits"]
    assert "Error" in rows["unreadable"][0] or "error" in rows["unreadable"][0]
    assert rows["unreadable"][1] is None


def test_a_bad_card_takes_no_other_with_it(make: Make, data: Path) -> None:
    write_fits(data / "a.fits", TELESCOP="Meudon", EXPTIME=12.5)
    whole = (data / "a.fits").read_bytes()
    good = next(whole[n : n + 80] for n in range(0, 2880, 80) if whole[n:].startswith(b"EXPTIME"))
    (data / "b.fits").write_bytes(whole.replace(good, b"EXPTIME = 12,5".ljust(80), 1))
    rows = read(make("fits"))
    assert rows["TELESCOP"].to_list() == ["Meudon", "Meudon"]
    assert rows["EXPTIME"].to_list() == [12.5, None]
    assert rows["unreadable"].to_list() == [None, None]


@dataclass(frozen=True)
class NotingReader:
    """Reads JSON, and notes which files it opened."""

    log: Path

    def __call__(self, path: Path) -> Iterator[dict[str, Any]]:
        with self.log.open("a") as log:
            log.write(f"{path.name}\n")
        return read_json(path)


def test_only_changed_files_are_opened(data: Path, tmp_path: Path) -> None:
    for day in range(1, 8):
        set_time(write_json(data, f"d{day}/{day}.json", {"n": day}), day)
    log = tmp_path / "log"
    source = FilesSource(FilesSettings(data, NotingReader(log), ("*.json",)))
    assert source.schema()["n"] == "Int64"
    log.unlink()
    window = Window(low=dt.datetime(2020, 1, 5), low_closed=False)
    assert read(source, window)["n"].to_list() == [6, 7]
    assert log.read_text().split() == ["6.json", "7.json"]
    assert source.count(Window(low="2020-01-05T00:00:00Z", high=dt.datetime(2020, 1, 7))) == 2


@pytest.mark.parametrize("low_closed", [False, True])
@pytest.mark.parametrize("high_closed", [False, True])
def test_windows_end_at_whole_microseconds(
    make: Make, data: Path, low_closed: bool, high_closed: bool
) -> None:
    low, high = 1_600_000_000_000_000, 1_600_000_000_000_005
    source, times = (
        make("json"),
        [1000 * end + k for end in (low, high) for k in (-1, 0, 999, 1000)],
    )
    for number, time in enumerate(times):
        path = write_json(data, f"f{number}.json", {"n": number})
        os.utime(path, ns=(time, time))
    first, last = (EPOCH + dt.timedelta(microseconds=end) for end in (low, high))
    window = Window(first, last, low_closed=low_closed, high_closed=high_closed)
    expected = [
        number
        for number, time in enumerate(times)
        if (low < time // 1000 < high)
        or (low_closed and time // 1000 == low)
        or (high_closed and time // 1000 == high)
    ]
    assert read(source, window)["n"].to_list() == expected
    assert source.count(window) == len(expected)


def test_what_was_counted_is_read_but_for_files_that_went_since(make: Make, data: Path) -> None:
    source = make("json")
    for number in range(3):
        write_json(data, f"f{number}.json", {"n": number})
    assert source.count() == 3
    (data / "f1.json").unlink()
    write_json(data, "f2.json", {"n": 22})
    write_json(data, "late.json", {"n": 9})
    assert read(source)["n"].to_list() == [0, 22]
    assert source.skipped == {GONE: 1}
    # The next reading finds what came meanwhile.
    assert read(source)["n"].to_list() == [0, 22, 9]
    assert source.skipped == {}


@pytest.mark.parametrize("checksum", [False, True])
def test_a_changed_file_is_found_by_its_digest(make: Make, data: Path, checksum: bool) -> None:
    paths = [write_json(data, f"{n}.json", {"n": n}) for n in range(5)]
    source = make("json", more=f"checksum = {str(checksum).lower()}")
    before = dict(source.keys(None, None).iter_rows())
    paths[1].write_text(json.dumps({"n": 9}))
    set_time(paths[3], 3)
    after = dict(source.keys(None, None).iter_rows())
    changed = {path for path in before if before[path] != after[path]}
    assert changed == ({"1.json"} if checksum else {"1.json", "3.json"})
    assert pl.concat(source.fetch(["1.json"]))["n"].to_list() == [9]


def test_the_parts_of_digests_sum_up_the_keys(make: Make, data: Path) -> None:
    for number in range(9):
        write_json(data, f"{number}.json", {"n": number})
    source = make("json")
    parts = source.digests(["3.json", "6.json"])
    listed = source.keys(None, None)["record_digest"]
    assert parts.rows() == [(part, listed[3 * part : 3 * part + 3].sum()) for part in range(3)]


def test_paths_come_in_one_order_whatever_the_batch(make: Make, data: Path) -> None:
    for name in ("b/1", "a/2", "a-1", "a/10", "c", "a0/1"):
        write_json(data, f"{name}.json", {"n": 1})
    source = make("json")
    whole = read(source)["path"].to_list()
    assert whole == sorted(whole)
    batches = list(source.batches(size=2))
    assert [len(batch) for batch in batches] == [2, 2, 2]
    assert len({tuple(batch.schema.items()) for batch in batches}) == 1
    assert pl.concat(batches)["path"].to_list() == whole


def test_a_directory_that_is_not_there_is_reported(make: Make, data: Path) -> None:
    data.rmdir()
    with pytest.raises(SourceError, match="no such directory"):
        make("json").count()


def test_another_cursor_than_the_time_of_change_is_refused(make: Make) -> None:
    with pytest.raises(ConfigurationError, match="files have no cursor 'date_obs'"):
        make("json", order=Order("date_obs"))
