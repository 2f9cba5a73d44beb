"""What comments of FITS cards say: units and descriptions, which may differ from file to file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import polars as pl

from epnkit.drafts.inspect.sample import Declared, Sample, UnitsByValue
from epnkit.drafts.recognise.units import find_unit
from epnkit.sources.files.isolation import IsolatedReader, drain
from epnkit.sources.files.walk import FoundFile

#: How many files are opened at least, if there are as many, and at most.
_FEWEST, _MOST = 20, 60

#: How many different values a field may have that tells kinds of files apart.
_KINDS = 12

#: The keywords that tell whose files they are, the best first (FITS 4.0, SOLARNET).
_TELLING = ("INSTRUME", "DETECTOR", "CAMERA", "TELESCOP", "OBSRVTRY", "ORIGIN", "FILTER")

#: The comments of a file, by keyword.
_Comments = Mapping[str, str]


def declare_cards(sample: Sample, root: Path) -> Declared:
    """Read what the comments of cards say, of some files of each kind.

    Parameters
    ----------
    sample : Sample
        The records.
    root : Path
        Where the files lie.
    """
    by_path = dict(_read_comments(root, _choose_files(sample)))
    read = sample.records.filter(pl.col("path").is_in(list(by_path)))
    names = dict.fromkeys(name for comments in by_path.values() for name in comments)
    texts = {name: {c[name] for c in by_path.values() if name in c} for name in names}
    found = {name: {find_unit(text) for text in each} for name, each in texts.items()}
    return Declared(
        units={name: unit for name, (unit, *more) in found.items() if unit and not more},
        descriptions={name: text for name, (text, *more) in texts.items() if not more},
        units_by={
            name: _tell_apart(name, read, by_path)
            for name, units in found.items()
            if len(units) > 1 and units - {None, "s"}
        },
    )


def _choose_files(sample: Sample) -> list[str]:
    """Choose files from all over the sample, and one of each kind."""
    paths = sample.records["path"]
    even = paths.gather_every(max(1, len(paths) // _FEWEST))
    named = (sample.fields[name] for name in _TELLING if name in sample.fields)
    first = (
        sample.records.unique(field.name, keep="first", maintain_order=True)["path"]
        for field in named
        if 1 < field.distinct <= _KINDS
    )
    return pl.concat([*first, even]).unique(maintain_order=True).head(_MOST).to_list()


def _read_comments(root: Path, paths: list[str]) -> Iterator[tuple[str, _Comments]]:
    """Read the comments of the first two headers of files, as far as they can be read."""
    files = (FoundFile(root, path, 0, 0) for path in paths)
    with closing(IsolatedReader(read_card_comments)) as reader:
        for file, documents in reader.read(files):
            merged: dict[str, str] = {}
            for document in drain(documents):  # a damaged file was reported as a record
                merged = {**document, **merged}
            yield file.name, merged


def read_card_comments(path: Path) -> Iterator[dict[str, str]]:
    """Read the comments of cards, by keyword, for each of the first two headers."""
    from astropy.io import fits

    with fits.open(path, lazy_load_hdus=True, memmap=True) as units:
        for unit in units[:2]:
            yield {c.keyword: c.comment for c in unit.header.cards if c.keyword and c.comment}


def _tell_apart(name: str, records: pl.DataFrame, by_path: Mapping[str, _Comments]) -> UnitsByValue:
    """Find the keyword whose value tells which unit is meant."""
    given = records.filter(pl.col(name).is_not_null())
    units = [find_unit(by_path[path].get(name, "")) for path in given["path"]]
    for field in (each for each in _TELLING if each in given.columns and each != name):
        values = given[field].to_list()
        pairs = {(value, unit) for value, unit in zip(values, units, strict=True)}
        told = {str(value): unit for value, unit in pairs if value is not None and unit is not None}
        if len(told) == len(pairs) < len(values):
            return UnitsByValue(field, told)
    return UnitsByValue("", {unit: unit for unit in units if unit is not None})
