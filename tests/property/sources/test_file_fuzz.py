"""Damaged files of every format: each is read or unreadable, those around it are read."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import random
from collections.abc import Callable
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

#: How long one file may take here, in seconds.
SECONDS = 20

Damage = Callable[[random.Random, bytes], bytes]


def _cut(rng: random.Random, content: bytes) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def _cut_start(rng: random.Random, content: bytes) -> bytes:
    return content[rng.randrange(len(content) + 1) :]


def _flip_bit(rng: random.Random, content: bytes) -> bytes:
    where = rng.randrange(len(content))
    return (
        content[:where] + bytes([content[where] ^ (1 << rng.randrange(8))]) + content[where + 1 :]
    )


def _flip_many(rng: random.Random, content: bytes) -> bytes:
    for _ in range(50):
        content = _flip_bit(rng, content)
    return content


def _put(part: Callable[[random.Random], bytes], over: bool) -> Damage:
    def damage(rng: random.Random, content: bytes) -> bytes:
        where, inserted = rng.randrange(len(content) + 1), part(rng)
        return content[:where] + inserted + content[where + over * len(inserted) :]

    return damage


def _drop_part(rng: random.Random, content: bytes) -> bytes:
    where = rng.randrange(len(content))
    return content[:where] + content[where + rng.randrange(1, 200) :]


def _double_part(rng: random.Random, content: bytes) -> bytes:
    where, size = rng.randrange(len(content)), rng.randrange(1, 3000)
    return content[: where + size] + content[where:]


def _swap_halves(rng: random.Random, content: bytes) -> bytes:
    where = rng.randrange(len(content))
    return content[where:] + content[:where]


def _shuffle_lines(rng: random.Random, content: bytes) -> bytes:
    lines = content.split(b"\n")
    rng.shuffle(lines)
    return b"\n".join(lines)


def _large_number(rng: random.Random, content: bytes) -> bytes:
    digits = [n for n, byte in enumerate(content) if 48 <= byte < 58]
    if not digits:
        return content + b"9"
    where = rng.choice(digits)
    number = rng.choice([b"9" * 30, b"-1", b"1e999", b"nan", b"0", b"99999999999"])
    return content[:where] + number + content[where + 1 :]


def _magic_integer(rng: random.Random) -> bytes:
    return rng.choice([b"\xff" * 8, b"\x7f" + b"\xff" * 7, b"\x80" + b"\x00" * 7, b"\x00" * 8])


#: The kinds of damage.
DAMAGES: dict[str, Damage] = {
    "cut": _cut,
    "start cut": _cut_start,
    "bit": _flip_bit,
    "bits": _flip_many,
    "noise over": _put(lambda rng: rng.randbytes(rng.randrange(1, 64)), over=True),
    "noise between": _put(lambda rng: rng.randbytes(rng.randrange(1, 64)), over=False),
    "zeros": _put(lambda rng: bytes(rng.randrange(1, 4000)), over=True),
    "ones": _put(lambda rng: b"\xff" * rng.randrange(1, 400), over=True),
    "blanks": _put(lambda rng: b" " * rng.randrange(1, 400), over=True),
    "sizes": _put(_magic_integer, over=True),
    "brackets": _put(lambda rng: rng.choice([b"(", b"[", b"{", b'"', b"'"]) * 2000, over=False),
    "latin": _put(lambda rng: "é°µ".encode("latin-1"), over=False),
    "lines": _put(lambda rng: rng.choice([b"\n", b"\r\n", b"\r", b"\0"]), over=False),
    "alias": _put(lambda rng: b"&a [*a, *a]\n", over=False),
    "part dropped": _drop_part,
    "part twice": _double_part,
    "halves": _swap_halves,
    "order": _shuffle_lines,
    "number": _large_number,
    "empty": lambda rng, content: b"",
    "noise": lambda rng, content: rng.randbytes(rng.randrange(5000)),
    "twice": lambda rng, content: content + content,
    "compressed": lambda rng, content: (
        gzip.compress(content) if rng.random() < 0.5 else bz2.compress(content)
    ),
    "utf-16": lambda rng, content: content.decode("latin-1").encode("utf-16"),
}


def make_fits(rng: random.Random) -> bytes:
    header = fits.Header()
    for number in range(rng.randrange(1, 40)):
        value = rng.choice([rng.random(), rng.randrange(10**6), True, "text 'x'", "2014-05-01"])
        header[f"KEY{number}"] = (value, "a comment")
    header["HIERARCH ESO long key"] = 5
    image = fits.PrimaryHDU(np.zeros((4, 4), "i2"), header)
    content = io.BytesIO()
    fits.HDUList([image, fits.ImageHDU(np.ones(3))]).writeto(content)
    return content.getvalue()


def make_json(rng: random.Random) -> bytes:
    def tree(depth: int) -> Any:
        if depth == 0 or rng.random() < 0.3:
            return rng.choice([None, 1, 2.5, "é", True, [1, 2], {"$date": 10**12}])
        return {f"k{n}": tree(depth - 1) for n in range(rng.randrange(4))}

    documents = [{"n": n, "tree": tree(4)} for n in range(rng.randrange(1, 5))]
    return json.dumps(documents).encode()


def make_csv(rng: random.Random) -> bytes:
    separator = rng.choice([",", ";", "\t"])
    lines = ["a,b,c", *(f'{n},"x,{n}",{rng.random()}' for n in range(rng.randrange(1, 30)))]
    return "\n".join(line.replace(",", separator) for line in lines).encode()


def make_asdf(rng: random.Random) -> bytes:
    tree = {f"k{n}": rng.choice([1, "x", [1.5, {"b": "é"}], None]) for n in range(9)}
    return b"#ASDF 1.0.0\n%YAML 1.1\n---\n" + yaml.safe_dump(tree).encode() + b"...\n" + bytes(64)


def make_label(rng: random.Random) -> bytes:
    lines = ["PDS_VERSION_ID = PDS3", f"START_TIME = 2005-0{rng.randrange(1, 9)}-01T00:00:00"]
    lines += [f"K{n} = {rng.choice(['5 <KM>', '(1, 2)', '{A, B}', '16#FF#'])}" for n in range(9)]
    lines += ["OBJECT = TABLE", "  ROWS = 5", "END_OBJECT = TABLE", "END"]
    return "\r\n".join(lines).encode()


def make_cdf(rng: random.Random, directory: Path) -> bytes:
    from cdflib.cdfwrite import CDF

    path = directory / f"made{rng.randrange(10**9)}.cdf"
    cdf = CDF(path, {"Majority": "row_major", "Encoding": 6})
    cdf.write_globalattrs(
        {"Title": {0: "a title", 1: "é"}, "N": {0: [rng.randrange(9), "CDF_INT4"]}}
    )
    times = np.arange(5, dtype="f8") * 1000 + 6.3e13
    spec = {
        "Variable": "Epoch",
        "Data_Type": 31,
        "Num_Elements": 1,
        "Rec_Vary": True,
        "Dim_Sizes": [],
    }
    cdf.write_var(spec, var_attrs={"FILLVAL": [-1e31, "CDF_EPOCH"]}, var_data=times)
    cdf.close()
    content = path.read_bytes()
    path.unlink()
    return content


MAKERS: dict[str, Callable[[random.Random], bytes]] = {
    "fits": make_fits,
    "json": make_json,
    "csv": make_csv,
    "asdf": make_asdf,
    "pds3": make_label,
}

#: What is read of a good file, by its format.
GOOD = {
    "fits": make_fits(random.Random(0)),
    "json": b'[{"n": 1}]',
    "csv": b"a,b\n1,2\n",
    "asdf": make_asdf(random.Random(0)),
    "pds3": make_label(random.Random(0)),
}


def open_files(directory: Path, form: str) -> FilesSource:
    reader, _ = read_formats(Settings(Path("source.toml"), {"format": form}))
    return FilesSource(FilesSettings(directory, reader, seconds=SECONDS))


def damage_all(
    directory: Path, form: str, make: Callable[[], bytes], good: bytes, rng: random.Random
) -> int:
    """Write a damaged file of every kind, and good ones between them; give their number."""
    for number, (kind, damage) in enumerate(DAMAGES.items()):
        suffix = rng.choice(["", "", ".gz", ".bz2"]) if form == "fits" else ""
        (directory / f"{number:03d}-bad-{kind}{suffix}").write_bytes(damage(rng, make()))
        (directory / f"{number:03d}-good").write_bytes(good)
    return len(DAMAGES)


def check(directory: Path, form: str, good: bytes, count: int) -> None:
    """Read all files, and see that good ones were read and bad ones read or named."""
    found = pl.concat(open_files(directory, form).batches(size=20), how="diagonal")
    is_good = pl.col("file_name").str.ends_with("good")
    assert found.filter(is_good)["file_name"].n_unique() == count
    assert found.filter(is_good)["unreadable"].null_count() == found.filter(is_good).height
    bad = found.filter(~is_good)
    names = set(bad["file_name"])
    # A table may have no line at all, and a list no document.
    missing = {path.name for path in directory.iterdir()} - names - set(found["file_name"])
    assert not missing or form in ("csv", "json"), missing
    named = bad.filter(pl.col("unreadable").is_not_null())
    if named.height:
        assert all(text.startswith("*: ") for text in named[UNREADABLE])
        assert all(text.isprintable() for text in named["unreadable"]), named["unreadable"]
    for columns in found.iter_columns():
        assert "Traceback" not in str(columns.to_list())


SEEDS = [1, *(pytest.param(seed, marks=pytest.mark.all) for seed in range(2, 150))]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("form", list(MAKERS))
def test_a_damaged_file_costs_itself(tmp_path: Path, form: str, seed: int) -> None:
    rng = random.Random(seed)
    count = damage_all(tmp_path, form, lambda: MAKERS[form](rng), GOOD[form], rng)
    check(tmp_path, form, GOOD[form], count)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_damaged_cdf_costs_itself(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    made, data = tmp_path / "made", tmp_path / "data"
    made.mkdir()
    data.mkdir()
    good = make_cdf(rng, made)
    count = damage_all(data, "cdf", lambda: good, good, rng)
    check(data, "cdf", good, count)


_CARDS = [
    "KEY     = 'text''s   ' / comment",
    "KEY     =                   12,5",
    "KEY     =              1.5D+300",
    "KEY     =                 1e999",
    "KEY     = 'no end",
    "KEY     =                     T",
    "KEY     = (1.0, 2.0)",
    "KEY     = 99999999999999999999999999",
    "HIERARCH a b c = 'x'",
    "CONTINUE  'more&'",
    "key     = 5",
    "KEY A   = 5",
    "        = 5",
    "COMMENT \x01\x02",
    "KEY     = '\u00e9'",
    "=========",
    "KEY     = NAN",
    "KEY     = '" + "x" * 68,
    "DATE-OBS= '2014-05-01T24:00:00'",
]


@pytest.mark.parametrize("seed", SEEDS)
def test_odd_cards_cost_themselves(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    for number in range(40):
        cards = ["SIMPLE  =                    T", "BITPIX  =                    8"]
        cards += ["NAXIS   =                    0", "GOOD    =                   42"]
        odd = [rng.choice(_CARDS) for _ in range(12)]
        odd = [card.replace("KEY", f"KEY{k}"[:3]) for k, card in enumerate(odd)]
        text = "".join(card[:80].ljust(80) for card in [*cards, *odd, "LAST    = 7", "END"])
        content = text.encode("latin-1")
        (tmp_path / f"{number}").write_bytes(content.ljust(-(-len(content) // 2880) * 2880))
    found = pl.concat(open_files(tmp_path, "fits").batches(), how="diagonal")
    assert found["unreadable"].null_count() == 40, found["unreadable"].drop_nulls()
    assert found["GOOD"].to_list() == [42] * 40
    assert found["LAST"].to_list() == [7] * 40
