"""Sources of files of several formats, of records, of versions; and where the files are served."""

from __future__ import annotations

import re
import shutil
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import cdflib
import numpy as np
import polars as pl
import pytest

from epnkit.errors import ConfigurationError
from epnkit.replicas import synthetic
from epnkit.sources.files.cards import CardsReader
from epnkit.sources.files.fits import FitsReader
from epnkit.sources.files.source import FilesSource

if TYPE_CHECKING:
    from tests.support.servers import Keep

pytest_plugins = ["tests.support.servers"]


def source(folder: Path, text: str) -> FilesSource:
    path = folder / "source.toml"
    path.write_text(f'kind = "files"\n{text}', encoding="utf-8")
    return FilesSource.from_file(path)


def read(found: FilesSource) -> list[dict[str, object]]:
    return pl.concat(found.batches()).to_dicts()


def test_each_name_has_its_format(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"n": 1}')
    (tmp_path / "J160131.RT1").write_bytes(b"\0")
    (tmp_path / "other").write_bytes(b"\0")
    text = 'directory = "."\n[formats]\n"*.json" = "json"\n"*.RT1" = "name"\n'
    assert [(row["file_name"], row["n"]) for row in read(source(tmp_path, text))] == [
        ("J160131.RT1", None),
        ("a.json", 1),
    ]


def test_an_unknown_format_is_reported_with_what_there_is(tmp_path: Path) -> None:
    text = 'directory = "."\n[formats]\n"*.xyz" = "xyz"\n'
    with pytest.raises(ConfigurationError, match=r"there is no 'xyz'\. Write one of fits, cards"):
        source(tmp_path, text)


RECORDS = 'directory = "."\n[formats."R*"]\nformat = "records"\nfields = {ydh = "<u4", c = "u1"}\n'


def test_first_and_last_of_packed_records(tmp_path: Path) -> None:
    rows = [(201218020, 32), (201218021, 33), (201218022, 34)]
    (tmp_path / "R1").write_bytes(b"".join(struct.pack("<IB", *row) for row in rows))
    (row,) = read(source(tmp_path, RECORDS))
    assert (row["records"], row["first.ydh"], row["first.c"]) == (3, 201218020, 32)
    assert (row["last.ydh"], row["last.c"]) == (201218022, 34)


@pytest.mark.parametrize("length", [0, 3, 16])
def test_a_cut_file_of_records_is_unreadable(tmp_path: Path, length: int) -> None:
    (tmp_path / "R1").write_bytes(bytes(length))
    (row,) = read(source(tmp_path, RECORDS))
    assert row["unreadable"] == f"ValueError: {length} bytes are not records of 5 bytes"


def test_a_type_that_numpy_does_not_know_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="'fields' is wrong"):
        source(tmp_path, RECORDS.replace("<u4", "nonsense"))


def test_the_limits_of_a_variable_leave_out_what_fills_it(tmp_path: Path) -> None:
    values = np.array([-1e31, 10.0, 39.925], "f4")
    variable = synthetic.CdfVariable(synthetic.REAL4, values, False, {"FILLVAL": -1e31})
    (tmp_path / "a.cdf").write_bytes(
        synthetic.write_cdf({"Project": "NDA"}, {"Frequency": variable})
    )
    text = 'directory = "."\n[formats]\n"*.cdf" = {format = "cdf", limits = ["Frequency"]}\n'
    (row,) = read(source(tmp_path, text))
    assert row["Frequency.min"] == 10.0
    assert row["Frequency.max"] == pytest.approx(39.925)


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (("a_V12.cdf", "a_V9.cdf"), ["a_V12.cdf"]),
        (("a_v1.fits", "a_v1.1.fits", "a_v1.10.fits", "a_v1.9.fits"), ["a_v1.10.fits"]),
        (("a_v01.cdf", "a_v02.json", "b.cdf"), ["a_v01.cdf", "a_v02.json", "b.cdf"]),
        (("x/a_v01.cdf", "y/a_v02.cdf"), ["x/a_v01.cdf", "y/a_v02.cdf"]),
    ],
)
def test_the_latest_version_counts(tmp_path: Path, names: tuple[str, ...], kept: list[str]) -> None:
    for name in names:
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\0")
    text = 'directory = "data"\nformat = "name"\nlatest = true\n'
    found = source(tmp_path, text)
    assert [row["path"] for row in read(found)] == kept
    assert found.keys(None, None)["record_key"].to_list() == kept


def test_a_record_tells_where_its_file_is_served(tmp_path: Path) -> None:
    (tmp_path / "a b.dat").write_bytes(b"\0")
    text = 'directory = "."\nfiles = ["*.dat"]\nformat = "name"\naddress = "https://nda.example/"\n'
    (row,) = read(source(tmp_path, text))
    assert row["url"] == "https://nda.example/a%20b.dat"
    assert row["address"] == "https://nda.example/"


def test_a_credential_tells_where_the_files_lie(tmp_path: Path, keep: Keep) -> None:
    (tmp_path / "a.dat").write_bytes(b"\0")
    keep("nda", f"directory={tmp_path};address=https://nda.example/")
    found = source(tmp_path, 'connection = "nda"\nfiles = ["*.dat"]\nformat = "name"\n')
    assert [row["url"] for row in read(found)] == ["https://nda.example/a.dat"]


def test_another_credential_is_refused(tmp_path: Path, keep: Keep) -> None:
    keep("nda", "Driver=SQLite3;Database=x")
    with pytest.raises(ConfigurationError, match="does not say where the files are"):
        source(tmp_path, 'connection = "nda"\nformat = "name"\n')


COMPANIONS = """directory = "."
files = ["*.json"]
format = "json"
address = "https://nda.example/"
[companions]
raw = "{folder}/{Parents}"
picture = "ql_{folder.1}/{folder.2}/T_{Parents|stem}.png"
"""


def companion(folder: Path, parents: str) -> dict[str, object]:
    for name in ("routine/2016/J1.RT1", "ql_routine/2016/T_J1.png", "routine/2016/a.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f'{{"Parents": "{parents}"}}')
    (row,) = read(source(folder, COMPANIONS))
    return row


def test_the_companions_of_a_file_are_found(tmp_path: Path) -> None:
    row = companion(tmp_path, "J1.RT1")
    assert row["raw.url"] == "https://nda.example/routine/2016/J1.RT1"
    assert row["raw.size"] == len('{"Parents": "J1.RT1"}')
    assert row["picture.path"] == "ql_routine/2016/T_J1.png"


@pytest.mark.parametrize("parents", ["J2.RT1", " ", "../../../../etc/passwd", "/etc/passwd"])
def test_a_companion_that_is_not_there_or_lies_elsewhere_is_none(
    tmp_path: Path, parents: str
) -> None:
    row = companion(tmp_path, parents)
    assert (row["raw.path"], row["raw.size"], row["raw.url"]) == (None, None, None)


def test_fields_of_later_files_are_found_in_every_format(tmp_path: Path) -> None:
    for number in range(201):
        (tmp_path / f"a{number}.dat").write_bytes(b"\0")
    (tmp_path / "b.json").write_text('{"n": 1}')
    text = 'directory = "."\n[formats]\n"*.dat" = "name"\n"*.json" = "json"\n'
    assert source(tmp_path, text).schema()["n"] == "Int64"


def test_parts_of_a_name_lead_to_companions(tmp_path: Path) -> None:
    for name in ("n1/R2012180.20", "k/K2012180.20", "n1/R1"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"\0")
    text = r"""directory = "."
files = ["R*"]
format = "name"
parts = '(?P<hour>\d{7}\.\d{2})$'
[companions]
telemetry = "k/K{hour}"
"""
    assert [(row["file_name"], row["telemetry.path"]) for row in read(source(tmp_path, text))] == [
        ("R1", None),
        ("R2012180.20", "k/K2012180.20"),
    ]


def test_parts_that_cannot_be_read_are_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="'parts' is wrong"):
        source(tmp_path, 'directory = "."\nformat = "name"\nparts = "("\n')


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("psp_fld_l2_mag_rtn_1min_20200104_v02.cdf", "psp_fld_l2_mag_RTN_1min"),
        ("solo_L2_epd-ept-north-hcad_20200713_V02.cdf", "Ion_Flux"),
    ],
)
def test_real_files_have_the_limits_that_a_whole_reading_finds(
    samples: Path, tmp_path: Path, name: str, variable: str
) -> None:
    shutil.copy(samples / "cdf" / name, tmp_path)
    text = f'directory = "."\n[formats]\n"*.cdf" = {{format = "cdf", limits = ["{variable}"]}}\n'
    (row,) = read(source(tmp_path, text))
    with cdflib.CDF(tmp_path / name) as whole:
        values, fill = whole.varget(variable), whole.varattsget(variable)["FILLVAL"]
    real = np.where(values == fill, np.nan, values)
    assert row[f"{variable}.min"] == pytest.approx(float(np.nanmin(real)))
    assert row[f"{variable}.max"] == pytest.approx(float(np.nanmax(real)))
    # The names have the day of the content.
    day = re.search(r"_(20\d{6})_", name)
    assert day is not None
    assert str(row["epoch_first"]).replace("-", "").startswith(day[1])


@pytest.mark.parametrize("form", ["fits", "cards"])
@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_letters_that_fits_does_not_know_stay_what_they_are(
    tmp_path: Path, form: str, encoding: str
) -> None:
    cards = [
        "SIMPLE  =                    T",
        "BITPIX  =                    8",
        "NAXIS   =                    0",
        "OBSERVAT= 'Kanzelhöhe ~?'     / près d'Ossiach",
        "INSTRUME= 'H-alpha'",
        "COMMENT  Ünlesbar",
        "END",
    ]
    content = b"".join(card.encode(encoding).ljust(80) for card in cards)
    (tmp_path / "a.fits").write_bytes(content.ljust(2880))
    reader = FitsReader() if form == "fits" else CardsReader(("OBSERVAT", "INSTRUME"))
    (found,) = reader(tmp_path / "a.fits")
    assert (found["OBSERVAT"], found["INSTRUME"]) == ("Kanzelhöhe ~?", "H-alpha")


def test_more_letters_than_can_be_told_apart_are_question_marks(tmp_path: Path) -> None:
    letters = "".join(map(chr, range(0xA0, 0x100)))
    cards = [
        "SIMPLE  =                    T",
        "BITPIX  =                    8",
        "NAXIS   =                    0",
        "OBJECT  = 'Why?'",
        *(f"COMMENT {letters[k : k + 48]}" for k in (0, 48)),
        "COMMENT " + "".join(map(chr, range(0x21, 0x69))),
        "END",
    ]
    content = b"".join(card.encode("latin-1").ljust(80) for card in cards)
    (tmp_path / "a.fits").write_bytes(content.ljust(2880))
    (found,) = FitsReader()(tmp_path / "a.fits")
    assert found["OBJECT"] == "Why?"
