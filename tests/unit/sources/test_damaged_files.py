"""Files that are not what they should be cost themselves, and nothing else."""

from __future__ import annotations

import bz2
import datetime as dt
import gzip
import io
import lzma
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from astropy.io import fits

from epnkit.sources.base import UNREADABLE, describe_skipped
from epnkit.sources.config.settings import Settings
from epnkit.sources.files.formats import read_formats
from epnkit.sources.files.readers import Reader, read_json
from epnkit.sources.files.settings import FilesSettings
from epnkit.sources.files.source import FilesSource

#: The good files between which a bad one lies, and what they say.
GOOD = {"a.json": '{"n": 1}', "z.json": '{"n": 2}'}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name, content in GOOD.items():
        (tmp_path / name).write_text(content)
    return tmp_path


def reader_of(form: str) -> Reader:
    return read_formats(Settings(Path("source.toml"), {"format": form}))[0]


@dataclass(frozen=True)
class MisbehavingReader:
    """Reads JSON, but does something terrible with files that are named for it."""

    def __call__(self, path: Path) -> Iterator[dict[str, Any]]:
        if path.stem == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if path.stem == "abort":
            os.abort()
        if path.stem.startswith("slow"):
            time.sleep(0.2)
        if path.stem == "hang":
            time.sleep(60)
        if path.stem == "memory":
            yield {"n": len(bytes(4 * 1024**3))}
        if path.stem == "recursion":
            yield self._recurse(path)
        if path.stem == "exit":
            raise SystemExit(3)
        if path.stem == "late":
            yield from ({"n": number} for number in range(300))
            os._exit(1)
        yield from read_json(path)

    def _recurse(self, path: Path) -> dict[str, Any]:
        return self._recurse(path)


def rows(directory: Path, reader: Reader, **settings: Any) -> pl.DataFrame:
    source = FilesSource(FilesSettings(directory, reader, **settings))
    return pl.concat(source.batches(), how="diagonal")


@pytest.mark.parametrize("name", ["kill", "abort", "hang", "memory", "recursion", "exit"])
def test_a_file_that_ends_the_reading_process_is_unreadable(data: Path, name: str) -> None:
    (data / f"{name}.json").write_text("{}")
    (data / f"y{name}.json").write_text('{"n": 3}')
    found = rows(data, MisbehavingReader(), seconds=3)
    assert found["n"].to_list() == [1, None, 3, 2]
    assert found["unreadable"].is_null().to_list() == [True, False, True, True]
    assert found[UNREADABLE][1] == f"*: {found['unreadable'][1]}"


def test_what_was_read_before_a_process_ended_is_kept_once(data: Path) -> None:
    (data / "late.json").write_text("{}")
    found = rows(data, MisbehavingReader(), seconds=5)
    late = found.filter(pl.col("file_name") == "late.json")
    assert late["n"].to_list()[:-1] == list(range(len(late) - 1))
    assert late["unreadable"].is_not_null().sum() == 1
    assert found["n"][-1] == 2


def test_every_one_of_many_bad_files_is_named(data: Path) -> None:
    for number in range(5):
        (data / f"m{number}").mkdir()
        (data / f"m{number}" / "kill.json").write_text("{}")
    found = rows(data, MisbehavingReader(), seconds=5)
    assert found["unreadable"].is_not_null().sum() == 5
    assert found["n"].drop_nulls().to_list() == [1, 2]


def test_two_who_read_at_a_time_do_not_mix_and_one_who_stops_leaves_nothing(tmp_path: Path) -> None:
    """Files of several answers each: what one reader was not given yet is never another's."""
    for number in range(150):
        lines = "".join(f"{number * 1000 + line}\n" for line in range(300))
        (tmp_path / f"{number:03d}.csv").write_text("n\n" + lines)
    source = FilesSource(FilesSettings(tmp_path, reader_of("csv")))
    whole = [number * 1000 + line for number in range(150) for line in range(300)]
    first = source.batches(size=7_000)
    beginning = next(first)
    second = pl.concat(source.batches(size=5_000))
    rest = pl.concat([beginning, *first])
    assert [int(n) for n in second["n"]] == [int(n) for n in rest["n"]] == whole
    next(source.batches(size=100))  # and no further
    assert [int(n) for n in pl.concat(source.batches())["n"]] == whole


def test_many_slow_files_are_each_within_the_time(data: Path) -> None:
    for number in range(30):
        (data / f"slow{number}.json").write_text("{}")
    found = rows(data, MisbehavingReader(), seconds=5)
    assert found["unreadable"].null_count() == found.height == 32


#: Contents that are no documents, or absurd ones, by format.
BAD = {
    "json": [
        b"",
        b"5",
        b'[{"a": 1}, 3]',
        b"\x00" * 100,
        b"[" * 100_000,
        b'{"a": ' * 150 + b"1" + b"}" * 150,
        b"NaN",
        b'"x"',
        b"\xff\xfe\x00",
    ],
    "asdf": [
        b"",
        b"--- &a\nb: *a\n...\n",
        b"--- {x: !!timestamp foo}\n...\n",
        b"- 1\n...\n",
        b"a: &a [x,x,x,x,x,x,x,x,x]\n"
        + b"".join(
            b"%c: &%c [%s]\n" % (98 + k, 98 + k, b",".join([b"*%c" % (97 + k)] * 9))
            for k in range(9)
        )
        + b"...\n",
        b"{" * 5000,
    ],
    "pds3": [
        b"",
        b"\x00" * 500,
        b"A = " + b"(" * 3000 + b")" * 3000 + b"\nEND\n",
        b"OBJECT = A\n" * 300,
    ],
    "cdf": [b"", b"\xcd\xf3\x00\x01\x00\x00\xff\xff" + b"\xff" * 400],
    "fits": [b"", b"SIMPLE  = T", b"SIMPLE  =                    T".ljust(2880) * 9000],
    "csv": [b'a,b\n"x\n', b"a,b\n1,2,3\n"],
}


@pytest.mark.parametrize(
    ("form", "content"),
    [
        pytest.param(form, content, id=f"{form} {number}")
        for form, several in BAD.items()
        for number, content in enumerate(several)
    ],
)
def test_a_damaged_file_is_unreadable_and_named(tmp_path: Path, form: str, content: bytes) -> None:
    (tmp_path / "bad.x").write_bytes(content)
    found = rows(tmp_path, reader_of(form), seconds=20)
    if form == "csv" and found.height == 0:
        return
    assert found["unreadable"].drop_nulls().len() == 1 or form == "csv", found


def test_a_bomb_of_a_header_is_refused_by_size(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "bomb.fits.gz", "wb", compresslevel=9) as stream:
        block = b"SIMPLE  =                    T".ljust(2880)
        for _ in range(40_000):
            stream.write(block)
    found = rows(tmp_path, reader_of("fits"))
    assert "longer than" in found["unreadable"][0]


def test_the_real_damaged_files(samples: Path) -> None:
    for path in sorted((samples.parent / "faults" / "files").iterdir()):
        form = path.suffix[1:]
        found = rows(path.parent, reader_of(form), globs=(path.name,), seconds=20)
        assert found.height == 1
        assert found["unreadable"][0] or path.name == "bad_5.json"


def test_tile_compressed_and_compressed_images_have_their_cards(tmp_path: Path) -> None:
    header = fits.Header({"TELESCOP": "SDO/AIA", "DATE-OBS": "2014-05-01T07:08:45", "CDELT1": 0.6})
    image = fits.CompImageHDU(np.arange(64, dtype="i4").reshape(8, 8), header)
    fits.HDUList([fits.PrimaryHDU(), image]).writeto(tmp_path / "a.fits.fz")
    plain = io.BytesIO()
    fits.PrimaryHDU(np.zeros((8, 8), "i4"), header).writeto(plain)
    (tmp_path / "b.fits.gz").write_bytes(gzip.compress(plain.getvalue()))
    (tmp_path / "c.fits.bz2").write_bytes(bz2.compress(plain.getvalue()))
    found = rows(tmp_path, reader_of("fits"))
    assert found["TELESCOP"].to_list() == ["SDO/AIA"] * 3
    assert found["NAXIS1"].to_list() == [8] * 3
    assert found["CDELT1"].to_list() == [0.6] * 3
    assert found["unreadable"].null_count() == 3


def test_only_what_lies_in_the_archive_is_read(tmp_path: Path) -> None:
    archive, outside = tmp_path / "archive", tmp_path / "outside"
    (archive / "inner").mkdir(parents=True)
    outside.mkdir()
    (outside / "secret.json").write_text('{"n": 9}')
    (archive / "inner" / "a.json").write_text('{"n": 1}')
    (archive / "link.json").symlink_to(outside / "secret.json")
    (archive / "out").symlink_to(outside)
    (archive / "loop").symlink_to(archive)
    (archive / "self.json").symlink_to(archive / "self.json")
    (archive / "gone.json").symlink_to(archive / "nothing")
    (archive / "within.json").symlink_to(archive / "inner" / "a.json")
    os.mkfifo(archive / "pipe.json")
    (archive / b"caf\xe9.json".decode("utf-8", "surrogateescape")).write_text('{"n": 5}')
    (archive / "tab\there.json").write_text('{"n": 6}')
    inside = rows(archive, read_json)
    assert inside["path"].to_list() == ["inner/a.json", "within.json"]
    source = FilesSource(FilesSettings(archive, read_json))
    assert source.count() == 2
    assert describe_skipped(source) == (
        "left out: 2 links out of the directory (follow_links = true reads them);"
        " 1 links that lead back to where they are; 2 links that lead nowhere;"
        " 2 names that are not printable UTF-8; 1 pipes, devices and sockets"
    )
    everywhere = rows(archive, read_json, follow_links=True)
    assert "out/secret.json" in everywhere["path"].to_list()
    assert not everywhere["path"].str.starts_with("loop").any()


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        # The true ends, typed from the files' making: cdflib gives fill values as the year 9999.
        ("cdf_fill.cdf", "2008-06-29T17:11:01", "2008-06-29T17:11:03"),
        ("cdf_tt_fill.cdf", "2008-06-29T17:11:00", "2008-06-29T17:11:03"),
    ],
)
def test_fill_values_are_no_times(samples: Path, name: str, first: str, last: str) -> None:
    found = rows(samples.parent / "faults", reader_of("cdf"), globs=(name,))
    assert found["unreadable"].to_list() == [None]
    assert found["epoch_first"][0].startswith(first)
    assert found["epoch_last"][0].startswith(last)


def test_a_set_in_a_label_has_one_order(samples: Path) -> None:
    found = rows(samples.parent / "faults", reader_of("pds3"), globs=("pds3_set.lbl",))
    assert found["TARGET_NAME"].to_list() == [["IO", "JUPITER", "SATURN"]]


def test_a_label_may_be_of_more_than_ascii(tmp_path: Path) -> None:
    label = 'PDS_VERSION_ID = PDS3\nNOTE = "5 µm, 12°, Kanzelhöhe"\nEND\n'
    (tmp_path / "a.lbl").write_text(label, encoding="utf-8")
    (tmp_path / "b.lbl").write_text(label, encoding="latin-1")
    found = rows(tmp_path, reader_of("pds3"))
    assert found["NOTE"].to_list() == ["5 µm, 12°, Kanzelhöhe"] * 2


def test_json_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes('{"n": "é"}'.encode("utf-8-sig"))
    (tmp_path / "b.json").write_bytes('{"n": "é"}'.encode("utf-16"))
    assert rows(tmp_path, read_json)["n"].to_list() == ["é", "é"]


def test_times_that_count_from_a_base_are_added_to_it(tmp_path: Path) -> None:
    from cdflib.cdfwrite import CDF

    names = {"thb_epoch0": 31, "thb_time": 45}  # CDF_EPOCH, CDF_DOUBLE
    for file, with_seconds in (("a.cdf", True), ("b.cdf", False)):
        cdf = CDF(tmp_path / file, cdf_spec={"Compressed": 0})
        for name, kind in names.items():
            if name == "thb_time" and not with_seconds:
                continue
            variable = {
                "Variable": name,
                "Data_Type": kind,
                "Num_Elements": 1,
                "Rec_Vary": True,
                "Dim_Sizes": [],
                "Dim_Vary": True,
            }
            # 1970-01-01 in milliseconds since the year 0; seconds of 2008-06-29T17:11:00 and later.
            values = [62167219200000.0] if kind == 31 else [1214759460.0, 1214759461.5]
            units = {"UNITS": "ms" if kind == 31 else "s"}
            cdf.write_var(variable, var_attrs=units, var_data=np.array(values))
        cdf.close()
    found = rows(tmp_path, reader_of("cdf"))
    assert found["unreadable"].to_list() == [None, None]
    assert found["epoch_first"].to_list() == ["2008-06-29T17:11:00.000000000", None]
    assert found["epoch_last"].to_list() == ["2008-06-29T17:11:01.500000000", None]


def test_what_a_file_says_is_kept_beside_what_is_said_of_every_file(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("file_name,path,n\na.fits,x/a.fits,1\nb.fits,x/b.fits,2\n")
    found = rows(tmp_path, reader_of("csv"))
    assert found["file_name"].to_list() == ["t.csv", "t.csv"]
    assert found["own.file_name"].to_list() == ["a.fits", "b.fits"]
    assert found["own.path"].to_list() == ["x/a.fits", "x/b.fits"]


def found_in(directory: Path, name: str, content: bytes, form: str) -> dict[str, Any]:
    """Read one file, and give its record."""
    (directory / name).write_bytes(content)
    (record,) = rows(directory, reader_of(form), globs=(name,)).to_dicts()
    return record


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ('{"n": "Kanzelhöhe"}'.encode("latin-1"), "Kanzelhöhe"),
        ('{"n": "Kanzelhöhe"}'.encode("utf-16-be"), "Kanzelhöhe"),
        ('{"n": "Kanzelhöhe"}'.encode("utf-32"), "Kanzelhöhe"),
        (b'{"n": "\\ud800", "m": 1}', None),
        (b'{"n": 1e400}', float("inf")),
        (b'{"n": {"\\u0024date": 0}}', dt.datetime(1970, 1, 1)),
    ],
)
def test_json_of_any_encoding_and_odd_values_is_read(
    tmp_path: Path, content: bytes, value: object
) -> None:
    record = found_in(tmp_path, "a.json", content, "json")
    assert record["n"] == value
    assert record["unreadable"] is None


def test_a_day_that_is_none_in_a_label_is_no_time_of_day(tmp_path: Path) -> None:
    """pvl takes 2001-02-30 for 20:01 in a zone of -02:30."""
    label = b"PDS_VERSION_ID = PDS3\nA = 2001-02-30\nB = 2001-02-28\nC = 20:01:05\nEND\n"
    record = found_in(tmp_path, "a.lbl", label, "pds3")
    assert record["A"] == "2001-02-30"
    assert record["B"].startswith("2001-02-28")
    assert record["C"].startswith("20:01:05")


def test_a_day_that_is_none_in_a_tree_costs_itself(tmp_path: Path) -> None:
    tree = b"#ASDF 1.0.0\n%YAML 1.1\n---\nd: 2001-02-30\nn: 5\n...\n"
    record = found_in(tmp_path, "a.asdf", tree, "asdf")
    assert (record["d"], record["n"]) == ("2001-02-30", 5)


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    record = found_in(tmp_path, "a.csv", b"a,a\n1,2\n", "csv")
    assert record["unreadable"] == "ValueError: two of its columns are named 'a'"


def test_two_fields_of_one_name_are_noted_by_a_reader_of_its_own_process(tmp_path: Path) -> None:
    tree = b"#ASDF 1.0.0\n%YAML 1.1\n---\na.b: 1\na: {b: 2, c: 3}\n...\n"
    record = found_in(tmp_path, "a.asdf", tree, "asdf")
    assert (record["a.b"], record["a.c"]) == (None, 3)
    assert record[UNREADABLE] == "a.b: two fields have this name"


def test_a_document_can_pass_for_no_record_of_another_file(tmp_path: Path) -> None:
    content = b'{"path": "x", "unreadable": "no", "epnkit_unreadable": "*: x", "url": "y", "n": 1}'
    record = found_in(tmp_path, "a.json", content, "json")
    assert (record["path"], record["unreadable"], record["url"]) == ("a.json", None, "y")
    assert (record["own.path"], record["own.unreadable"], record["n"]) == ("x", "no", 1)
    assert UNREADABLE not in record


def test_what_is_wrong_with_a_file_is_said_in_printable_characters(tmp_path: Path) -> None:
    record = found_in(tmp_path, "a.csv", b'a,b\n"x\x1b[2J\xe2\x80\xae', "csv")
    assert record["unreadable"].isprintable()


@pytest.mark.parametrize("name", ["a.fits", "a.fits.xz", "a.dat"])
def test_compressed_files_are_known_by_their_content(tmp_path: Path, name: str) -> None:
    plain = io.BytesIO()
    fits.PrimaryHDU(header=fits.Header({"TELESCOP": "X"})).writeto(plain)
    for compress in (gzip.compress, bz2.compress, lzma.compress):
        record = found_in(tmp_path, name, compress(plain.getvalue()), "fits")
        assert record["TELESCOP"] == "X"


def test_the_first_unit_that_says_something_is_read(tmp_path: Path) -> None:
    header = fits.Header({"TELESCOP": "X", "DATE-OBS": "2014-05-01"})
    units = [
        fits.PrimaryHDU(header=fits.Header({"AUTHOR": "me"})),
        fits.ImageHDU(np.zeros(3)),
        fits.CompImageHDU(np.arange(64, dtype="i4").reshape(8, 8), header),
    ]
    content = io.BytesIO()
    fits.HDUList(units).writeto(content)
    record = found_in(tmp_path, "a.fits", content.getvalue(), "fits")
    assert [record[n] for n in ("AUTHOR", "TELESCOP", "DATE-OBS")] == ["me", "X", "2014-05-01"]
