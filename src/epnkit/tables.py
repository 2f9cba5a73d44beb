"""Tables in text (CSV): one way to open them, whatever wrote them."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:  # regions and sources read rows without it
    import polars as pl

#: Byte order marks and what they announce (Unicode 15.0, section 23.8); the longest stand first.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

#: Which of the first four bytes are zero (1 if so) if a text begins with two characters of ASCII.
_WIDE = {
    b"\0\1\1\1": "utf-32-le",
    b"\1\1\1\0": "utf-32-be",
    b"\0\1\0\1": "utf-16-le",
    b"\1\0\1\0": "utf-16-be",
}

#: What separates values; of several that split the header alike the first is taken.
_SEPARATORS = ",;\t|"

#: What begins a line that is a comment, before the header.
_COMMENT = "#"

#: How much of a file is looked at in one piece, in bytes.
_CHUNK = 1024 * 1024


class CsvError(ValueError):
    """A file is no table.

    Parameters
    ----------
    why : str
        What is wrong.
    line : int
        The line of the file.
    """

    def __init__(self, why: str, line: int) -> None:
        super().__init__(why)
        self.line = line


@dataclass(frozen=True)
class CsvFormat:
    """How a table is written.

    Parameters
    ----------
    encoding : str
        The encoding, as Python names it.
    separator : str
        What separates values.
    header : int
        How many lines (comments, blank ones) come before the header.
    """

    encoding: str
    separator: str
    header: int


def detect_format(
    path: Path, separator: str | None = None, encoding: str | None = None
) -> CsvFormat:
    """Find out how a table is written.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    separator : str, optional
        What separates values; found in the header if it is not given.
    encoding : str, optional
        The encoding; if it is not given, as :func:`decode_text` finds it.

    Returns
    -------
    CsvFormat
        How to read it.
    """
    found = _choose_encoding(path, encoding)
    lines, header = 0, ""
    with path.open(encoding=found) as stream:
        for line in stream:
            if line.strip() and not line.startswith(_COMMENT):
                header = line
                break
            lines += 1
    return CsvFormat(found, separator or _detect_separator(header), lines)


def read_rows(
    path: Path, separator: str | None = None, encoding: str | None = None
) -> Iterator[tuple[int, list[str]]]:
    """Read the rows of a table, one at a time.

    Comments (``#``) and blank lines before the header are left out, and so are blank lines below.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    separator, encoding : str, optional
        As :func:`detect_format` takes them.

    Yields
    ------
    tuple
        The line of the file on which a row ends, and its values as they are; the header first.

    Raises
    ------
    CsvError
        If quotes are not closed, or a value is longer than 131,072 characters.
    UnicodeError
        If the file is not in the encoding that was given.
    """
    form = detect_format(path, separator, encoding)
    with path.open(encoding=form.encoding, newline="") as stream:
        _skip_lines(stream, form.header)
        reader = csv.reader(stream, delimiter=form.separator, strict=True)
        try:
            yield from ((form.header + reader.line_num, row) for row in reader if row)
        except csv.Error as error:
            raise CsvError(str(error), form.header + reader.line_num) from error


def read_frame(path: Path) -> pl.DataFrame:
    """Read a whole table, all its values texts; empty ones are null.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    polars.DataFrame
        The table.

    Raises
    ------
    polars.exceptions.PolarsError
        If it is no table.
    """
    import polars as pl

    form = detect_format(path)
    if form.encoding == "utf-8" and not form.header:
        return pl.read_csv(path, separator=form.separator, infer_schema=False)
    with path.open(encoding=form.encoding, newline="") as stream:
        _skip_lines(stream, form.header)
        content = stream.read().encode()
    return pl.read_csv(io.BytesIO(content), separator=form.separator, infer_schema=False)


def decode_text(content: bytes) -> str:
    """Decode a text of any encoding.

    Parameters
    ----------
    content : bytes
        The whole text: UTF-8, UTF-16 or UTF-32 (with a mark or without), else Windows-1252, which
        is Latin-1 with letters in the place of its control characters.

    Examples
    --------
    >>> {decode_text("Nançay".encode(e)) for e in ("utf-8", "utf-16", "utf-16-be", "latin-1")}
    {'Nançay'}
    """
    return content.decode(_detect_encoding(io.BytesIO(content)))


def detect_encoding(path: Path) -> str:
    """Find out the encoding of a file, as :func:`decode_text` does, and name it as Python does."""
    with path.open("rb") as stream:
        return _detect_encoding(stream)


def _choose_encoding(path: Path, given: str | None) -> str:
    if given not in (None, "utf-8", "utf-16", "utf-32"):
        return given
    with path.open("rb") as stream:
        marked = _find_mark(stream.read(4))
    return marked or given or detect_encoding(path)


def _detect_encoding(stream: IO[bytes]) -> str:
    start = stream.read(4)
    stream.seek(0)
    wide = _find_mark(start) or _WIDE.get(bytes(byte == 0 for byte in start))
    if wide is not None:
        return wide
    return next((name for name in ("utf-8", "cp1252") if _is_encoded(stream, name)), "latin-1")


def _find_mark(start: bytes) -> str | None:
    return next((name for mark, name in _MARKS if start.startswith(mark)), None)


def _is_encoded(stream: IO[bytes], encoding: str) -> bool:
    stream.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := stream.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _detect_separator(header: str) -> str:
    return max(_SEPARATORS, key=lambda each: len(next(csv.reader([header], delimiter=each), [])))


def _skip_lines(stream: IO[str], count: int) -> None:
    for _ in islice(stream, count):
        pass
