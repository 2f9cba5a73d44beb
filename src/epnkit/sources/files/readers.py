"""What a file says of itself, by its format, without its data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from epnkit.sources.files.limits import LARGEST_JSON, require_bounded
from epnkit.sources.values.documents import flatten, parse_json
from epnkit.sources.values.extended_json import to_plain
from epnkit.tables import read_rows

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
    if path.stat().st_size > LARGEST_JSON:
        raise ValueError(f"it is larger than {LARGEST_JSON} bytes")
    content = parse_json(_to_utf8(path.read_bytes()))
    require_bounded(content)
    for number, document in enumerate(content if isinstance(content, list) else [content], 1):
        if not isinstance(document, dict):
            raise ValueError(f"value {number} is no document, but {type(document).__name__}")
        yield flatten(to_plain(document))


def _to_utf8(content: bytes) -> bytes:
    """Bring a text of JSON to UTF-8, if a byte order mark says that it is in another form."""
    if content.startswith(b"\xef\xbb\xbf"):
        return content[3:]
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16").encode()
    return content


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
        for row in rows:
            if len(row) != len(names):
                raise ValueError("a line has another number of values than the first one")
            yield {name: value.strip() or None for name, value in zip(names, row, strict=True)}
