"""What a file says of itself, by its format, without its data."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from epnkit.sources.files.cards import CardsReader
from epnkit.sources.files.limits import (
    DEEPEST,
    LARGEST_JSON,
    MOST_VALUES,
    SMALL_JSON,
    require_bounded,
)
from epnkit.sources.values.documents import flatten, parse_json
from epnkit.sources.values.extended_json import to_plain
from epnkit.tables import decode_text, read_rows

#: Reads one file and gives its documents, mostly one. It travels to another process: a function of
#: a module, or a dataclass that can be called.
Reader = Callable[[Path], Iterator[dict[str, Any]]]


def read_nothing(path: Path) -> Iterator[dict[str, Any]]:
    """Take a file as present, without opening it: its name says all."""
    yield {}


def read_json(path: Path) -> Iterator[dict[str, Any]]:
    """Read a JSON file: one document, or a list of them.

    Raises
    ------
    ValueError
        If it is no JSON, too large or too deep, or holds something else than documents.
    """
    with path.open("rb", buffering=0) as stream:
        if os.fstat(stream.fileno()).st_size > LARGEST_JSON:
            raise ValueError(f"it is larger than {LARGEST_JSON} bytes")
        text = stream.read()
    text = _to_utf8(text)
    content = parse_json(text)
    if _may_be_unbounded(text):
        require_bounded(content)
    convert = to_plain if _may_be_extended(text) else dict
    for number, document in enumerate(content if isinstance(content, list) else [content], 1):
        if not isinstance(document, dict):
            raise ValueError(f"value {number} is no document, but {type(document).__name__}")
        yield flatten(convert(document))


def _may_be_unbounded(text: bytes) -> bool:
    """Return whether a text may have more levels or values than are allowed, without a parser."""
    return len(text) > MOST_VALUES or text.count(b"{") + text.count(b"[") > DEEPEST


def _may_be_extended(text: bytes) -> bool:
    """Return whether a text may have a field whose name begins with a dollar sign."""
    return b'"$' in text or b"\\u0024" in text


def is_bounded(reader: Reader, path: Path, size: int) -> bool:
    """Return whether reading a file takes no more time or memory than its size (bytes) says.

    That holds for what opens nothing, for cards, of which a header's length is the bound, and for
    small texts of JSON, whose parser has no loops and no way back; a reader of another kind says it
    itself (``is_bounded``). Other formats are read in a process of their own.
    """
    of_itself = getattr(reader, "is_bounded", None)
    if of_itself is not None:
        return bool(of_itself(path, size))
    of_name = getattr(reader, "choose", None)
    reader = reader if of_name is None else of_name(path)
    bounded = reader is read_nothing or isinstance(reader, CardsReader)
    return bounded or (reader is read_json and size <= SMALL_JSON)


def _to_utf8(content: bytes) -> bytes:
    """Bring a text of JSON to UTF-8."""
    encoding = json.detect_encoding(content)
    if encoding != "utf-8":
        return content.decode(encoding).encode()
    return content if content.isascii() else decode_text(content).encode()


@dataclass(frozen=True)
class CsvReader:
    """Reads tables in text, one document a line, all values texts.

    Parameters
    ----------
    separator : str, optional
        What separates two values; found by looking if it is not given.
    encoding : str, optional
        The file's encoding; likewise.
    """

    separator: str | None = None
    encoding: str | None = None

    def __call__(self, path: Path) -> Iterator[dict[str, Any]]:
        """Read one file."""
        rows = (row for _, row in read_rows(path, self.separator, self.encoding))
        names = [name.strip() for name in next(rows, [])]
        repeated = sorted({name for name in names if name and names.count(name) > 1})
        if repeated:
            raise ValueError(f"two of its columns are named {repeated[0]!r}")
        for row in rows:
            if len(row) != len(names):
                raise ValueError("a line has another number of values than the first one")
            yield {name: value.strip() or None for name, value in zip(names, row, strict=True)}


@dataclass(frozen=True)
class EcsvReader:
    """Reads tables in ECSV, one document a line; values of several parts are lists.

    Columns are plain here: what Python object one was written from (a time, a quantity) is not
    made again, but its text or number is there.

    Parameters
    ----------
    rename : mapping of str to str
        Fields that have another name than their columns.
    """

    rename: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, path: Path) -> Iterator[dict[str, Any]]:
        """Read one file.

        Raises
        ------
        ValueError
            If it is no ECSV.
        """
        from astropy.io import ascii as tables

        text = decode_text(path.read_bytes())
        read = tables.read(text, format="ecsv", fill_values=[("", "0")])
        for row in read:
            yield {self.rename.get(name, name): _plain_cell(row[name]) for name in read.colnames}


def _plain_cell(value: Any) -> Any:
    """Return a cell without its array, mask, unit or time."""
    import numpy as np

    if value is np.ma.masked:
        return None
    if hasattr(value, "isot"):
        return str(value.isot)
    plain = getattr(value, "value", value)
    return plain.tolist() if hasattr(plain, "tolist") else plain
