"""The text of a document: JSON, the lines in which features begin, and where it is almost right."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from epnkit.sources.files.limits import LARGEST_JSON, open_file, require_bounded

#: What stands between the parts of JSON.
_SPACE: Final = re.compile(r"[ \t\r\n]*")

#: The member of a collection whose items have lines.
_FEATURES: Final = "features"


class DocumentError(ValueError):
    """A document that cannot be read.

    Parameters
    ----------
    line : int
        The line, from 1.
    why : str
        What is wrong, and what to do.
    """

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}")
        self.line, self.why = line, why


def read_text(path: Path) -> str:
    """Read a document, decompressed if it is compressed.

    Raises
    ------
    DocumentError
        If it is larger than a file of JSON may be, or no text.
    """
    with open_file(path) as stream:
        content = stream.read(LARGEST_JSON + 1)
    if len(content) > LARGEST_JSON:
        raise DocumentError(1, f"it is larger than {LARGEST_JSON} bytes, divide the catalogue")
    encoding = json.detect_encoding(content)
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DocumentError(line, f"it is not {encoding.upper()}, save it as UTF-8") from None


def parse_document(text: str) -> dict[str, Any]:
    """Parse a document: standard JSON, an object, not deeper and not larger than is allowed.

    Raises
    ------
    DocumentError
        If it is not.
    """
    try:
        found = json.loads(text, parse_constant=_refuse_constant(text))
        require_bounded(found)
    except json.JSONDecodeError as error:
        raise _syntax_error(text, error) from None
    except RecursionError:
        raise DocumentError(1, "it is nested too deep, it is no catalogue") from None
    except DocumentError:
        raise
    except ValueError as error:
        raise DocumentError(1, f"{error}, correct or divide the catalogue") from None
    if not isinstance(found, dict):
        raise DocumentError(1, "it is no JSON object, write a FeatureCollection in { }")
    return found


def locate_features(text: str) -> list[int]:
    r"""Find the lines in which the features of a document begin.

    Parameters
    ----------
    text : str
        A document that :func:`parse_document` can parse.

    Returns
    -------
    list of int
        A line a feature, from 1; of the last list of features, if there are two.

    Examples
    --------
    >>> locate_features('{"features": [{},\n {}],\n "type": "FeatureCollection"}')
    [1, 2]
    """
    decoder, found = json.JSONDecoder(), list[int]()
    for name, start in _iterate_members(text, decoder):
        if name == _FEATURES and text[start] == "[":
            found = list(_count_lines(text, _iterate_items(text, start, decoder)))
    return found


def _iterate_members(text: str, decoder: json.JSONDecoder) -> Iterator[tuple[str, int]]:
    """Give the names of the outermost object, and where their values begin."""
    here = _skip(text, text.index("{") + 1)
    while text[here] != "}":
        name, here = decoder.raw_decode(text, here)
        here = _skip(text, _skip(text, here) + 1)
        yield name, here
        here = _skip(text, decoder.raw_decode(text, here)[1])
        here = _skip(text, here + 1) if text[here] == "," else here


def _iterate_items(text: str, start: int, decoder: json.JSONDecoder) -> Iterator[int]:
    """Give where the items of a list begin."""
    here = _skip(text, start + 1)
    while text[here] != "]":
        yield here
        here = _skip(text, decoder.raw_decode(text, here)[1])
        here = _skip(text, here + 1) if text[here] == "," else here


def _count_lines(text: str, places: Iterator[int]) -> Iterator[int]:
    line, last = 1, 0
    for place in places:
        line += text.count("\n", last, place)
        last = place
        yield line


def _skip(text: str, place: int) -> int:
    """Return where the next part of JSON begins."""
    found = _SPACE.match(text, place)
    return place if found is None else found.end()


def _line_at(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1


def _refuse_constant(text: str) -> Callable[[str], Any]:
    """Refuse what Python reads beyond the standard: its error has no place, so it is looked for."""

    def refuse(name: str) -> Any:
        found = re.search(rf"[:,\[]\s*{re.escape(name)}\b", text)
        line = 1 if found is None else _line_at(text, found.end())
        raise DocumentError(line, f"{name} is no JSON, write null, or leave the position out")

    return refuse


def _syntax_error(text: str, error: json.JSONDecodeError) -> DocumentError:
    """Say what is wrong with JSON, and what to do if it is almost right."""
    here = _skip(text, error.pos)
    before = text[:here].rstrip()
    if here >= len(text):
        return DocumentError(_line_at(text, len(before)), "it ends too early, write it again whole")
    if text[here] in "}]" and before.endswith(","):
        what = f"a comma stands before {text[here]}, take the comma out"
        return DocumentError(_line_at(text, len(before) - 1), what)
    if text[error.pos] == "," and _skip(text, error.pos + 1) < len(text):
        after = text[_skip(text, error.pos + 1)]
        if after in "}]":
            what = f"a comma stands before {after}, take the comma out"
            return DocumentError(_line_at(text, error.pos), what)
    shown = error.msg[:1].lower() + error.msg[1:]
    cure = "correct what stands before it"
    return DocumentError(error.lineno, f"it is no JSON, {shown} in column {error.colno}, {cure}")
