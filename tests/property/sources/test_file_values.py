"""Random values written into files of every format come out as they are, through the source.

Each file has names of its own for its fields, so that every value keeps its own type.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import math
import random
import struct
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml
from astropy.io import fits

from epnkit.sources.base import UNREADABLE
from epnkit.sources.config.settings import Settings
from epnkit.sources.files.formats import read_formats
from epnkit.sources.files.settings import FilesSettings
from epnkit.sources.files.source import FilesSource

#: How many files a run has, and how many values each.
FILES, VALUES = 12, 12

#: Stands for a value of which only is asked that it is read.
ANY = object()

#: A value as it is written, and as it is to be read.
Given = tuple[Any, Any]

_PIECES = ["a", "Z9", " ", "'", '"', "&", "/", "=", ";", ",", "|", "#", "\\", "%", "NaN", "T", "5"]

#: Letters beyond ASCII, for formats that have them.
_LETTERS = ["é", "µ", "°", "ö"]


def make_text(rng: random.Random, pieces: list[str], most: int = 20) -> str:
    return "".join(rng.choice(pieces) for _ in range(rng.randrange(most)))


def make_number(rng: random.Random) -> int | float:
    return rng.choice(
        [
            0,
            -1,
            rng.randint(-(2**63), 2**63 - 1),
            rng.uniform(-1e6, 1e6),
            rng.uniform(-1, 1) * 10.0 ** rng.randint(-300, 300),
            0.1,
            -0.0,
            5e-324,
            1.7976931348623157e308,
        ]
    )


def fits_value(rng: random.Random) -> Given:
    """Make a card's value: FITS keeps no blanks at the end of a text."""
    text = make_text(rng, _PIECES, rng.choice([5, 30, 120]))
    return rng.choice(
        [(text, text.rstrip()), (flag := rng.random() < 0.5, flag), (n := make_number(rng), n)]
    )


def write_fits(path: Path, rng: random.Random, number: int) -> dict[str, Any]:
    """Write a file, plain, compressed, of tiles, or with its cards in an extension."""
    header, expected = fits.Header(), {}
    for n in range(VALUES):
        name = f"K{number:02}{n:03}"
        value, expected[name] = fits_value(rng)
        if isinstance(value, float):  # of which astropy writes no more than 20 figures and signs
            card = f"{name:8}= {value!r:>20} / a comment".upper()
            header.append(fits.Card.fromstring(card.ljust(80)))
        else:
            header[name] = (value, "a comment") if len(str(value)) < 20 else value
    image = np.zeros((4, 4), "i2")
    units: list[Any] = rng.choice(
        [
            [fits.PrimaryHDU(image, header)],
            [fits.PrimaryHDU(), fits.ImageHDU(image, header)],
            [fits.PrimaryHDU(), fits.CompImageHDU(image, header)],
        ]
    )
    suffix = rng.choice(["", ".gz", ".bz2"])
    fits.HDUList(units).writeto(path.with_suffix(f".fits{suffix}"))
    return expected


def cdf_value(rng: random.Random) -> Given:
    """Make an attribute's entry: a list of a value and its type is how cdflib takes one."""
    single = struct.unpack("f", struct.pack("f", rng.uniform(-1e6, 1e6)))[0]
    text = make_text(rng, [*_PIECES, *_LETTERS]).strip() or "x"
    whole = rng.randint(-128, 127)
    many = [rng.uniform(-1, 1) for _ in range(3)]
    return rng.choice(
        [
            (text, text),
            ([whole, rng.choice(["CDF_INT1", "CDF_INT2", "CDF_INT4", "CDF_INT8"])], whole),
            ([(n := rng.randint(-(2**63), 2**63 - 1)), "CDF_INT8"], n),
            ([(n := rng.randint(0, 2**32 - 1)), "CDF_UINT4"], n),
            ([single, rng.choice(["CDF_REAL4", "CDF_FLOAT"])], single),
            ([(x := float(make_number(rng))), "CDF_DOUBLE"], x),
            ([many, "CDF_DOUBLE"], many),
            ([math.nan, "CDF_DOUBLE"], None),
        ]
    )


def write_cdf(path: Path, rng: random.Random, number: int) -> dict[str, Any]:
    from cdflib.cdfwrite import CDF

    cdf = CDF(path.with_suffix(".cdf"), {"Majority": "row_major", "Encoding": 6})
    expected, attributes = {}, {}
    for n in range(VALUES):
        entries = [cdf_value(rng) for _ in range(rng.choice([1, 1, 1, 2]))]
        name = f"a{number}.{n}"
        attributes[name] = {k: written for k, (written, _) in enumerate(entries)}
        found = [wanted for _, wanted in entries]
        expected[name] = found[0] if len(found) == 1 else ANY
    cdf.write_globalattrs(attributes)
    cdf.close()
    return expected


def label_value(rng: random.Random) -> Given:
    """Make a value of a label, as the PDS3 Standards Reference writes it (chapter 12)."""
    word = make_text(rng, ["a", "µ", "°", "é", "5", ",", ";", "=", "{", "(", "#", "<"]) or "x"
    whole, real = rng.randint(-(10**9), 10**9), rng.uniform(-1e6, 1e6)
    time = dt.datetime(2001, 2, 3) + dt.timedelta(milliseconds=rng.randrange(10**11))
    return rng.choice(
        [
            (f'"x{word}"', f"x{word}"),
            (f"{whole}", whole),
            (f"{real!r}", real),
            (f"{whole} <KM>", whole),
            (f"16#{whole & 0xFF:X}#", whole & 0xFF),
            (f"({whole}, 2, 3)", [whole, 2, 3]),
            ('{"B", "A"}', ["A", "B"]),
            (f"{time.isoformat()}", f"{time.isoformat()}+00:00"),  # PDS3's times are of UTC
            ("2001-02-30", "2001-02-30"),
            ('"2001-02-03T04:05:06"', "2001-02-03T04:05:06"),
            ('""', ""),
            ("NULL", None),
        ]
    )


def write_label(path: Path, rng: random.Random, number: int) -> dict[str, Any]:
    lines, expected = ["PDS_VERSION_ID = PDS3"], {}
    for n in range(VALUES):
        name = f"K{number}_{n}"
        written, wanted = label_value(rng)
        if rng.random() < 0.2:
            lines += [f"OBJECT = O{n}", f"  {name} = {written}", f"END_OBJECT = O{n}"]
            expected[f"O{n}.{name}"] = wanted
        else:
            lines.append(f"{name} = {written}")
            expected[name] = wanted
    content = rng.choice(["\r\n", "\n"]).join([*lines, "END", ""])
    path.with_suffix(".lbl").write_bytes(content.encode(rng.choice(["utf-8", "latin-1"])))
    return expected


def json_value(rng: random.Random) -> Given:
    text = make_text(rng, [*_PIECES, *_LETTERS, "\t", "\n", "\U0001f300", "$date"])
    whole, real = rng.randint(-(2**63), 2**63 - 1), float(make_number(rng))
    return rng.choice(
        [
            (text, text),
            (whole, whole),
            (real, real),
            (True, True),
            (None, None),
            (math.nan, None),
            ([whole, 1], [whole, 1]),
            ([real, None, 0.5], [real, None, 0.5]),
            ([text, "b"], [text, "b"]),
            ([], []),
            (2**70, 2.0**70),
            ({"$numberLong": str(whole)}, whole),
            ({"$date": {"$numberLong": "1399360089000"}}, dt.datetime(2014, 5, 6, 7, 8, 9)),
            ({"$date": "2014-05-06T07:08:09Z"}, dt.datetime(2014, 5, 6, 7, 8, 9)),
            ({"$oid": "5f544bca0000000000000000"}, "5f544bca0000000000000000"),
        ]
    )


def make_tree(
    rng: random.Random, prefix: str, make: Callable[..., Given]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make a nested document, and its fields with dotted names."""
    tree: dict[str, Any] = {}
    expected: dict[str, Any] = {}
    for n in range(VALUES):
        name = f"{prefix}{n}"
        value, wanted = make(rng)
        inner = [f"i{k}" for k in range(rng.choice([0, 0, 1, 3]))]
        expected[".".join([name, *inner])] = wanted
        for key in reversed(inner):
            value = {key: value}
        tree[name] = value
    return tree, expected


def write_json(path: Path, rng: random.Random, number: int) -> dict[str, Any]:
    tree, expected = make_tree(rng, f"k{number}_", json_value)
    encoding = rng.choice(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
    text = json.dumps(tree, ensure_ascii=rng.random() < 0.5, indent=rng.choice([None, 1]))
    path.with_suffix(".json").write_bytes(text.encode(encoding))
    return expected


def write_json_lines(path: Path, rng: random.Random, number: int) -> dict[str, Any]:
    tree, expected = make_tree(rng, f"k{number}_", json_value)
    path.with_suffix(".ndjson").write_text(json.dumps(tree) + "\n", encoding="utf-8")
    return expected


def yaml_value(rng: random.Random) -> Given:
    text = make_text(rng, [*_PIECES, *_LETTERS])
    whole, real = rng.randint(-(2**63), 2**63 - 1), float(make_number(rng))
    return rng.choice(
        [(text, text), (whole, whole), (real, real), (True, True), ([1, 2], [1, 2]), (None, None)]
    )


def write_asdf(path: Path, rng: random.Random, number: int) -> dict[str, Any]:
    tree, expected = make_tree(rng, f"k{number}_", yaml_value)
    head = b"#ASDF 1.0.0\n#ASDF_STANDARD 1.5.0\n%YAML 1.1\n---\n"
    content = yaml.safe_dump(tree, allow_unicode=True).encode()
    path.with_suffix(".asdf").write_bytes(head + content + b"...\n" + bytes(64))
    return expected


def write_csv(path: Path, rng: random.Random, number: int) -> dict[str, Any]:
    """Write a table of a line: of every value a reader has the text, blanks around it cut off."""
    encoding = rng.choice(["utf-8", "utf-8-sig", "utf-16", "latin-1"])
    separator = rng.choice([",", ";", "\t", "|"])
    names = [f"k{number}_{n}" for n in range(VALUES)]
    values = [make_text(rng, [*_PIECES, "é a", "\n", "\t"]) for _ in names]
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows([names, values])
    path.with_suffix(".csv").write_bytes(text.getvalue().encode(encoding))
    return {n: v.replace("\r\n", "\n").strip() or None for n, v in zip(names, values, strict=True)}


def write_parquet(path: Path, rng: random.Random, number: int) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for n in range(VALUES):
        value = rng.choice(
            [
                make_text(rng, [*_PIECES, *_LETTERS]),
                rng.randint(-(2**63), 2**63 - 1),
                float(make_number(rng)),
                rng.random() < 0.5,
                dt.datetime(2014, 5, 6, 7, 8, 9, rng.randrange(10**6)),
                dt.date(2014, 5, 6),
                [1.5, rng.random()],
                ["a", "é"],
            ]
        )
        columns[f"k{number}_{n}"] = value
    pl.DataFrame({name: [value] for name, value in columns.items()}).write_parquet(
        path.with_suffix(".parquet")
    )
    return columns


WRITERS: dict[str, Callable[[Path, random.Random, int], dict[str, Any]]] = {
    "fits": write_fits,
    "cdf": write_cdf,
    "pds3": write_label,
    "json": write_json,
    "ndjson": write_json_lines,
    "asdf": write_asdf,
    "csv": write_csv,
    "parquet": write_parquet,
}


def is_same(found: object, wanted: object) -> bool:
    """Return whether a value is the one that was written, the sign of zero with it."""
    if isinstance(wanted, float) and isinstance(found, float | int):
        return found == wanted and math.copysign(1, found) == math.copysign(1, wanted)
    if isinstance(wanted, list) and isinstance(found, list):
        return len(found) == len(wanted) and all(map(is_same, found, wanted))
    return type(found) is type(wanted) and found == wanted


def read_records(directory: Path, form: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Read a directory; give each record, and what is said of its values."""
    reader, _ = read_formats(Settings(Path("source.toml"), {"format": form}))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = pl.concat(FilesSource(FilesSettings(directory, reader)).batches(), how="diagonal")
    problems = frame[UNREADABLE] if UNREADABLE in frame.columns else [None] * frame.height
    yield from zip(frame.rows(named=True), map(str, problems), strict=True)


@pytest.mark.parametrize(
    "seed", [1, 2, *(pytest.param(seed, marks=pytest.mark.all) for seed in range(3, 100))]
)
@pytest.mark.parametrize("form", list(WRITERS))
def test_what_was_written_is_read(tmp_path: Path, form: str, seed: int) -> None:
    rng = random.Random(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = [
            WRITERS[form](tmp_path / f"f{number:02}", rng, number) for number in range(FILES)
        ]
    records = list(read_records(tmp_path, form))
    assert len(records) == FILES
    for (record, problem), wanted in zip(records, expected, strict=True):
        assert record["unreadable"] is None, record["unreadable"]
        for name, value in wanted.items():
            if value is not ANY:
                assert f"{name}: " not in problem, problem
                assert is_same(record.get(name), value), (name, value, record.get(name))
