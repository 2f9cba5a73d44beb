"""What a file holds comes out letter by letter and figure by figure."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from astropy.io import fits

from epnkit.sources.config.settings import Settings
from epnkit.sources.files.cards import CardsReader
from epnkit.sources.files.fits import FitsReader
from epnkit.sources.files.formats import read_formats
from epnkit.sources.files.settings import FilesSettings
from epnkit.sources.files.source import FilesSource


def read_file(directory: Path, name: str, content: bytes, form: str) -> dict[str, Any]:
    """Read one file, and give its only record."""
    (directory / name).write_bytes(content)
    reader, _ = read_formats(Settings(Path("source.toml"), {"format": form}))
    source = FilesSource(FilesSettings(directory, reader, (name,)))
    (record,) = pl.concat(source.batches(), how="diagonal").to_dicts()
    assert record["unreadable"] is None, record["unreadable"]
    return record


NAME = "Kanzelhöhe, 5 µm"

#: A text of each format with a field `name`.
TEXTS = {
    "csv": f"n;name\n1;{NAME}\n",
    "json": json.dumps({"n": 1, "name": NAME}, ensure_ascii=False),
    "ndjson": "\n" + json.dumps({"n": 1, "name": NAME}, ensure_ascii=False) + "\n",
    "pds3": f'PDS_VERSION_ID = PDS3\nname = "{NAME}"\nEND\n',
    "ecsv": "# %ECSV 1.0\n# ---\n# datatype:\n# - {name: n, datatype: int64}\n"
    f'# - {{name: name, datatype: string}}\nn name\n1 "{NAME}"\n',
}

ENCODINGS = ("utf-8", "utf-8-sig", "latin-1", "utf-16", "utf-16-le", "utf-16-be", "utf-32")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("form", TEXTS)
def test_texts_of_any_encoding_are_read(tmp_path: Path, form: str, encoding: str) -> None:
    record = read_file(tmp_path, "a.x", TEXTS[form].encode(encoding), form)
    assert record["name"] == NAME


@pytest.mark.parametrize("form", ["csv", "json", "pds3"])
def test_windows_letters_are_no_control_characters(tmp_path: Path, form: str) -> None:
    """Spreadsheets write Windows-1252, which has letters where Latin-1 has controls."""
    content = TEXTS[form].replace(NAME, "5 € – “x”").encode("cp1252")
    record = read_file(tmp_path, "a.x", content, form)
    assert record["name"] == "5 € – “x”"


#: Cards with their values as FITS 4.0 (section 4.2) has them; None for what is none.
CARDS: dict[str, object] = {
    "'0.6''/pixel'          / astropy ends it at the slash": "0.6'/pixel",
    "'a'' /b'": "a' /b",
    "'x'' '": "x'",
    "'''x'''": "'x'",
    "''": "",
    "'text' / it''s": "text",
    "'x'y": None,
    "'no end": None,
    "1.5D+3": 1500.0,
    "1.5d3": 1500.0,
    "1e999": float("inf"),
    "007": 7,
    "5/comment": 5,
    "NAN": None,
    "inf": None,
    "1_000": None,
    "12,5": None,
    "0x10": None,
    "T": True,
    "t": None,
}


def test_cards_are_read_as_the_standard_has_them_by_both_readers(tmp_path: Path) -> None:
    cards = ["SIMPLE  =                    T", "BITPIX  =                    8"]
    cards += ["NAXIS   =                    0"]
    cards += [f"K{number:<7}= {value}" for number, value in enumerate(CARDS)]
    content = "".join(card.ljust(80) for card in [*cards, "END"]).encode()
    path = tmp_path / "a.fits"
    path.write_bytes(content.ljust(-(-len(content) // 2880) * 2880))
    names = [f"K{number}" for number in range(len(CARDS))]
    for reader in (FitsReader(), CardsReader(tuple(names))):
        (found,) = reader(path)
        values = {text: found.get(name) for name, text in zip(names, CARDS, strict=True)}
        assert values == CARDS


#: Texts that astropy writes in several cards; of the last it writes one quote into two of them.
LONG_TEXTS = (
    "a quote's end, " * 3 + "blanks ' after it, " * 3 + "&",
    "an ampersand & in it, " * 5 + "and one at its end&",
    "#/,'a/%#Z9;#\",%%;\"T|Z9;=a;=/|,////5&%5'&#5&&T#&%%/,,5T|;TT/',5/T/'# aTaa |/,%%''&NaN",
)


@pytest.mark.parametrize("text", LONG_TEXTS)
def test_a_text_in_several_cards_is_whole(tmp_path: Path, text: str) -> None:
    content = io.BytesIO()
    header = fits.Header()
    header["LONGTEXT"] = text
    header["HIERARCH ESO quoted"] = "0.6'/pixel"
    fits.PrimaryHDU(header=header).writeto(content)
    record = read_file(tmp_path, "a.fits", content.getvalue(), "fits")
    assert record["LONGTEXT"] == text
    assert record["ESO quoted"] == "0.6'/pixel"


def test_of_a_keyword_that_stands_twice_the_first_counts(tmp_path: Path) -> None:
    content = io.BytesIO()
    header = fits.Header()
    header.append(("EXPTIME", 5.0))
    header.append(("EXPTIME", "it's long"))
    fits.PrimaryHDU(header=header).writeto(content)
    assert read_file(tmp_path, "a.fits", content.getvalue(), "fits")["EXPTIME"] == 5.0


def test_a_table_without_cards_does_not_hide_the_image_after_it(tmp_path: Path) -> None:
    header = fits.Header({"TELESCOP": "X", "DATE-OBS": "2014-05-01"})
    table = fits.BinTableHDU.from_columns([fits.Column("x", "D", unit="m", array=np.ones(3))])
    content = io.BytesIO()
    units = [fits.PrimaryHDU(), table, fits.ImageHDU(np.ones((4, 5)), header)]
    fits.HDUList(units).writeto(content)
    record = read_file(tmp_path, "a.fits", content.getvalue(), "fits")
    assert (record["TELESCOP"], record["NAXIS1"]) == ("X", 5)


def test_attributes_of_a_cdf_keep_their_values_and_letters(tmp_path: Path) -> None:
    from cdflib.cdfwrite import CDF

    single = struct.unpack("f", struct.pack("f", 0.1))[0]
    cdf = CDF(tmp_path / "made.cdf", {"Majority": "row_major", "Encoding": 6})
    cdf.write_globalattrs(
        {
            "site": {0: NAME},
            "sites": {0: "Nançay", 1: "Ondřejov"},
            "range": {0: [[1.5, 2.5], "CDF_DOUBLE"]},
            "one": {0: [0.1, "CDF_REAL4"]},
            "none": {0: [float("nan"), "CDF_DOUBLE"]},
            "large": {0: [2**62 + 1, "CDF_INT8"]},
        }
    )
    cdf.close()
    record = read_file(tmp_path, "made.cdf", (tmp_path / "made.cdf").read_bytes(), "cdf")
    assert [record[n] for n in ("site", "sites", "range", "one", "none", "large")] == [
        NAME,
        ["Nançay", "Ondřejov"],
        [1.5, 2.5],
        single,
        None,
        2**62 + 1,
    ]


@pytest.mark.parametrize("more", ["", ', "other": NaN', ', "half": "\\ud800"'])
def test_a_whole_number_of_json_does_not_depend_on_what_stands_beside_it(
    tmp_path: Path, more: str
) -> None:
    """What is not of the standard is read by another parser."""
    text = f'{{"in": {2**63 - 1}, "beyond": {2**70}, "figures": {"1" * 400}{more}}}'
    record = read_file(tmp_path, "a.json", text.encode(), "json")
    found = [record[name] for name in ("in", "beyond", "figures")]
    assert found == [2**63 - 1, 2.0**70, float("inf")]


def make_votable(datatype: str, *cells: str) -> bytes:
    rows = "".join(f"<TR><TD>{cell}</TD></TR>" for cell in cells)
    size = ' arraysize="*"' if datatype == "char" else ""
    return (
        '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE><TABLE>'
        f'<FIELD name="x" datatype="{datatype}"{size}><VALUES null="-999"/></FIELD>'
        f"<DATA><TABLEDATA>{rows}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"
    ).encode()


@pytest.mark.parametrize(
    ("datatype", "cells", "values"),
    [
        ("short", ("-999", "", "32767", "0x1F"), [None, None, 32767, 31]),
        ("long", (str(2**63 - 1),), [2**63 - 1]),
        ("double", ("NaN", "+Inf", "1e400", ""), [None, float("inf"), float("inf"), None]),
        ("char", ("Kanzelhöhe", "", "-999"), ["Kanzelhöhe", None, "-999"]),
        ("boolean", ("T", "0", "?"), [True, False, None]),
        # What the type of a field does not hold would be its nearest number.
        ("short", ("1", "99999"), "99999"),
        ("unsignedByte", ("-1",), "-1"),
        ("long", ("12345678901234567890123",), "12345678901234567890123"),
        ("int", ("abc",), "abc"),
    ],
)
def test_cells_of_a_votable_are_read_as_they_are_or_named(
    tmp_path: Path, datatype: str, cells: tuple[str, ...], values: list[Any] | str
) -> None:
    (tmp_path / "a.vot").write_bytes(make_votable(datatype, *cells))
    reader, _ = read_formats(Settings(Path("source.toml"), {"format": "votable"}))
    found = pl.concat(FilesSource(FilesSettings(tmp_path, reader)).batches(), how="diagonal")
    if isinstance(values, str):
        assert values in found["unreadable"][-1]
    else:
        assert found["x"].to_list() == values
